/**
 * Merges two batches of one series: each key once. Where the two contradict each other, the later row is kept, with a
 * record of the earlier one.
 */

import type { RecordBatch } from 'apache-arrow'
import { formatMicros, micros } from '../base/time.ts'
import { withoutZeros } from '../base/text.ts'
import { columnIndex, type Column, type Dataset } from '../binance/dataset.ts'
import { assemble, sliceBatch } from './assemble.ts'
import { batchOf, columnData, int64Values } from './batch.ts'
import { showsLess } from './finished.ts'
import { compareHalves, halvesOf, lowerBound } from './int64.ts'
import { isNull, isSame, layoutOf, type Layout } from './layout.ts'
import { valueText } from './value-text.ts'

/** One stored row that a later answer contradicted. */
export type ChangedRow = {
  /** The key, an integer in decimal: an id, or microseconds. */
  readonly key: string
  /** The row's time, ISO 8601 with microseconds. */
  readonly time: string
  /** The columns that differ, as exact text: before and after. */
  readonly old: Readonly<Record<string, string>>
  readonly new: Readonly<Record<string, string>>
}

/** Rows that an earlier run received and did not store, by key: the columns that differed. */
type Claims = ReadonlyMap<string, Readonly<Record<string, string>>>

/** Options of a merge. */
type MergeOptions = {
  readonly dataset: Dataset
  /** Absent: a later row is taken even where it shows less. */
  readonly claims?: Claims | undefined
}

/** The result of {@link mergeBatches}. */
export type Merged = {
  /** Sorted by key, keys unique. The same object as `stored` or `fresh` when it holds just their rows. */
  readonly batch: RecordBatch
  readonly revisions: readonly ChangedRow[]
  /** Rows of `fresh` that show less than the stored ones, and were not taken. */
  readonly doubts: readonly ChangedRow[]
  /** Rows of `fresh` that brought nothing new. */
  readonly duplicates: number
}

/**
 * The union of two batches that are each sorted by key, with unique keys. Of two rows with one key:
 *
 * - equal ones are one row, whatever zeros their numbers end with, and so are those that differ in what one of the sources does not know: it is filled;
 * - if only times differ, and only within one millisecond to which one of the two was rounded, the finer row is kept
 *   (it came from a finer source, not from a change);
 * - of orders, the greater `update_time` is kept, and an older `fresh` one brings nothing new;
 * - of klines, a `fresh` one that shows less is not taken, unless `claims` has the same: it is a doubt;
 * - else `fresh` is kept, and the change is a {@link ChangedRow}.
 */
export function mergeBatches(
  stored: RecordBatch,
  fresh: RecordBatch,
  options: MergeOptions,
): Merged {
  return new RowMerge(options, stored, fresh).run()
}

type RowVerdict = 'same' | 'filled' | 'stored' | 'fresh' | 'revised' | 'doubt'

/** One side of a merge. */
type Side = {
  readonly batch: RecordBatch
  readonly keys: BigInt64Array
  readonly halves: Int32Array
  readonly layouts: readonly Layout[]
}

class RowMerge {
  readonly #dataset: Dataset
  readonly #claims: Claims | undefined
  readonly #stored: Side
  readonly #fresh: Side
  readonly #updateTime: number
  readonly #ranges: { batch: RecordBatch; from: number; to: number }[] = []
  readonly #revisions: ChangedRow[] = []
  readonly #doubts: ChangedRow[] = []
  #duplicates = 0

  constructor({ dataset, claims }: MergeOptions, stored: RecordBatch, fresh: RecordBatch) {
    this.#dataset = dataset
    this.#claims = claims
    this.#stored = sideOf(dataset, stored)
    this.#fresh = sideOf(dataset, fresh)
    this.#updateTime = dataset.columns.findIndex(({ name }) => name === 'update_time')
  }

