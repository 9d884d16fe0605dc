/**
 * The container: parquetjs-lite's envelope writer, fed whole column chunks. It keeps offsets and row groups and lays out
 * the file; sizes, statistics, indexes and the footer are set here on its own structures, because what it would work
 * out itself is incomplete. Writes nothing: bytes are taken from it.
 */

import library from 'parquetjs-lite'
import types, { type ColumnMetaData } from 'parquetjs-lite/gen-nodejs/parquet_types.js'
import util from 'parquetjs-lite/lib/util.js'
import type { Chunk } from './chunk.ts'
import { CODEC_NAMES } from './compress.ts'
import { encodingNumber, enumNumber } from './page.ts'
import { schemaElements } from './schema-elements.ts'
import { FIXED_BYTES, type ColumnShape } from './shape.ts'
import type { Compression } from '../../job/job.ts'

/** What a file is made of, besides its rows. */
type EnvelopeOptions = {
  readonly shapes: readonly ColumnShape[]
  /** Index of the column by which rows are sorted, ascending. */
  readonly sortedBy: number
  readonly compression: Compression
  readonly createdBy: string
}

const MAGIC = Buffer.from('PAR1')
/** Of the format: 2 stands for all 2.x. */
const VERSION = 2

/** Lays out one file. */
export class Envelope {
  readonly #options: EnvelopeOptions
  readonly #writer: InstanceType<typeof library.ParquetEnvelopeWriter>
  #waiting: Buffer[] = []

  constructor(options: EnvelopeOptions) {
    this.#options = options
    this.#writer = new library.ParquetEnvelopeWriter(
      librarySchema(options),
      (bytes) => this.#waiting.push(bytes),
      () => undefined,
      0,
      { pageIndex: false },
    )
    this.#writer.writeHeader()
  }

  /** Rows in all row groups so far. */
  get rows(): number {
    return this.#writer.rowCount
  }

  /** Bytes laid out so far, taken or not. */
  get sizeBytes(): number {
    return this.#writer.offset
  }

  /** Hands over the bytes that were laid out since the last call, in order. */
  take(): Buffer {
    const bytes = Buffer.concat(this.#waiting)
    this.#waiting = []
    return bytes
  }

  /** Adds a row group; chunks in the order of the columns. */
  addRowGroup(rowCount: number, chunks: readonly Chunk[]): void {
    const writer = this.#writer
    writer.writeRowGroup({ rowCount, pages: Object.fromEntries(chunks.map(libraryPages)) })
    const group = writer.rowGroups.at(-1)
    if (group === undefined) throw new RangeError('the envelope lost a row group')
    for (const [i, chunk] of chunks.entries()) {
      const meta = group.columns[i]?.meta_data
      if (meta === undefined) throw new RangeError(`the envelope lost column ${chunk.name}`)
      amend(meta, chunk)
    }
    group.total_byte_size = chunks.reduce((sum, chunk) => sum + chunk.uncompressedBytes, 0)
    group.sorting_columns = [
      new types.SortingColumn({
        column_idx: this.#options.sortedBy,
        descending: false,
        nulls_first: false,
      }),
    ]
  }

  /** Adds the page indexes and the footer; the file is whole after that. */
  addFooter(metadata: Readonly<Record<string, string>>): void {
    const writer = this.#writer
    const { shapes, createdBy } = this.#options
    writer.writeIndex()
    const footer = util.serializeThrift(
      new types.FileMetaData({
        version: VERSION,
        schema: schemaElements(shapes),
        num_rows: writer.rowCount,
        row_groups: writer.rowGroups,
        key_value_metadata: keyValues(metadata),
        created_by: createdBy,
        column_orders: shapes.map(
          () => new types.ColumnOrder({ TYPE_ORDER: new types.TypeDefinedOrder() }),
        ),
      }),
    )
    const size = Buffer.alloc(4)
    size.writeUInt32LE(footer.length)
    writer.writeSection(Buffer.concat([footer, size, MAGIC]))
  }
}

