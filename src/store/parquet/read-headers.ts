/** Are the page headers of a file what the writer writes? A header has no checksum of its own, as pages have. */

import { parquetHeader } from 'hyparquet/src/column.js'
import type { PageHeader } from 'hyparquet/src/types.js'
import types from 'parquetjs-lite/gen-nodejs/parquet_types.js'
import util from 'parquetjs-lite/lib/util.js'
import type { Readable } from '../../base/ports.ts'
import { readWhole, type ParquetFooter } from './footer.ts'
import { enumNumber } from './page.ts'

/**
 * Says of every column chunk that can be read, and yet has a page header that would be written in another way, which
 * one it is; to be asked when the file's hash is wrong and nothing else is.
 */
export async function misfitHeaders(file: Readable, footer: ParquetFooter): Promise<string[]> {
  const misfits: string[] = []
  for (const [group, { chunks }] of footer.rowGroups.entries())
    for (const [column, { from, to }] of chunks.entries()) {
      const bytes = await readWhole(file, from, to)
      const name = footer.shapes[column]?.name ?? ''
      if (!isAsWritten(bytes))
        misfits.push(`row group ${group}, column ${name} has a page with a damaged header`)
    }
  return misfits
}

function isAsWritten(bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const reader = { view, offset: 0 }
  while (reader.offset < bytes.length) {
    const begin = reader.offset
    const header = parquetHeader(reader)
    const written = Buffer.from(bytes.subarray(begin, reader.offset))
    if (!written.equals(headerBytes(header))) return false
    reader.offset += header.compressed_page_size
  }
  return true
}

function headerBytes(header: PageHeader): Buffer {
  const { dictionary_page_header: dictionary, data_page_header_v2: data } = header
  return util.serializeThrift(
    new types.PageHeader({
      type: enumNumber(types.PageType, header.type),
      ...(dictionary === undefined
        ? {}
        : {
            dictionary_page_header: new types.DictionaryPageHeader({
              num_values: dictionary.num_values,
              encoding: enumNumber(types.Encoding, dictionary.encoding),
              is_sorted: false,
            }),
          }),
      ...(data === undefined
        ? {}
        : {
            data_page_header_v2: new types.DataPageHeaderV2({
              num_values: data.num_values,
              num_nulls: data.num_nulls,
              num_rows: data.num_rows,
              encoding: enumNumber(types.Encoding, data.encoding),
              definition_levels_byte_length: data.definition_levels_byte_length,
              repetition_levels_byte_length: 0,
              is_compressed: data.is_compressed ?? true,
            }),
          }),
      uncompressed_page_size: header.uncompressed_page_size,
      compressed_page_size: header.compressed_page_size,
      crc: (header.crc ?? 0) | 0,
    }),
  )
}
