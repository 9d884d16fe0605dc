/** The rows of the file that a new one will replace. */

import type { RecordBatch, Schema } from 'apache-arrow'
import { DamageError } from '../base/errors.ts'
import type { Files, Readable } from '../base/ports.ts'
import { readFooter, readRowGroup, type ParquetFooter } from './parquet/read.ts'

type StoredOptions = {
  readonly files: Files
  readonly path: string
  readonly schema: Schema
}

/** The rows of the file that is there, a row group at a time. */
export class StoredRows {
  readonly #file: Readable | undefined
  readonly #footer: ParquetFooter | undefined
  #next = 0
  #head: RecordBatch | undefined

  private constructor(file: Readable | undefined, footer: ParquetFooter | undefined) {
    this.#file = file
    this.#footer = footer
  }

  /** Opens the file at `path`; without one there are no rows. @throws DamageError when it has other columns. */
  static async open({ files, path, schema }: StoredOptions): Promise<StoredRows> {
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

  /** Takes the first of the next rows. */
  skip(rows: number): void {
    this.#head = this.#head?.slice(rows)
  }

  /** Lets the file go. */
  async close(): Promise<void> {
    await this.#file?.close()
  }
}

/** The values of a column of 64-bit integers or moments; a view. */
export function int64Column(batch: RecordBatch, index: number): BigInt64Array {
  return (batch.data.children[index]?.values as BigInt64Array).subarray(0, batch.numRows)
}
