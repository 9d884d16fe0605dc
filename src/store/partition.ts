/**
 * One partition being written: rows in the order of their keys, merged on the way with those of the file that is
 * there already, into a new file that replaces it. Holds a row group of each, whatever the partition's size.
 */

import type { RecordBatch, Schema } from 'apache-arrow'
import type { Coverage } from '../base/coverage.ts'
import { DamageError } from '../base/errors.ts'
import type { Expected, Files, StoredFile, Upload, Version } from '../base/ports.ts'
import type { Micros } from '../base/time.ts'
import { datasetOf } from '../binance/market.ts'
import type { SeriesKey } from '../binance/series.ts'
import { mergeBatches } from '../rows/merge.ts'
import { provenRows, proverOf, type RowProof, type RowProver } from '../rows/proof.ts'
import type { Known } from './ledger.ts'
import { reading } from './damaged.ts'
import { unpacked, type PackedPage } from './packed-page.ts'
import { readFooter } from './parquet/read.ts'
import { ParquetFileWriter } from './parquet/write.ts'
import type { Change, Claims } from './change.ts'
import { AbsentRows } from './absent-rows.ts'
import { int64Column, StoredRows } from './stored-rows.ts'
import { lowerBound } from '../rows/int64.ts'
import type { Compression } from '../job/job.ts'

/** How partitions of a series are written. */
export type PartitionOptions = {
  readonly files: Files
  readonly path: string
  /** The file that is there already, and is what was recorded; closed with the writer. */
  readonly stored: StoredFile | undefined
  readonly key: SeriesKey
  readonly schema: Schema
  readonly compression: Compression
  readonly createdBy: string
  /** Rows that are stored from this moment on and are not appended again are reported as absent; default: none are. */
  readonly since?: Micros | undefined
  /** Keys of stored rows that a later answer left out; default: none. */
  readonly vanished?: ReadonlySet<bigint>
  /** What an earlier run received and did not take; default: a row that shows less is taken. */
  readonly claims?: Claims | undefined
}

/** The keys of the first row of a file and of the last one. */
export type KeyRange = { readonly firstKey: string; readonly lastKey: string }

/** A file that is written whole and checked, but not yet visible. */
export type Written = {
  readonly rows: number
  readonly bytes: number
  readonly sha256: string
  /** Makes it visible under its final name, in the place of what is expected there; resolves to its version. */
  publish(expected: Expected): Promise<Version>
  /** Drops it. */
  abort(): Promise<void>
}

/** Writes one partition. Appends are in the order of the keys; then `drain` and `seal`, or `abort`. */
export class PartitionWriter {
  /** The file that the new one is merged from. */
  readonly expected: Expected
  readonly #options: PartitionOptions
  readonly #prover: RowProver
  readonly #upload: Upload
  readonly #parquet: ParquetFileWriter
  readonly #stored: StoredRows
  readonly #keyIndex: number
  readonly #changes: Change[] = []
  readonly #doubts: Change[] = []
  readonly #absent: AbsentRows
  readonly #returned = new Set<bigint>()
  #appended = 0
  #contributed = 0
  #firstKey: bigint | undefined
  #lastKey: bigint | undefined

