/**
 * One partition being written: rows in the order of their keys, merged on the way with those of the file that is
 * there already, into a new file that replaces it. Holds a row group of each, whatever the partition's size.
 */

import { createHash, type Hash } from 'node:crypto'
import type { RecordBatch, Schema } from 'apache-arrow'
import { DamageError } from '../base/errors.ts'
import type { Files, Readable, Upload } from '../base/ports.ts'
import type { Dataset } from '../binance/dataset.ts'
import type { Compression } from './parquet/compress.ts'
import { readFooter, readRowGroup, type ParquetFooter } from './parquet/read.ts'
import { ParquetFileWriter } from './parquet/write.ts'

/** A change of a stored row, as the merge finds it. */
export type Change = {
  readonly key: string
  readonly time: string
  readonly old: Readonly<Record<string, string>>
  readonly new: Readonly<Record<string, string>>
}

/** Merges two batches sorted by key, each key once in each; where both have a key, `fresh` wins unless it says less. */
export type Merge = (
  stored: RecordBatch,
  fresh: RecordBatch,
  dataset: Dataset,
) => { readonly batch: RecordBatch; readonly revisions: readonly Change[] }

/** What rows prove of themselves, taken batch by batch as they are written. */
export type Prover = {
  take(batch: RecordBatch): void
  proof(): Readonly<Record<string, string | number | boolean>>
}

/** How partitions of a series are written. */
export type PartitionOptions = {
  readonly files: Files
  readonly path: string
  readonly dataset: Dataset
  readonly schema: Schema
  readonly compression: Compression
  readonly createdBy: string
  readonly merge: Merge
  readonly prover: Prover
}

/** A file that is written whole and checked, but not yet visible. */
export type Written = {
  readonly rows: number
  readonly bytes: number
  readonly sha256: string
  readonly firstKey: bigint
  readonly lastKey: bigint
  /** Makes it visible under its final name. */
  publish(): Promise<void>
  /** Drops it. */
  abort(): Promise<void>
}

/** Writes one partition. Appends are in the order of the keys; end with `finish` or `abort`. */
export class PartitionWriter {
  readonly #options: PartitionOptions
  readonly #upload: Upload
  readonly #parquet: ParquetFileWriter
  readonly #stored: StoredRows
  readonly #hash: Hash
  readonly #keyIndex: number
  readonly #changes: Change[] = []
  #appended = 0
  #firstKey: bigint | undefined
  #lastKey: bigint | undefined

