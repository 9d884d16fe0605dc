/** The hash by which a file is known. */

import { createHash } from 'node:crypto'
import type { Readable } from '../base/ports.ts'

const PIECE_BYTES = 1 << 20

/** SHA-256 of a whole file, read piece by piece; lower-case hex. */
export async function hashOf(file: Readable): Promise<string> {
  const hash = createHash('sha256')
  for (let at = 0; at < file.sizeBytes; at += PIECE_BYTES)
    hash.update(await file.read(at, Math.min(file.sizeBytes, at + PIECE_BYTES)))
  return hash.digest('hex')
}
