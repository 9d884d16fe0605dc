/** The library, which is all that the CLI imports; loaded once a command needs it, since the help does not. */

/** Its public door. Nothing before {@link loadLibrary} was awaited. */
export let library: typeof import('../index.ts')

/** Loads it. Called before a command is executed, and before an error is printed. */
export async function loadLibrary(): Promise<void> {
  library = await import('../index.ts')
}