  run(): Merged {
    const [a, b] = [this.#stored, this.#fresh]
    // Most merges append: rows before and after the other side are taken as a whole.
    let i = b.keys.length === 0 ? a.keys.length : lowerBound(a.keys, b.keys[0] ?? 0n)
    this.#take(a, 0, i)
    let j = 0
    while (i < a.keys.length && j < b.keys.length) {
      const order = compareHalves(a.halves, i, b.halves, j)
      if (order < 0) this.#take(a, i, ++i)
      else if (order > 0) this.#take(b, j, ++j)
      else this.#settle(i++, j++)
    }
    this.#take(a, i, a.keys.length)
    this.#take(b, j, b.keys.length)
    const batch = this.#ranges.length === 0 ? a.batch : assemble(this.#ranges)
    const [revisions, doubts] = [this.#revisions, this.#doubts]
    return { batch, revisions, doubts, duplicates: this.#duplicates }
  }

  #take({ batch }: Side, from: number, to: number): void {
    if (from >= to) return
    const last = this.#ranges.at(-1)
    if (last?.batch === batch && last.to === from) last.to = to
    else this.#ranges.push({ batch, from, to })
  }

  /** Decides between two rows with one key. */
  #settle(i: number, j: number): void {
    const verdict = this.#verdict(i, j)
    if (verdict === 'doubt') this.#doubts.push(this.#revision(i, j))
    if (verdict === 'same' || verdict === 'stored' || verdict === 'doubt') {
      this.#duplicates++
      this.#take(this.#stored, i, i + 1)
      return
    }
    if (verdict === 'filled') {
      this.#take(this.#filled(i, j), 0, 1)
      return
    }
    if (verdict === 'revised') this.#revisions.push(this.#revision(i, j))
    this.#take(this.#fresh, j, j + 1)
  }

  #verdict(i: number, j: number): RowVerdict {
    const all = this.#differing(i, j)
    const differing = all.filter((index) => !this.#isUnknown(index, i, j))
    if (differing.length === 0)
      return all.some((index) => this.#fills(index, i)) ? 'filled' : 'same'
    const finer = differing.map((index) => this.#finer(index, i, j))
    if (finer.every((side) => side === 'stored')) return 'stored'
    if (finer.every((side) => side === 'fresh')) return 'fresh'
    if (this.#isOlder(i, j)) return 'stored'
    return this.#isDoubt(i, j) ? 'doubt' : 'revised'
  }

  /** Does the fresh row show less than the stored one, without the run before having received the same? */
  #isDoubt(i: number, j: number): boolean {
    if (this.#claims === undefined) return false
    const stored = { batch: this.#stored.batch, row: i }
    if (!showsLess(this.#dataset, stored, { batch: this.#fresh.batch, row: j })) return false
    const revision = this.#revision(i, j)
    return !isSameTexts(this.#claims.get(revision.key), revision.new)
  }

  #differing(i: number, j: number): readonly number[] {
    const indices: number[] = []
    const { layouts } = this.#fresh
    this.#stored.layouts.forEach((layout, index) => {
      const other = layouts[index]
      if (other !== undefined && isSame(layout, i, other, j)) return
      if (!this.#isSameNumber(index, i, j)) indices.push(index)
    })
    return indices
  }

  /** Numbers stored as they were sent: files leave out zeros at the end that answers have. */
  #isSameNumber(index: number, i: number, j: number): boolean {
    const column = this.#dataset.columns[index]
    if (column?.type !== 'price' && column?.type !== 'quantity') return false
    const [a, b] = [
      textAt(this.#stored, column, { index, row: i }),
      textAt(this.#fresh, column, { index, row: j }),
    ]
    return a !== '' && withoutZeros(a) === withoutZeros(b)
  }

  /** Does one of the two sources not know this column? */
  #isUnknown(index: number, i: number, j: number): boolean {
    if (this.#dataset.columns[index]?.isOfOneSource !== true) return false
    const [stored, fresh] = [this.#stored.layouts[index], this.#fresh.layouts[index]]
    return stored !== undefined && fresh !== undefined && (isNull(stored, i) || isNull(fresh, j))
  }

  /** Is the stored value, one of two that differ, the one that is not known? */
  #fills(index: number, i: number): boolean {
    const layout = this.#stored.layouts[index]
    return layout !== undefined && isNull(layout, i)
  }

  /** The stored row, with what only the fresh one knows. */
  #filled(i: number, j: number): Side {
    const [stored, fresh] = [
      sliceBatch(this.#stored.batch, i, i + 1),
      sliceBatch(this.#fresh.batch, j, j + 1),
    ]
    const columns = this.#stored.layouts.map((layout, index) =>
      columnData(isNull(layout, i) ? fresh : stored, index),
    )
    return sideOf(this.#dataset, batchOf(stored.schema, columns, 1))
  }

  /** Which side has the finer of two times in one millisecond; undefined when it is not as simple as that. */
  #finer(index: number, i: number, j: number): 'stored' | 'fresh' | undefined {
    const type = this.#dataset.columns[index]?.type
    if (type !== 'time' && type !== 'end') return undefined
    const stored = timeAt(this.#stored, index, i)
    const fresh = timeAt(this.#fresh, index, j)
    if (stored === undefined || fresh === undefined) return undefined
    if (stored / 1000n !== fresh / 1000n) return undefined
    const coarse = type === 'end' ? 999n : 0n
    if (fresh % 1000n === coarse) return 'stored'
    return stored % 1000n === coarse ? 'fresh' : undefined
  }

  /** Is the fresh row an older state of an order than the stored one? */
  #isOlder(i: number, j: number): boolean {
    if (this.#updateTime < 0) return false
    const stored = timeAt(this.#stored, this.#updateTime, i)
    const fresh = timeAt(this.#fresh, this.#updateTime, j)
    return stored !== undefined && fresh !== undefined && fresh < stored
  }

  #revision(i: number, j: number): ChangedRow {
    const differing = this.#differing(i, j).flatMap((index) => {
      const column = this.#dataset.columns[index]
      return column === undefined ? [] : [{ column, index }]
    })
    const textsOf = (side: Side, row: number): Record<string, string> =>
      Object.fromEntries(
        differing.map(({ column, index }) => [column.name, textAt(side, column, { index, row })]),
      )
    const time = int64Values(this.#fresh.batch, columnIndex(this.#dataset, this.#dataset.time))[j]
    return {
      key: String(this.#fresh.keys[j]),
      time: formatMicros(micros(time ?? 0n)),
      old: textsOf(this.#stored, i),
      new: textsOf(this.#fresh, j),
    }
  }
}

function isSameTexts(
  a: Readonly<Record<string, string>> | undefined,
  b: Readonly<Record<string, string>>,
): boolean {
  const names = Object.keys(b)
  return (
    a !== undefined &&
    names.length === Object.keys(a).length &&
    names.every((name) => a[name] === b[name])
  )
}

function sideOf(dataset: Dataset, batch: RecordBatch): Side {
  const keys = int64Values(batch, columnIndex(dataset, dataset.key))
  const layouts = dataset.columns.map((_, index) => layoutOf(columnData(batch, index)))
  return { batch, keys, halves: halvesOf(keys), layouts }
}

/** A time; undefined when it is null. */
function timeAt({ batch }: Side, index: number, row: number): bigint | undefined {
  const data = columnData(batch, index)
  return data.getValid(row) ? (data.values as BigInt64Array)[row] : undefined
}

function textAt(
  { batch }: Side,
  column: Column,
  { index, row }: { index: number; row: number },
): string {
  return valueText(column, columnData(batch, index), row)
}
