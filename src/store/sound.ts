/** Is a file whole, as far as it tells itself? For files that nothing else vouches for: no manifest has their hash yet. */

import { createHash } from 'node:crypto'
import { DamageError } from '../base/errors.ts'
import { hashOf } from '../base/hash.ts'
import type { Readable } from '../base/ports.ts'
import { MEND, reading } from './damaged.ts'
import { readRowGroup, type ParquetFooter } from './parquet/read.ts'
import { misfitHeaders } from './parquet/read-headers.ts'
import { ParquetFileWriter } from './parquet/write.ts'

/**
 * Reads all pages against their checksums, and their headers against what would have been written. Holds one row group
 * at a time.
 *
 * @throws DamageError that names the file.
 */
export async function assertSound(
  file: Readable,
  footer: ParquetFooter,
  path: string,
): Promise<void> {
  const [misfit] = await reading(path, async () => {
    for (const index of footer.rowGroups.keys()) await readRowGroup(file, footer, index)
    return misfitHeaders(file, footer)
  })
  if (misfit !== undefined) throw new DamageError(`${path}: ${misfit}`, { hint: MEND })
}

/** Is a file byte for byte what its own rows and its own metadata are written as, here and now? */
export async function isAsWritten(
  file: Readable,
  footer: ParquetFooter,
  sortedBy: string,
): Promise<boolean> {
  const { schema, createdBy, metadata, rowGroups } = footer
  const compression = rowGroups[0]?.chunks[0]?.compression
  if (compression === undefined) return false
  const hash = createHash('sha256')
  const options = { schema, sortedBy, compression, createdBy }
  const writer = new ParquetFileWriter(options, async (bytes) => {
    hash.update(bytes)
  })
  for (const index of rowGroups.keys()) await writer.append(await readRowGroup(file, footer, index))
  await writer.finish(Object.fromEntries(metadata))
  return hash.digest('hex') === (await hashOf(file))
}