  private constructor(options: PartitionOptions, upload: Upload, stored: StoredRows) {
    this.#options = options
    this.#upload = upload
    this.#stored = stored
    this.#hash = createHash('sha256')
    this.#keyIndex = options.schema.fields.findIndex(({ name }) => name === options.dataset.key)
    const { schema, compression, createdBy, dataset } = options
    this.#parquet = new ParquetFileWriter(
      { schema, sortedBy: dataset.key, compression, createdBy },
      async (bytes) => {
        this.#hash.update(bytes)
        await upload.write(bytes)
      },
    )
  }

  /** Begins a file that will replace what is at the path, and hold its rows too. */
  static async open(options: PartitionOptions): Promise<PartitionWriter> {
    const stored = await StoredRows.open(options)
    try {
      return new PartitionWriter(options, await options.files.upload(options.path), stored)
    } catch (error) {
      await stored.close()
      throw error
    }
  }

  /** Rows that were appended, whether they were new or not. */
  get appended(): number {
    return this.#appended
  }

  /** What the rows that were there already became, where they changed. */
  get changes(): readonly Change[] {
    return this.#changes
  }

  /** What the rows written so far prove of themselves; of the whole file once it is finished. */
  proof(): ReturnType<Prover['proof']> {
    return this.#options.prover.proof()
  }

  /** Adds rows whose keys are greater than all that were appended before. */
  async append(batch: RecordBatch): Promise<void> {
    this.#appended += batch.numRows
    let fresh = batch
    while (fresh.numRows > 0) {
      const stored = await this.#stored.head()
      if (stored === undefined) {
        await this.#put(fresh)
        return
      }
      // Only what neither side can add to any more is merged and written.
      const until = min(this.#lastKeyOf(stored), this.#lastKeyOf(fresh))
      const [storedPart, freshPart] = [stored, fresh].map((rows) => this.#upTo(rows, until))
      if (storedPart === undefined || freshPart === undefined) return
      const { batch: merged, revisions } = this.#options.merge(
        storedPart,
        freshPart,
        this.#options.dataset,
      )
      for (const revision of revisions) this.#changes.push(revision)
      await this.#put(merged)
      this.#stored.skip(storedPart.numRows)
      fresh = fresh.slice(freshPart.numRows)
    }
  }

  /**
   * Writes what is left of the old rows and the footer, and reads the footer back.
   *
   * @param facts - Makes the footer's metadata; called when all rows are written.
   */
  async finish(
    facts: (written: { firstKey: bigint; lastKey: bigint }) => Record<string, string>,
  ): Promise<Written> {
    for (
      let rest = await this.#stored.head();
      rest !== undefined;
      rest = await this.#stored.head()
    ) {
      await this.#put(rest)
      this.#stored.skip(rest.numRows)
    }
    await this.#stored.close()
    const firstKey = this.#firstKey ?? 0n
    const lastKey = this.#lastKey ?? 0n
    const { rows, bytes } = await this.#parquet.finish(facts({ firstKey, lastKey }))
    await this.#readBack(rows, bytes)
    return {
      rows,
      bytes,
      sha256: this.#hash.digest('hex'),
      firstKey,
      lastKey,
      publish: () => this.#upload.commit(),
      abort: () => this.#upload.abort(),
    }
  }

  /** Drops the new file; the old one stays as it is. */
  async abort(): Promise<void> {
    await this.#stored.close()
    await this.#upload.abort()
  }

  async #put(batch: RecordBatch): Promise<void> {
    if (batch.numRows === 0) return
    this.#firstKey ??= this.#keyAt(batch, 0)
    this.#lastKey = this.#lastKeyOf(batch)
    this.#options.prover.take(batch)
    await this.#parquet.append(batch)
  }

  async #readBack(rows: number, bytes: number): Promise<void> {
    const written = await this.#upload.flush()
    try {
      const footer = await readFooter(written)
      if (footer.rows !== rows || written.sizeBytes !== bytes)
        throw new DamageError(
          `${this.#options.path}: wrote ${rows} rows, read back ${footer.rows}`,
          {
            hint: 'Check the disk.',
          },
        )
    } finally {
      await written.close()
    }
  }

  #upTo(batch: RecordBatch, key: bigint): RecordBatch {
    let low = 0
    let high = batch.numRows
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#keyAt(batch, middle) <= key) low = middle + 1
      else high = middle
    }
    return batch.slice(0, low)
  }

  #keyAt(batch: RecordBatch, row: number): bigint {
    return (batch.data.children[this.#keyIndex]?.values as BigInt64Array)[row] ?? 0n
  }

  #lastKeyOf(batch: RecordBatch): bigint {
    return this.#keyAt(batch, batch.numRows - 1)
  }
}

/** The rows of the file that is there, a row group at a time. */
class StoredRows {
  readonly #file: Readable | undefined
  readonly #footer: ParquetFooter | undefined
  #next = 0
  #head: RecordBatch | undefined

  private constructor(file: Readable | undefined, footer: ParquetFooter | undefined) {
    this.#file = file
    this.#footer = footer
  }

  static async open({ files, path, schema }: PartitionOptions): Promise<StoredRows> {
    const file = await files.open(path)
    if (file === undefined) return new StoredRows(undefined, undefined)
    try {
      const footer = await readFooter(file)
      if (String(footer.schema) !== String(schema))
        throw new DamageError(`${path}: has other columns than this series`, {
          hint: 'Use another data directory for other `numbers`.',
        })
      return new StoredRows(file, footer)
    } catch (error) {
      await file.close()
      throw error
    }
  }

  /** The rows that are next, or `undefined` when all were taken. */
  async head(): Promise<RecordBatch | undefined> {
    while (this.#head === undefined || this.#head.numRows === 0) {
      if (this.#file === undefined || this.#footer === undefined) return undefined
      if (this.#next === this.#footer.rowGroups.length) return undefined
      this.#head = await readRowGroup(this.#file, this.#footer, this.#next++)
    }
    return this.#head
  }

  skip(rows: number): void {
    this.#head = this.#head?.slice(rows)
  }

  async close(): Promise<void> {
    await this.#file?.close()
  }
}

function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}