function librarySchema({
  shapes,
  compression,
}: EnvelopeOptions): InstanceType<typeof library.ParquetSchema> {
  const fields = shapes.map(({ name, physical, isNullable }) => [
    name,
    { type: physical, optional: isNullable, typeLength: FIXED_BYTES, statistics: false as const },
  ])
  const schema = new library.ParquetSchema(Object.fromEntries(fields) as Record<string, never>)
  for (const [i, field] of schema.fieldList.entries()) {
    // Names like numbers would be moved to the front of a JavaScript object.
    if (field.name !== shapes[i]?.name) throw new RangeError(`column ${field.name} is out of order`)
    // The library refuses to be asked for codecs that it cannot do itself, which it need not.
    field.compression = CODEC_NAMES[compression]
  }
  return schema
}

function libraryPages({
  name,
  dictionary,
  pages,
}: Chunk): [string, { page: Buffer; num_values: number }[]] {
  const head = dictionary === undefined ? [] : [{ page: dictionary, num_values: 0 }]
  return [name, [...head, ...pages.map(({ bytes, rows }) => ({ page: bytes, num_values: rows }))]]
}

/** Completes what the library says of a chunk. */
function amend(meta: ColumnMetaData, chunk: Chunk): void {
  const start = meta.data_page_offset
  const encoding = encodingNumber(chunk.encoding)
  const plain = encodingNumber('PLAIN')
  const pageType = enumNumber(types.PageType, 'DATA_PAGE_V2')
  const stats = [
    new types.PageEncodingStats({ page_type: pageType, encoding, count: chunk.pages.length }),
  ]
  // RLE is the encoding of levels.
  meta.encodings = [...new Set([encodingNumber('RLE'), encoding])]
  meta.total_compressed_size =
    (chunk.dictionary?.length ?? 0) + chunk.pages.reduce((sum, { bytes }) => sum + bytes.length, 0)
  meta.total_uncompressed_size = chunk.uncompressedBytes
  if (chunk.dictionary !== undefined) {
    const page_type = enumNumber(types.PageType, 'DICTIONARY_PAGE')
    stats.unshift(new types.PageEncodingStats({ page_type, encoding: plain, count: 1 }))
    meta.encodings.unshift(plain)
    meta.dictionary_page_offset = start
    meta.data_page_offset = start + chunk.dictionary.length
  }
  meta.encoding_stats = stats
  meta.statistics = statistics(chunk)
  const index = columnIndex(chunk)
  if (index !== undefined) meta.columnIndex = index
  meta.offsetIndex = offsetIndex(chunk, meta.data_page_offset)
}

function statistics({ nulls, bounds }: Chunk): object {
  const known = bounds && { min_value: buffer(bounds.min), max_value: buffer(bounds.max) }
  return new types.Statistics({ null_count: nulls, ...known })
}

/** Parquet has no way to say "no bounds" of a page that has values; without one, the chunk goes without index. */
function columnIndex({ pages, boundaryOrder }: Chunk): object | undefined {
  const isNull = pages.map(({ rows, nulls }) => rows === nulls)
  if (pages.some(({ bounds }, i) => bounds === undefined && isNull[i] !== true)) return undefined
  const nothing = Buffer.alloc(0)
  return new types.ColumnIndex({
    null_pages: isNull,
    min_values: pages.map(({ bounds }) => buffer(bounds?.min ?? nothing)),
    max_values: pages.map(({ bounds }) => buffer(bounds?.max ?? nothing)),
    boundary_order: boundaryOrder,
    null_counts: pages.map(({ nulls }) => nulls),
  })
}

function offsetIndex({ pages }: Chunk, start: number): object {
  let offset = start
  const page_locations = pages.map(({ bytes, rowFrom }) => {
    const location = new types.PageLocation()
    location.offset = offset
    location.compressed_page_size = bytes.length
    location.first_row_index = rowFrom
    offset += bytes.length
    return location
  })
  return new types.OffsetIndex({ page_locations })
}

/** Sorted by key, in code units, so that the order in which they were collected does not show. */
function keyValues(metadata: Readonly<Record<string, string>>): object[] {
  return Object.entries(metadata)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([key, value]) => new types.KeyValue({ key, value }))
}

// The library's Thrift copies bytes by a method that only Buffer has.
function buffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
