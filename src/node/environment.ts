/** What the process was started with. */

/** The value of an environment variable; `undefined` when it is not set, or empty. */
export function environment(name: string): string | undefined {
  const value = process.env[name]
  return value === '' ? undefined : value
}

/** Every environment variable. */
export function allEnvironment(): Readonly<Record<string, string | undefined>> {
  return process.env
}

/** The version of Node, without the `v`. */
export function nodeVersion(): string {
  return process.versions.node
}
