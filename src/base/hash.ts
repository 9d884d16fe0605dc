/** Content hashes of files. */

import { createHash } from 'node:crypto'
import type { Readable } from './ports.ts'

const PIECE_BYTES = 1 << 20

/** Hashes of files already read: they do not change while open, so reading once is enough. */
const known = new WeakMap<Readable, Promise<string>>()

/** SHA-256 of a whole file, read in chunks, once; lower-case hex. */
export function hashOf(file: Readable): Promise<string> {
  const before = known.get(file)
  if (before !== undefined) return before
  const hashing = hashPieces(file)
  known.set(file, hashing)
  hashing.catch(() => known.delete(file))
  return hashing
}

async function hashPieces(file: Readable): Promise<string> {
  const hash = createHash('sha256')
  for (let at = 0; at < file.sizeBytes; at += PIECE_BYTES)
    hash.update(await file.read(at, Math.min(file.sizeBytes, at + PIECE_BYTES)))
  return hash.digest('hex')
}

/** SHA-256 of bytes; lower-case hex. */
export function hashOfBytes(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
