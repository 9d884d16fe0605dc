/** Parquet files in memory: where the writer writes to and the reader reads from. */

import type { RecordBatch } from 'apache-arrow'
import type { Readable } from '../../src/base/ports.ts'
import { readFooter, readRowGroup, type ParquetFooter } from '../../src/store/parquet/read.ts'
import { ParquetFileWriter, type ParquetOptions } from '../../src/store/parquet/write.ts'

/** Bytes as a file. */
export function memoryFile(bytes: Uint8Array): Readable {
  return {
    sizeBytes: bytes.length,
    read: (from, to) => Promise.resolve(bytes.subarray(from, to)),
  }
}

/** Writes `batches`, in order, as one file. */
export async function writeParquet(
  options: ParquetOptions,
  batches: Iterable<RecordBatch>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<Buffer> {
  const written: Uint8Array[] = []
  const writer = new ParquetFileWriter(options, (bytes) => {
    written.push(bytes)
    return Promise.resolve()
  })
  for (const batch of batches) await writer.append(batch)
  const { bytes } = await writer.finish(metadata)
  const file = Buffer.concat(written)
  if (file.length !== bytes) throw new Error(`${file.length} bytes written, ${bytes} announced`)
  return file
}

/** Reads a whole file back. */
export async function readParquet(
  bytes: Uint8Array,
): Promise<{ readonly footer: ParquetFooter; readonly batches: readonly RecordBatch[] }> {
  const file = memoryFile(bytes)
  const footer = await readFooter(file)
  const batches: RecordBatch[] = []
  for (const index of footer.rowGroups.keys()) batches.push(await readRowGroup(file, footer, index))
  return { footer, batches }
}
