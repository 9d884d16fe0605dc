/** Writes a Parquet file from Arrow record batches, a row group at a time, holding no more than one of them. */

import { crc32 } from 'node:zlib'
import type { RecordBatch } from 'apache-arrow'
import { Envelope } from './envelope.ts'
import { notSorted, RowPacker, unpack, type PackedRows, type PackOptions } from './pack.ts'
import { FILE_CRC, FILE_CRC_BLANK, stampFileCrc } from './self-check.ts'

export { ROW_GROUP_ROWS } from './pack.ts'

/** How a file is written. Equal options and equal rows give equal bytes. */
export type ParquetOptions = PackOptions & {
  /** Goes into the file as its writer. */
  readonly createdBy: string
}

/** A Parquet file being written. Takes rows in order; after a failure it takes nothing more. */
export class ParquetFileWriter {
  readonly #options: ParquetOptions
  readonly #write: (bytes: Uint8Array) => Promise<void>
  readonly #packer: RowPacker
  readonly #envelope: Envelope
  /** A row group that is not full, and came packed: the last of the file, unless more rows come. */
  #last: PackedRows | undefined
  #lastKey: bigint | undefined
  #crc = 0
  #state: 'idle' | 'busy' | 'finished' | 'failed' = 'idle'

  /**
   * @param write - appends to the file; it is awaited before it is called again, and the array is not used after.
   * @throws RangeError for a column type that is not written, or a `sortedBy` that is not such a column.
   */
  constructor(options: ParquetOptions, write: (bytes: Uint8Array) => Promise<void>) {
    const { compression, createdBy } = options
    this.#options = options
    this.#write = write
    this.#packer = new RowPacker(options)
    const { shapes, sortedBy } = this.#packer
    this.#envelope = new Envelope({ shapes, sortedBy, compression, createdBy })
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
    await this.#alone('idle', () => this.#append(batch))
  }

  /**
   * Adds a row group that was packed with the same options. Where it does not begin with a row group of this file, its
   * rows are packed anew: the bytes are the same as if they had come as a batch.
   *
   * @throws Error like {@link ParquetFileWriter.append}.
   */
  async appendPacked(packed: PackedRows): Promise<void> {
    await this.#alone('idle', async () => {
      const isAligned = this.#packer.rows === 0 && this.#last === undefined
      if (!isAligned) await this.#append(await unpack(packed, this.#options))
      else if (packed.rows === this.#packer.room) await this.#place(packed)
      else this.#last = packed
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
      if (this.#last !== undefined) await this.#place(this.#last)
      else if (this.#packer.rows > 0) await this.#place(await this.#packer.pack())
      envelope.addFooter({ ...metadata, [FILE_CRC]: FILE_CRC_BLANK })
      const end = envelope.take()
      stampFileCrc(end, this.#crc)
      await this.#write(end)
    })
    return { rows: envelope.rows, bytes: envelope.sizeBytes }
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

  async #append(batch: RecordBatch): Promise<void> {
    const last = this.#last
    this.#last = undefined
    if (last !== undefined) await this.#append(await unpack(last, this.#options))
    this.#packer.check(batch)
    for (let from = 0; from < batch.numRows;) {
      const to = Math.min(batch.numRows, from + this.#packer.room)
      this.#packer.append(batch, from, to)
      if (this.#packer.room === 0) await this.#place(await this.#packer.pack())
      from = to
    }
  }

  async #place({ rows, firstKey, lastKey, chunks }: PackedRows): Promise<void> {
    if (this.#lastKey !== undefined && firstKey < this.#lastKey) throw notSorted()
    this.#lastKey = lastKey
    this.#envelope.addRowGroup(rows, chunks)
    const bytes = this.#envelope.take()
    this.#crc = crc32(bytes, this.#crc)
    await this.#write(bytes)
  }
}
