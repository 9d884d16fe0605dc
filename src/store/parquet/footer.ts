/** Reads the footer of a Parquet file of ours: schema, row groups, where column chunks lie, and their bounds. */

import type { Schema } from 'apache-arrow'
import { parquetMetadata, type FileMetaData, type SchemaElement } from 'hyparquet'
import { deserializeTCompactProtocol } from 'hyparquet/src/thrift.js'
import { BackfillError, StoreError } from '../../base/errors.ts'
import type { Readable } from '../../base/ports.ts'
import { compressionNamed } from './compress.ts'
import {
  decimalPhysical,
  FIXED_BYTES,
  isDecimal,
  schemaOf,
  type ColumnShape,
  type Logical,
} from './shape.ts'
import type { Compression } from '../../job/job.ts'

/** Where a column chunk lies and what the footer says of it. */
export type ChunkPlace = {
  readonly compression: Compression
  /** Bytes `[from, to)` of the file. */
  readonly from: number
  readonly to: number
  readonly hasDictionary: boolean
  readonly nulls: number | undefined
  /** PLAIN encoded; absent where the footer has none. */
  readonly min: Uint8Array | undefined
  readonly max: Uint8Array | undefined
}

/** One row group. */
type RowGroupPlace = {
  readonly rows: number
  /** In the order of the columns. */
  readonly chunks: readonly ChunkPlace[]
}

/** What a file says about itself. */
export type ParquetFooter = {
  readonly rows: number
  readonly rowGroups: readonly RowGroupPlace[]
  readonly metadata: ReadonlyMap<string, string>
  /** The Arrow schema that the file was written from. */
  readonly schema: Schema
  readonly createdBy: string
  /** The columns as they are stored. */
  readonly shapes: readonly ColumnShape[]
  /** Where the footer begins in the file, in bytes. */
  readonly from: number
}

const MAGIC = 0x31524150
const MAGIC_BYTES = 4
const TAIL_BYTES = 8
/** Read at first; holds the footer of most files. */
const GUESS_BYTES = 1 << 16

/**
 * Reads the footer of `file`.
 *
 * @throws StoreError `E_STORE_CORRUPT` for anything but a whole Parquet file of the kind that we write.
 */
export async function readFooter(file: Readable): Promise<ParquetFooter> {
  const { sizeBytes } = file
  if (sizeBytes < MAGIC_BYTES + TAIL_BYTES) throw corrupt('it is too short to be Parquet')
  const head = await readWhole(file, 0, MAGIC_BYTES)
  const guess = await readWhole(file, Math.max(0, sizeBytes - GUESS_BYTES), sizeBytes)
  const tail = viewOf(guess)
  const isParquet =
    viewOf(head).getUint32(0, true) === MAGIC &&
    tail.getUint32(guess.length - MAGIC_BYTES, true) === MAGIC
  if (!isParquet) throw corrupt('it does not begin and end as Parquet does')
  const footerBytes = tail.getUint32(guess.length - TAIL_BYTES, true) + TAIL_BYTES
  if (footerBytes > sizeBytes - MAGIC_BYTES) throw corrupt('its footer is longer than the file')
  const from = sizeBytes - footerBytes
  const bytes =
    footerBytes <= guess.length
      ? guess.subarray(guess.length - footerBytes)
      : await readWhole(file, from, sizeBytes)
  return guarded('its footer cannot be read', () => parseFooter(bytes, from))
}

/**
 * Reads bytes `[from, to)`.
 *
 * @throws StoreError `E_STORE_CORRUPT` when there are fewer.
 */
export async function readWhole(file: Readable, from: number, to: number): Promise<Uint8Array> {
  const bytes = await file.read(from, to)
  if (bytes.length !== to - from) throw corrupt('it ended while it was read')
  return bytes
}

/** The error for a file that is damaged, or not ours; `what` goes on from "the Parquet file is corrupt:". */
export function corrupt(what: string, cause?: unknown): StoreError {
  return new StoreError('E_STORE_CORRUPT', `the Parquet file is corrupt: ${what}`, {
    cause,
    hint: 'Run `verify`; a damaged partition can be removed and fetched again.',
  })
}

/** Runs `work` on bytes that may be anything; whatever it trips over is the file's fault. */
export function guarded<T>(what: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw error instanceof BackfillError ? error : corrupt(what, error)
  }
}

