/** The rows of the file that a new one will replace. */

import type { RecordBatch, Schema } from 'apache-arrow'
import { DamageError } from '../base/errors.ts'
import type { StoredFile } from '../base/ports.ts'
import { MEND, reading } from './damaged.ts'
import { readFooter, readRowGroup, type ParquetFooter } from './parquet/read.ts'

type StoredOptions = {
  /** Whatever vouches for it, it is what it should be; `undefined`: there is none. */
  readonly file: StoredFile | undefined
  readonly path: string
  readonly schema: Schema
}

/** The rows of the file that is there, a row group at a time. */
export class StoredRows {
  readonly #path: string
  readonly #file: StoredFile | undefined
  readonly #footer: ParquetFooter | undefined
  #next = 0
  #head: RecordBatch | undefined

  private constructor({ path, file }: StoredOptions, footer: ParquetFooter | undefined) {
    this.#path = path
    this.#file = file
    this.#footer = footer
  }

  /** The rows of `file`, which is closed with them. @throws DamageError when it has other columns. */
  static async open(options: StoredOptions): Promise<StoredRows> {
    const { file, path, schema } = options
    if (file === undefined) return new StoredRows(options, undefined)
    const footer = await reading(path, () => readFooter(file))
    if (String(footer.schema) === String(schema)) return new StoredRows(options, footer)
    throw new DamageError(`${path}: has other columns than this series`, { hint: MEND })
  }

  /** The rows that are next, or `undefined` when all were taken. */
  async head(): Promise<RecordBatch | undefined> {
    const [file, footer] = [this.#file, this.#footer]
    while (this.#head === undefined || this.#head.numRows === 0) {
      if (file === undefined || footer === undefined) return undefined
      if (this.#next === footer.rowGroups.length) return undefined
      const index = this.#next
      this.#head = await reading(this.#path, () => readRowGroup(file, footer, index))
      // Not before it is read: what cannot be read must not be passed over by whoever asks again.
      this.#next += 1
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
