/** The rows of one column that wait for their row group to fill: which are null, and the values of the others. */

import type { Data } from 'apache-arrow'
import type { ColumnShape } from './shape.ts'
import { valueStore, type ValueStore } from './value-store.ts'
import type { Values } from './values.ts'

/** The rows of one column chunk, as they are encoded. Plain data, which may go from thread to thread. */
export type ColumnRows = {
  readonly name: string
  readonly rows: number
  /** Those that are not null. */
  readonly values: Values
  /** For each row 1 when it has a value and 0 when it is null; `undefined` for a column that has no nulls by type. */
  readonly definitions: Uint8Array | undefined
}

/** Collects rows of one column. Grows with them and keeps its memory between row groups. */
export class ColumnBuffer {
  readonly shape: ColumnShape
  readonly #store: ValueStore
  #definitions: Uint8Array = new Uint8Array(0)
  #rows = 0

  constructor(shape: ColumnShape) {
    this.shape = shape
    this.#store = valueStore(shape)
  }

  /** Rows collected since the last `clear`. */
  get rows(): number {
    return this.#rows
  }

  /** What was collected. A view, good until the next change. */
  view(): ColumnRows {
    const { name, isNullable } = this.shape
    const rows = this.#rows
    const definitions = isNullable ? this.#definitions.subarray(0, rows) : undefined
    return { name, rows, values: this.#store.values(), definitions }
  }

  /**
   * Copies rows `[from, to)` of `data`.
   *
   * @throws RangeError when a row is null and the column must not have nulls.
   * @throws DataError when a decimal has more digits than its column.
   */
  append(data: Data, from: number, to: number): void {
    if (this.shape.isNullable) this.#appendNullable(data, from, to)
    else if (data.nullCount > 0) throw new RangeError(`column ${this.shape.name} has nulls`)
    else this.#store.append(data, from, to)
    this.#rows += to - from
  }

  /** Forgets all rows, and goes on in the memory of what {@link ColumnBuffer.view} gave, which may have been moved. */
  reuse({ values, definitions }: ColumnRows): void {
    this.#store.reuse(values)
    if (definitions !== undefined) this.#definitions = new Uint8Array(definitions.buffer)
    this.#rows = 0
  }

  #appendNullable(data: Data, from: number, to: number): void {
    this.#reserve(this.#rows + to - from)
    const hasNulls = data.nullCount > 0
    let at = this.#rows
    let run = from
    for (let i = from; i < to; i++) {
      const isPresent = !hasNulls || data.getValid(i)
      this.#definitions[at++] = isPresent ? 1 : 0
      if (isPresent) continue
      if (run < i) this.#store.append(data, run, i)
      run = i + 1
    }
    if (run < to) this.#store.append(data, run, to)
  }

  #reserve(rows: number): void {
    if (rows <= this.#definitions.length) return
    const grown = new Uint8Array(Math.max(rows, this.#definitions.length * 2, 1024))
    grown.set(this.#definitions)
    this.#definitions = grown
  }
}
