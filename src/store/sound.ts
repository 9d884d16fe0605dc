/** Is a file whole, as far as it tells itself? For files that nothing else vouches for: no manifest has their hash yet. */

import { createHash } from 'node:crypto'
import { DamageError } from '../base/errors.ts'
import { hashOf } from '../base/hash.ts'
import type { Readable } from '../base/ports.ts'
import { MEND, reading } from './damaged.ts'
import { readRowGroup, type ParquetFooter } from './parquet/read.ts'
import { misfitHeaders } from './parquet/read-headers.ts'
import { isFileCrcRight } from './parquet/self-check.ts'
import { ParquetFileWriter } from './parquet/write.ts'

/**
 * Reads all pages against their checksums, their headers against what would have been written, and the whole file
 * against the checksum in its footer. Holds one row group at a time.
 *
 * @param of - The file's path, and the keys of its facts in the footer.
 * @throws DamageError that names the file.
 */
export async function assertSound(
  file: Readable,
  footer: ParquetFooter,
  { path, keys }: { readonly path: string; readonly keys: readonly string[] },
): Promise<void> {
  const [misfit] = await reading(path, async () => {
    for (const index of footer.rowGroups.keys()) await readRowGroup(file, footer, index)
    const misfits = await misfitHeaders(file, footer)
    if (misfits.length === 0 && !(await isFileCrcRight(file, footer, keys)))
      return ['its footer or its indexes are damaged: the checksum of the file is another']
    return misfits
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