function parseFooter(bytes: Uint8Array, sizeBytes: number): ParquetFooter {
  const parsed = parquetMetadata(bytes, { geoparquet: false })
  const bounds = rawBounds(bytes, parsed.metadata_length)
  const shapes = parsed.schema.slice(1).map(shapeOfElement)
  const isFlat = parsed.schema[0]?.num_children === shapes.length && shapes.length > 0
  if (!isFlat) throw corrupt('its schema is not flat')
  const rowGroups = parsed.row_groups.map((group, g) => ({
    rows: count(group.num_rows),
    chunks: shapes.map((shape, c) => ({
      ...chunkPlace(group, c, { shape, sizeBytes }),
      ...bounds(g, c),
    })),
  }))
  const rows = count(parsed.num_rows)
  if (rowGroups.reduce((sum, group) => sum + group.rows, 0) !== rows) {
    throw corrupt('its row groups do not add up')
  }
  return {
    rows,
    rowGroups,
    metadata: new Map(parsed.key_value_metadata?.map(({ key, value }) => [key, value ?? ''])),
    schema: schemaOf(shapes),
    createdBy: parsed.created_by ?? '',
    shapes,
    from: sizeBytes,
  }
}

function chunkPlace(
  group: FileMetaData['row_groups'][number],
  index: number,
  { shape, sizeBytes }: { readonly shape: ColumnShape; readonly sizeBytes: number },
): Omit<ChunkPlace, 'min' | 'max'> {
  const meta = group.columns[index]?.meta_data
  const isOurs =
    meta?.type === shape.physical &&
    meta.path_in_schema.length === 1 &&
    meta.path_in_schema[0] === shape.name &&
    meta.num_values === group.num_rows
  if (!isOurs) throw corrupt('its columns do not match its schema')
  const compression = compressionNamed(meta.codec)
  if (compression === undefined) throw corrupt('it uses a codec that is not written')
  const from = count(meta.dictionary_page_offset ?? meta.data_page_offset)
  const to = from + count(meta.total_compressed_size)
  if (from < MAGIC_BYTES || to > sizeBytes) throw corrupt('a column lies outside the file')
  const nulls = meta.statistics?.null_count
  return {
    compression,
    from,
    to,
    hasDictionary: meta.dictionary_page_offset !== undefined,
    nulls: nulls === undefined ? undefined : count(nulls),
  }
}

/** hyparquet turns bounds into dates and floats; here they are as written. */
function rawBounds(
  bytes: Uint8Array,
  footerBytes: number,
): (group: number, column: number) => Pick<ChunkPlace, 'min' | 'max'> {
  const offset = bytes.length - TAIL_BYTES - footerBytes
  // The numbers are those of the fields in parquet.thrift.
  const raw = deserializeTCompactProtocol({ view: viewOf(bytes), offset }) as unknown as {
    readonly field_4: readonly {
      readonly field_1: readonly {
        readonly field_3?: {
          readonly field_12?: { readonly field_5?: unknown; readonly field_6?: unknown }
        }
      }[]
    }[]
  }
  return (group, column) => {
    const statistics = raw.field_4[group]?.field_1[column]?.field_3?.field_12
    return { min: bytesOrNothing(statistics?.field_6), max: bytesOrNothing(statistics?.field_5) }
  }
}

function shapeOfElement(element: SchemaElement): ColumnShape {
  const { name, type, repetition_type } = element
  if (type === undefined || repetition_type === undefined || repetition_type === 'REPEATED') {
    throw corrupt('its schema is not flat')
  }
  const isNullable = repetition_type === 'OPTIONAL'
  const logical = logicalOf(element)
  const shape = { name, logical, isNullable }
  if (type === 'INT64' && logical?.kind !== 'string') return { ...shape, physical: type }
  if (type === 'FIXED_LEN_BYTE_ARRAY' && element.type_length === FIXED_BYTES) {
    if (logical?.kind === 'decimal') return { ...shape, physical: type }
  }
  if (type === 'BYTE_ARRAY' && logical?.kind === 'string') return { ...shape, physical: type }
  if ((type === 'DOUBLE' || type === 'BOOLEAN') && logical === undefined) {
    return { ...shape, physical: type }
  }
  throw corrupt('a column has a type that is not written')
}

function logicalOf({ type, logical_type: logical }: SchemaElement): Logical | undefined {
  if (logical === undefined) return undefined
  if (logical.type === 'STRING') return { kind: 'string' }
  if (logical.type === 'TIMESTAMP' && logical.isAdjustedToUTC && logical.unit === 'MICROS') {
    return { kind: 'timestamp' }
  }
  if (logical.type === 'DECIMAL') {
    const { precision, scale } = logical
    const isWritten = isDecimal(precision, scale) && decimalPhysical(precision) === type
    if (isWritten) return { kind: 'decimal', precision, scale }
  }
  throw corrupt('a column has a type that is not written')
}

function bytesOrNothing(value: unknown): Uint8Array | undefined {
  return value instanceof Uint8Array ? value : undefined
}

function count(value: unknown): number {
  const number = Number(value)
  if (typeof value === 'bigint' && number >= 0 && Number.isSafeInteger(number)) return number
  throw corrupt('a number of its footer is impossible')
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
