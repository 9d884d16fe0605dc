/** Pages as bytes of the file: a Thrift header with a checksum, then the body. */

import { crc32 } from 'node:zlib'
import types from 'parquetjs-lite/gen-nodejs/parquet_types.js'
import util from 'parquetjs-lite/lib/util.js'
import type { Chunk, ChunkPage } from './chunk.ts'
import type { Encoding } from './encode.ts'

/** A column chunk as it lies in the file: pages with their headers, the dictionary's first. */
export type LaidChunk = {
  readonly bytes: Buffer
  /** Sizes of whole pages, headers included. */
  readonly dictionaryBytes: number
  readonly pageBytes: readonly number[]
  /** What all pages would take without compression, headers included. */
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

/** Puts headers before the bodies of a chunk's pages. */
export function layChunk({ bytes, encoding, dictionary, pages }: Chunk): LaidChunk {
  const parts: Uint8Array[] = []
  let at = 0
  let uncompressedBytes = 0
  const lay = (size: PackedSize, header: PageHeader): number => {
    const body = bytes.subarray(at, at + size.sizeBytes)
    const head = pageHeader(body, size, header)
    parts.push(head, body)
    at += size.sizeBytes
    uncompressedBytes += head.length + size.plainBytes
    return head.length + size.sizeBytes
  }
  const dictionaryBytes =
    dictionary === undefined ? 0 : lay(dictionary, dictionaryHeader(dictionary))
  const pageBytes = pages.map((page) => lay(page, dataHeader(page, encoding)))
  return { bytes: Buffer.concat(parts), dictionaryBytes, pageBytes, uncompressedBytes }
}

type PackedSize = Pick<ChunkPage, 'sizeBytes' | 'plainBytes'>
type PageHeader = { readonly type: number } & Record<string, object | number>

function dictionaryHeader({ entries }: NonNullable<Chunk['dictionary']>): PageHeader {
  return {
    type: enumNumber(types.PageType, 'DICTIONARY_PAGE'),
    dictionary_page_header: new types.DictionaryPageHeader({
      num_values: entries,
      encoding: encodingNumber('PLAIN'),
      is_sorted: false,
    }),
  }
}

/** Version 2: levels are not compressed, and values only where that made them smaller. */
function dataHeader(
  { rows, nulls, levelsBytes, isCompressed }: ChunkPage,
  encoding: Encoding,
): PageHeader {
  return {
    type: enumNumber(types.PageType, 'DATA_PAGE_V2'),
    data_page_header_v2: new types.DataPageHeaderV2({
      num_values: rows,
      num_nulls: nulls,
      num_rows: rows,
      encoding: encodingNumber(encoding),
      definition_levels_byte_length: levelsBytes,
      repetition_levels_byte_length: 0,
      is_compressed: isCompressed,
    }),
  }
}

function pageHeader(body: Uint8Array, { plainBytes }: PackedSize, header: PageHeader): Buffer {
  return util.serializeThrift(
    new types.PageHeader({
      ...header,
      uncompressed_page_size: plainBytes,
      compressed_page_size: body.length,
      // Thrift has signed numbers only.
      crc: crc32(body) | 0,
    }),
  )
}