  private constructor(
    options: PartitionOptions,
    upload: Upload,
    { stored, expected }: { readonly stored: StoredRows; readonly expected: Expected },
  ) {
    const { key, schema, compression, createdBy, since } = options
    const dataset = datasetOf(key)
    this.#options = options
    this.#prover = proverOf(key)
    this.#upload = upload
    this.#stored = stored
    this.expected = expected
    this.#keyIndex = schema.fields.findIndex(({ name }) => name === dataset.key)
    this.#absent = new AbsentRows(dataset, since)
    this.#parquet = new ParquetFileWriter(
      { schema, sortedBy: dataset.key, compression, createdBy },
      (bytes) => upload.write(bytes),
    )
  }

  /** Begins a file that will replace what is at the path, and hold its rows too. */
  static async open(options: PartitionOptions): Promise<PartitionWriter> {
    const { files, path, schema, stored: file } = options
    try {
      const expected = file === undefined ? 'absent' : await file.version()
      const stored = await StoredRows.open({ file, path, schema })
      return new PartitionWriter(options, await files.upload(path), { stored, expected })
    } catch (error) {
      await file?.close()
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

  /** What was appended of rows that are stored more finished, and was not taken. */
  get doubts(): readonly Change[] {
    return this.#doubts
  }

  /** Did any of the appended rows tell something new? */
  get hasNews(): boolean {
    return this.#contributed > 0
  }

  /** The rows that were there already, lie in `answered`, and were not appended again. */
  absent(answered: Coverage): readonly Change[] {
    return this.#absent.within(answered)
  }

  /** Which of the vanished rows were appended. */
  get returned(): ReadonlySet<bigint> {
    return this.#returned
  }

  /** What the rows written so far prove of themselves; of the whole file once it is finished. */
  proof(known: Known): RowProof {
    return this.#prover.proof(known)
  }

  /** Adds rows whose keys are greater than all that were appended before. */
  async append(batch: RecordBatch): Promise<void> {
    const { key, claims } = this.#options
    const dataset = datasetOf(key)
    this.#appended += batch.numRows
    this.#noteReturned(this.#keys(batch))
    let fresh = batch
    while (fresh.numRows > 0) {
      const stored = await this.#stored.head()
      if (stored === undefined) {
        this.#contributed += fresh.numRows
        await this.#put(fresh)
        return
      }
      // Only what neither side can add to any more is merged and written.
      const until = min(this.#lastKeyOf(stored), this.#lastKeyOf(fresh))
      const [storedPart, freshPart] = [stored, fresh].map((rows) => this.#upTo(rows, until))
      if (storedPart === undefined || freshPart === undefined) return
      const {
        batch: merged,
        revisions,
        doubts,
        duplicates,
      } = mergeBatches(storedPart, freshPart, { dataset, claims })
      for (const revision of revisions) this.#changes.push(revision)
      for (const doubt of doubts) this.#doubts.push(doubt)
      this.#contributed += freshPart.numRows - duplicates
      const isEachSent = merged.numRows === freshPart.numRows
      if (!isEachSent) this.#absent.take(storedPart, this.#keys(freshPart))
      await this.#put(merged)
      this.#stored.skip(storedPart.numRows)
      fresh = fresh.slice(freshPart.numRows)
    }
  }

  /** Adds rows like {@link append}; those that no stored row follows go into the file as they were packed. */
  async appendPacked(page: PackedPage): Promise<void> {
    if ((await this.#stored.head()) !== undefined)
      return this.append((await unpacked(page, this.#options.key, this.#options)).batch)
    const { keys, rowCount } = page
    this.#appended += rowCount
    this.#contributed += rowCount
    this.#noteReturned(keys)
    this.#firstKey ??= keys[0]
    this.#lastKey = keys[rowCount - 1]
    this.#prover.take(page)
    await this.#parquet.appendPacked(page.packed)
  }

  /**
   * Writes what is left of the old rows: all rows are written then.
   *
   * @param answered - What was asked and answered in full; stored rows in it that were not appended are {@link absent}.
   * @returns the first key and the last
   */
  async drain(answered: Coverage): Promise<KeyRange> {
    for (
      let rest = await this.#stored.head();
      rest !== undefined;
      rest = await this.#stored.head()
    ) {
      this.#absent.take(rest, new BigInt64Array(), answered)
      await this.#put(rest)
      this.#stored.skip(rest.numRows)
    }
    await this.#stored.close()
    return { firstKey: String(this.#firstKey ?? 0n), lastKey: String(this.#lastKey ?? 0n) }
  }

  /** Writes the footer with `metadata`, and reads it back. */
  async seal(metadata: Readonly<Record<string, string>>): Promise<Written> {
    const { rows, bytes } = await this.#parquet.finish(metadata)
    await this.#readBack(rows, bytes)
    return {
      rows,
      bytes,
      sha256: this.#upload.sha256(),
      publish: (expected) => this.#upload.commit(expected),
      abort: () => this.#upload.abort(),
    }
  }

  /** Drops the new file; the old one stays as it is. */
  async abort(): Promise<void> {
    try {
      await this.#stored.close()
    } finally {
      await this.#upload.abort()
    }
  }

  #noteReturned(keys: BigInt64Array): void {
    const { vanished } = this.#options
    if (vanished === undefined || vanished.size === 0) return
    for (const key of keys) if (vanished.has(key)) this.#returned.add(key)
  }

  async #put(batch: RecordBatch): Promise<void> {
    if (batch.numRows === 0) return
    this.#firstKey ??= this.#keyAt(batch, 0)
    this.#lastKey = this.#lastKeyOf(batch)
    this.#prover.take(provenRows(datasetOf(this.#options.key), batch))
    await this.#parquet.append(batch)
  }

  async #readBack(rows: number, bytes: number): Promise<void> {
    const { path } = this.#options
    const written = await this.#upload.flush()
    const footer = await reading(path, () => readFooter(written), CHECK_DISK)
    if (footer.rows !== rows || written.sizeBytes !== bytes)
      throw new DamageError(`${path}: wrote ${rows} rows, read back ${footer.rows}`, {
        hint: CHECK_DISK,
      })
  }

  #upTo(batch: RecordBatch, key: bigint): RecordBatch {
    return batch.slice(0, lowerBound(this.#keys(batch), key + 1n))
  }

  #keys(batch: RecordBatch): BigInt64Array {
    return int64Column(batch, this.#keyIndex)
  }

  #keyAt(batch: RecordBatch, row: number): bigint {
    return (batch.data.children[this.#keyIndex]?.values as BigInt64Array)[row] ?? 0n
  }

  #lastKeyOf(batch: RecordBatch): bigint {
    return this.#keyAt(batch, batch.numRows - 1)
  }
}

const CHECK_DISK = 'What was written reads back otherwise: check the disk, then run again.'

function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}
