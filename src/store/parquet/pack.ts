/** Row groups that are encoded and compressed before they have a place in a file; so another thread can make them. */

import type { RecordBatch, Schema } from 'apache-arrow'
import { isAscending } from './bounds.ts'
import { writeChunk, type Chunk } from './chunk.ts'
import { ColumnBuffer } from './column-buffer.ts'
import { compressor, type Compress } from './compress.ts'
import { Envelope } from './envelope.ts'
import { readFooter, readRowGroup } from './read.ts'
import { shapeOf, type ColumnShape } from './shape.ts'
import { intAt } from './values.ts'
import type { Compression } from '../../job/job.ts'

/** Rows of a row group, unless asked otherwise: what DuckDB, too, writes and reads in parallel. */
export const ROW_GROUP_ROWS = 122_880

/** How row groups are made. Equal options and equal rows give equal bytes. */
export type PackOptions = {
  readonly schema: Schema
  /** Name of a column of 64-bit integers or times, not null, by which the rows come sorted, ascending. */
  readonly sortedBy: string
  readonly compression: Compression
  /** Rows of every row group but the last; {@link ROW_GROUP_ROWS} by default. */
  readonly rowGroupRows?: number
}

/** A row group. Plain data. */
export type PackedRows = {
  readonly rows: number
  /** By the column that the rows are sorted by. */
  readonly firstKey: bigint
  readonly lastKey: bigint
  /** In the order of the columns. */
  readonly chunks: readonly Chunk[]
}

/** Collects rows, and packs a row group as soon as it is full. */
export class RowPacker {
  readonly shapes: readonly ColumnShape[]
  /** Index of the column by which the rows are sorted. */
  readonly sortedBy: number
  readonly #compression: Compression
  readonly #rowGroupRows: number
  readonly #columns: readonly ColumnBuffer[]
  #compress: Compress | undefined

  /** @throws RangeError for a column type that is not written, or a `sortedBy` that is not such a column. */
  constructor({ schema, sortedBy, compression, rowGroupRows = ROW_GROUP_ROWS }: PackOptions) {
    this.shapes = schema.fields.map(shapeOf)
    checkNames(this.shapes)
    if (!Number.isSafeInteger(rowGroupRows) || rowGroupRows < 1)
      throw new RangeError(`a row group cannot have ${rowGroupRows} rows`)
    this.sortedBy = sortingColumn(this.shapes, sortedBy)
    this.#compression = compression
    this.#rowGroupRows = rowGroupRows
    this.#columns = this.shapes.map((shape) => new ColumnBuffer(shape))
  }

  /** Rows that wait for their row group to fill. */
  get rows(): number {
    return this.#columns[0]?.rows ?? 0
  }

  /** How many more rows fill the row group. */
  get room(): number {
    return this.#rowGroupRows - this.rows
  }

  /**
   * Copies rows `[from, to)` of a batch, at most as many as there is {@link room}.
   *
   * @throws RangeError when a column that must not have nulls has some.
   * @throws DataError when a decimal has more digits than its column.
   */
  append(batch: RecordBatch, from: number, to: number): void {
    for (const [i, column] of this.#columns.entries()) {
      const data = batch.data.children[i]
      if (data !== undefined) column.append(data, from, to)
    }
  }

  /** The rows that wait, at least one, as a row group. @throws RangeError when they are not sorted */
  async pack(): Promise<PackedRows> {
    const compress = (this.#compress ??= await compressor(this.#compression))
    const keys = this.#keys()
    const packed = {
      rows: this.rows,
      ...keys,
      chunks: this.#columns.map((column) => writeChunk(column, compress)),
    }
    for (const column of this.#columns) column.clear()
    return packed
  }

  /** Readers skip rows by what the footer says of their order. */
  #keys(): { readonly firstKey: bigint; readonly lastKey: bigint } {
    const values = this.#columns[this.sortedBy]?.values
    if (values?.kind !== 'ints') throw new RangeError('rows are sorted by integers')
    const { words, count } = values
    if (!isAscending(words, count)) throw notSorted()
    return { firstKey: intAt(words, 0), lastKey: intAt(words, count - 1) }
  }

  /** @throws RangeError when the columns of a batch are not those of the file */
  check({ schema, data }: RecordBatch): void {
    for (const [i, { shape }] of this.#columns.entries()) {
      const field = schema.fields[i]
      const given = field && shapeOf(field)
      const isSame = given?.name === shape.name && sameType(given, shape)
      if (!isSame) throw new RangeError(`a batch has another column than ${shape.name}`)
    }
    if (data.children.length !== this.#columns.length) {
      throw new RangeError(
        `a batch has ${data.children.length} columns, not ${this.#columns.length}`,
      )
    }
  }
}

/** The error of rows whose keys go back. */
export function notSorted(): RangeError {
  return new RangeError('rows are not sorted by key')
}

/** The rows of a row group, as they were before they were packed with the same options. */
export async function unpack(packed: PackedRows, options: PackOptions): Promise<RecordBatch> {
  const { schema, compression } = options
  const shapes = schema.fields.map(shapeOf)
  const sortedBy = sortingColumn(shapes, options.sortedBy)
  const envelope = new Envelope({ shapes, sortedBy, compression, createdBy: '' })
  envelope.addRowGroup(packed.rows, packed.chunks)
  envelope.addFooter({})
  const bytes = envelope.take()
  const file = {
    sizeBytes: bytes.byteLength,
    read: (from: number, to: number) => Promise.resolve(Uint8Array.from(bytes.subarray(from, to))),
  }
  return readRowGroup(file, await readFooter(file), 0)
}

function sameType(a: ColumnShape, b: ColumnShape): boolean {
  return a.physical === b.physical && JSON.stringify(a.logical) === JSON.stringify(b.logical)
}

function checkNames(shapes: readonly ColumnShape[]): void {
  const names = new Set(shapes.map(({ name }) => name))
  if (names.size !== shapes.length || names.size === 0) {
    throw new RangeError('columns need names of their own, and there must be one')
  }
}

function sortingColumn(shapes: readonly ColumnShape[], name: string): number {
  const index = shapes.findIndex((shape) => shape.name === name)
  const shape = shapes[index]
  if (shape?.physical === 'INT64' && !shape.isNullable) return index
  throw new RangeError(`column ${name} cannot be sorted by: it must be a number or time, not null`)
}
