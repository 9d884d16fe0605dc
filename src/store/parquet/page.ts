/** Pages as bytes of the file: a Thrift header with a checksum, then the body, compressed where that helps. */

import { crc32 } from 'node:zlib'
import types from 'parquetjs-lite/gen-nodejs/parquet_types.js'
import util from 'parquetjs-lite/lib/util.js'
import type { Compress } from './compress.ts'
import type { EncodedChunk, EncodedPage, Encoding } from './encode.ts'

/** A page, whole. */
type PageBytes = {
  readonly bytes: Buffer
  /** What it would take without compression, header included. */
  readonly uncompressedBytes: number
}

/** Parquet's number of an encoding. */
export function encodingNumber(encoding: Encoding): number {
  return enumNumber(types.Encoding, encoding)
}

/** The number that a Thrift enumeration gives to `name`. */
export function enumNumber(names: Readonly<Record<string, number>>, name: string): number {
  const number = names[name]
  if (number === undefined) throw new RangeError(`parquet has no ${name}`)
  return number
}

/** The page that holds the entries of a dictionary. */
export function dictionaryPage(
  { entries, body }: NonNullable<EncodedChunk['dictionary']>,
  compress: Compress,
): PageBytes {
  const compressed = compress(body)
  return joined([compressed], body.length, {
    type: enumNumber(types.PageType, 'DICTIONARY_PAGE'),
    dictionary_page_header: new types.DictionaryPageHeader({
      num_values: entries,
      encoding: encodingNumber('PLAIN'),
      is_sorted: false,
    }),
  })
}

/** A data page, version 2: levels are not compressed, and values only where that makes them smaller. */
export function dataPage(
  { span, levels, body }: EncodedPage,
  encoding: Encoding,
  compress: Compress,
): PageBytes {
  const compressed = body.length === 0 ? body : compress(body)
  const isCompressed = compressed.length < body.length
  const rows = span.rowTo - span.rowFrom
  return joined([levels, isCompressed ? compressed : body], levels.length + body.length, {
    type: enumNumber(types.PageType, 'DATA_PAGE_V2'),
    data_page_header_v2: new types.DataPageHeaderV2({
      num_values: rows,
      num_nulls: rows - (span.valueTo - span.valueFrom),
      num_rows: rows,
      encoding: encodingNumber(encoding),
      definition_levels_byte_length: levels.length,
      repetition_levels_byte_length: 0,
      is_compressed: isCompressed,
    }),
  })
}

function joined(
  parts: readonly Uint8Array[],
  uncompressedBytes: number,
  header: { readonly type: number } & Record<string, object | number>,
): PageBytes {
  const body = Buffer.concat(parts)
  const head = util.serializeThrift(
    new types.PageHeader({
      ...header,
      uncompressed_page_size: uncompressedBytes,
      compressed_page_size: body.length,
      // Thrift has signed numbers only.
      crc: crc32(body) | 0,
    }),
  )
  return { bytes: Buffer.concat([head, body]), uncompressedBytes: head.length + uncompressedBytes }
}
