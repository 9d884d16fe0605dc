/** The rows of one column that wait for their row group to fill: which are null, and the values of the others. */

import type { Data } from 'apache-arrow'
import type { ColumnShape } from './shape.ts'
import { valueStore, type ValueStore } from './value-store.ts'
import type { Values } from './values.ts'

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

  /** The values that are not null. A view, good until the next change. */
  get values(): Values {
    return this.#store.values()
  }

  /** For each row 1 when it has a value and 0 when it is null; `undefined` for a column that has no nulls by type. */
  get definitions(): Uint8Array | undefined {
    return this.shape.isNullable ? this.#definitions.subarray(0, this.#rows) : undefined
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

  /** Forgets all rows. */
  clear(): void {
    this.#store.clear()
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
