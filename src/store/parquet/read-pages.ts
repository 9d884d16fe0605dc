/** Walks the pages of a column chunk: header, checksum, inflation, levels, values; each step checked against the others. */

import { crc32 } from 'node:zlib'
import type { DataPageHeaderV2, PageHeader } from 'hyparquet/src/types.js'
import { parquetHeader } from 'hyparquet/src/column.js'
import type { ColumnTarget } from './column-target.ts'
import type { Inflate } from './compress.ts'
import { decodeLevels, decodePlain, decodeValues } from './decode.ts'
import type { Encoding } from './encode.ts'
import { corrupt, type ChunkPlace } from './footer.ts'
import type { ColumnShape } from './shape.ts'
import type { Values } from './values.ts'

/** What is known of a chunk before its pages are read. */
export type ChunkContext = {
  readonly shape: ColumnShape
  readonly place: ChunkPlace
  readonly inflate: Inflate
  /** For errors: which row group and column. */
  readonly where: string
}

const ENCODINGS: readonly string[] = [
  'PLAIN',
  'RLE',
  'DELTA_BINARY_PACKED',
  'RLE_DICTIONARY',
] satisfies Encoding[]

/**
 * Reads all pages in `bytes` into `target`.
 *
 * @throws StoreError `E_STORE_CORRUPT` when a page is not as it was written.
 * @throws RangeError when decoding trips over what a page holds.
 */
export function readPages(bytes: Uint8Array, context: ChunkContext, target: ColumnTarget): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const reader = { view, offset: 0 }
  let dictionary: Values | undefined
  while (reader.offset < bytes.length) {
    const isFirst = reader.offset === 0
    const header = parquetHeader(reader)
    const body = takeBody(bytes, reader, header, context.where)
    if (isFirst && context.place.hasDictionary) {
      dictionary = readDictionary(body, header, context)
    } else if (header.type === 'DATA_PAGE_V2' && header.data_page_header_v2 !== undefined) {
      readDataPage(body, { ...header, ...header.data_page_header_v2, dictionary }, context, target)
    } else throw corrupt(`${context.where} has a page of another kind`)
  }
}

function takeBody(
  bytes: Uint8Array,
  reader: { offset: number },
  header: PageHeader,
  where: string,
): Uint8Array {
  const end = reader.offset + header.compressed_page_size
  const isInside = header.compressed_page_size >= 0 && end <= bytes.length
  if (!isInside) throw corrupt(`${where} has a page that ends outside it`)
  const body = bytes.subarray(reader.offset, end)
  reader.offset = end
  if (header.crc !== undefined && crc32(body) !== header.crc >>> 0) {
    throw corrupt(`${where} has a page whose checksum is wrong`)
  }
  return body
}

function readDictionary(body: Uint8Array, header: PageHeader, context: ChunkContext): Values {
  const { shape, inflate, where } = context
  const { dictionary_page_header: dictionary, uncompressed_page_size: sizeBytes } = header
  if (header.type !== 'DICTIONARY_PAGE' || dictionary?.encoding !== 'PLAIN') {
    throw corrupt(`${where} has no dictionary where one is due`)
  }
  return decodePlain(shape.physical, inflate(body, sizeBytes), dictionary.num_values)
}

function readDataPage(
  body: Uint8Array,
  page: DataPageHeaderV2 & {
    readonly uncompressed_page_size: number
    readonly dictionary: Values | undefined
  },
  { shape, inflate, where }: ChunkContext,
  target: ColumnTarget,
): void {
  const {
    num_rows: rows,
    num_nulls: nulls,
    encoding,
    definition_levels_byte_length: levelBytes,
  } = page
  const isPossible =
    rows === page.num_values &&
    rows > 0 &&
    rows <= target.rowsLeft &&
    nulls >= 0 &&
    nulls <= rows &&
    levelBytes >= 0 &&
    levelBytes <= body.length &&
    page.repetition_levels_byte_length === 0 &&
    ENCODINGS.includes(encoding) &&
    (shape.isNullable || (nulls === 0 && levelBytes === 0))
  if (!isPossible) throw corrupt(`${where} has a page with an impossible header`)
  const levels = shape.isNullable ? decodeLevels(body.subarray(0, levelBytes), rows) : undefined
  if (levels !== undefined && countZeros(levels) !== nulls) {
    throw corrupt(`${where} has a page with another number of nulls`)
  }
  const packed = body.subarray(levelBytes)
  const sizeBytes = page.uncompressed_page_size - levelBytes
  const bytes = page.is_compressed === false ? packed : inflate(packed, sizeBytes)
  if (bytes.length !== sizeBytes) throw corrupt(`${where} has a page of another length`)
  const content = {
    encoding: encoding as Encoding,
    count: rows - nulls,
    dictionary: page.dictionary,
  }
  target.append(
    decodeValues(shape.physical, bytes, content),
    rows,
    nulls === 0 ? undefined : levels,
  )
}

function countZeros(levels: Uint8Array): number {
  let zeros = 0
  for (const level of levels) if (level === 0) zeros++
  return zeros
}
