/** Writes a Parquet file from Arrow record batches, a row group at a time, holding no more than one of them. */

import { crc32 } from 'node:zlib'
import type { RecordBatch, Schema } from 'apache-arrow'
import { isAscending } from './bounds.ts'
import { writeChunk } from './chunk.ts'
import { ColumnBuffer } from './column-buffer.ts'
import { compressor, type Compress } from './compress.ts'
import { Envelope } from './envelope.ts'
import { FILE_CRC, FILE_CRC_BLANK, stampFileCrc } from './self-check.ts'
import { shapeOf, type ColumnShape } from './shape.ts'
import { intAt } from './values.ts'
import type { Compression } from '../../job/job.ts'

/** Rows of a row group, unless asked otherwise: what DuckDB, too, writes and reads in parallel. */
export const ROW_GROUP_ROWS = 122_880

/** How a file is written. Equal options and equal rows give equal bytes. */
export type ParquetOptions = {
  readonly schema: Schema
  /** Name of a column of 64-bit integers or times, not null, by which the rows come sorted, ascending. */
  readonly sortedBy: string
  readonly compression: Compression
  /** Rows of every row group but the last; {@link ROW_GROUP_ROWS} by default. */
  readonly rowGroupRows?: number
  /** Goes into the file as its writer. */
  readonly createdBy: string
}

/** A Parquet file being written. Takes rows in order; after a failure it takes nothing more. */
export class ParquetFileWriter {
  readonly #write: (bytes: Uint8Array) => Promise<void>
  readonly #compression: Compression
  readonly #rowGroupRows: number
  readonly #columns: readonly ColumnBuffer[]
  readonly #sortedBy: number
  readonly #envelope: Envelope
  #compress: Compress | undefined
  #lastKey: bigint | undefined
  #crc = 0
  #state: 'idle' | 'busy' | 'finished' | 'failed' = 'idle'

  /**
   * @param write - appends to the file; it is awaited before it is called again, and the array is not used after.
   * @throws RangeError for a column type that is not written, or a `sortedBy` that is not such a column.
   */
  constructor(options: ParquetOptions, write: (bytes: Uint8Array) => Promise<void>) {
    const { schema, sortedBy, compression, createdBy, rowGroupRows = ROW_GROUP_ROWS } = options
    const shapes = schema.fields.map(shapeOf)
    checkNames(shapes)
    if (!Number.isSafeInteger(rowGroupRows) || rowGroupRows < 1) {
      throw new RangeError(`a row group cannot have ${rowGroupRows} rows`)
    }
    this.#write = write
    this.#compression = compression
    this.#rowGroupRows = rowGroupRows
    this.#columns = shapes.map((shape) => new ColumnBuffer(shape))
    this.#sortedBy = sortingColumn(shapes, sortedBy)
    this.#envelope = new Envelope({ shapes, sortedBy: this.#sortedBy, compression, createdBy })
  }

  /**
   * Adds the rows of `batch`, whose schema must be that of the file. Resolves when they are copied and every row group
   * that they fill is written; the batch may be changed then.
   *
   * @throws Error when the call before has not resolved yet, or failed, or the file is finished.
   * @throws RangeError when rows are not sorted, columns differ, or a column that must not have nulls has some.
   * @throws DataError when a decimal has more digits than its column.
   */
  async append(batch: RecordBatch): Promise<void> {
    await this.#alone('idle', async () => {
      this.#checkColumns(batch)
      for (let from = 0; from < batch.numRows;) {
        const to = Math.min(batch.numRows, from + this.#rowGroupRows - this.#rows)
        for (const [i, column] of this.#columns.entries()) {
          const data = batch.data.children[i]
          if (data !== undefined) column.append(data, from, to)
        }
        if (this.#rows === this.#rowGroupRows) await this.#flush()
        from = to
      }
    })
  }

  /**
   * Writes what is left, the indexes and the footer with `metadata` and the checksum of the file. The file is whole when this resolves; the sizes are
   * those of the file.
   *
   * @throws Error like {@link ParquetFileWriter.append}.
   */
  async finish(
    metadata: Readonly<Record<string, string>>,
  ): Promise<{ readonly rows: number; readonly bytes: number }> {
    const envelope = this.#envelope
    await this.#alone('finished', async () => {
      if (this.#rows > 0) await this.#flush()
      envelope.addFooter({ ...metadata, [FILE_CRC]: FILE_CRC_BLANK })
      const end = envelope.take()
      stampFileCrc(end, this.#crc)
      await this.#write(end)
    })
    return { rows: envelope.rows, bytes: envelope.sizeBytes }
  }

  /** Rows that wait for their row group to fill. */
  get #rows(): number {
    return this.#columns[0]?.rows ?? 0
  }

  /** Rows come in order, or the file would be wrong without a word: so one call at a time, and none after a failure. */
  async #alone(after: 'idle' | 'finished', work: () => Promise<void>): Promise<void> {
    if (this.#state !== 'idle') {
      throw new Error(
        `the Parquet file is ${this.#state}; every call must be awaited before the next`,
      )
    }
    this.#state = 'busy'
    try {
      await work()
      this.#state = after
    } catch (error) {
      this.#state = 'failed'
      throw error
    }
  }

  async #flush(): Promise<void> {
    this.#compress ??= await compressor(this.#compression)
    const compress = this.#compress
    this.#checkSorted()
    const rows = this.#rows
    const chunks = this.#columns.map((column) => writeChunk(column, compress))
    for (const column of this.#columns) column.clear()
    this.#envelope.addRowGroup(rows, chunks)
    const bytes = this.#envelope.take()
    this.#crc = crc32(bytes, this.#crc)
    await this.#write(bytes)
  }

  /** Readers skip rows by what the footer says of their order. */
  #checkSorted(): void {
    const values = this.#columns[this.#sortedBy]?.values
    if (values === undefined || values.kind !== 'ints') return
    const { words, count } = values
    const isAfterLast = this.#lastKey === undefined || this.#lastKey <= intAt(words, 0)
    if (!isAfterLast || !isAscending(words, count))
      throw new RangeError('rows are not sorted by key')
    this.#lastKey = intAt(words, count - 1)
  }

  #checkColumns({ schema, data }: RecordBatch): void {
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
