/** Files for tests that do not care what was there before. */

import type { Files } from '../../src/base/ports.ts'

/** Puts `bytes` at `path`, whatever is there. */
export async function put(files: Files, path: string, bytes: Uint8Array): Promise<void> {
  await files.replace(path, bytes, (await files.read(path))?.version ?? 'absent')
}

/** The bytes at `path`; `undefined` when there is no file. */
export async function bytesOf(files: Files, path: string): Promise<Uint8Array | undefined> {
  return (await files.read(path))?.bytes
}
