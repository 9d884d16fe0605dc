/** Shapes of JSON documents that we wrote ourselves and read back with suspicion: a reader each, no coercion. */

/** Returns `value` as `T`. @throws TypeError that names the path. */
export type Shape<T> = (value: unknown, path: string) => T

/** A string. */
export const text: Shape<string> = (value, path) => {
  if (typeof value === 'string') return value
  throw new TypeError(`${path}: expected a text`)
}

/** A whole number from 0 on. */
export const whole: Shape<number> = (value, path) => {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
  throw new TypeError(`${path}: expected a whole number`)
}

/** One of the given texts. */
export function oneOf<T extends string>(values: readonly T[]): Shape<T> {
  return (value, path) => {
    const found = values.find((candidate) => candidate === value)
    if (found !== undefined) return found
    throw new TypeError(`${path}: expected one of ${values.join(', ')}`)
  }
}

/** A list. */
export function array<T>(item: Shape<T>): Shape<readonly T[]> {
  return (value, path) => {
    if (Array.isArray(value)) return value.map((entry, index) => item(entry, `${path}[${index}]`))
    throw new TypeError(`${path}: expected a list`)
  }
}

type Fields<T> = { readonly [K in keyof T]: Shape<T[K]> }

/** Objects: with given fields (others are left out), or as a record. */
export const object = {
  of<T>(fields: Fields<T>): Shape<T> {
    return (value, path) => {
      const source = plain(value, path)
      const entries = Object.entries(fields as Record<string, Shape<unknown>>).map(
        ([name, field]) => [name, field(source.get(name), path === '' ? name : `${path}.${name}`)],
      )
      return Object.fromEntries(entries) as T
    }
  },
  record<T>(item: Shape<T>): Shape<Readonly<Record<string, T>>> {
    return (value, path) =>
      Object.fromEntries(
        [...plain(value, path)].map(([name, entry]) => [name, item(entry, `${path}.${name}`)]),
      )
  },
}

function plain(value: unknown, path: string): ReadonlyMap<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return new Map(Object.entries(value))
  throw new TypeError(`${path}: expected an object`)
}
