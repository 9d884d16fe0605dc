/** Damage of the lake's files: reported with the file's path, whatever reading it tripped over, and with what mends it. */

import { DamageError, StoreError } from '../base/errors.ts'

/** What mends a series with a damaged file. */
export const MEND =
  'Move the file out of the lake, then: binance-backfill verify --rebuild, and run the job again.'

/** What mends a series with a file that is gone. */
export const LOST =
  'Run the job again: it asks for what was in there. Or put the file back from a backup.'

/**
 * Reads a file of the lake. Whatever decoding trips over is the damage of that file, and not the end of the run: only
 * a disk that refuses is.
 *
 * @throws DamageError that names the file.
 */
export async function reading<T>(
  path: string,
  read: () => Promise<T>,
  hint: string = MEND,
): Promise<T> {
  try {
    return await read()
  } catch (cause) {
    if (!isDecoding(cause)) throw cause
    throw new DamageError(`${path}: ${cause.message}`, { cause, hint })
  }
}

function isDecoding(error: unknown): error is Error {
  if (error instanceof StoreError) return error.code === 'E_STORE_CORRUPT'
  return error instanceof TypeError || error instanceof RangeError
}

/** A file that the manifest names and the disk does not have. */
export function lostFile(path: string): DamageError {
  return new DamageError(`${path}: in the manifest, but not on the disk`, { hint: LOST })
}
