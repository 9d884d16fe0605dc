/** Creating a file, where that it is there already is no error. */

import { isChanged } from '../base/errors.ts'
import type { Files, Version } from '../base/ports.ts'

/** Creates `path` with `bytes`, durably; `undefined` when something is there already, which is then left alone. */
export async function putIfAbsent(
  files: Files,
  path: string,
  bytes: Uint8Array,
): Promise<Version | undefined> {
  try {
    return await files.replace(path, bytes, 'absent')
  } catch (error) {
    if (isChanged(error)) return undefined
    throw error
  }
}
