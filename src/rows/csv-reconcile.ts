/**
 * Rows of one file in key order, each key once, in bounded memory. Files are normally sorted, so pages pass unchanged.
 * Some are held back, to repair files whose streams were interleaved or whose rows were written twice.
 */

import { ArchiveError } from '../base/errors.ts'
import { quoteText } from '../base/text.ts'
import type { Dataset } from '../binance/dataset.ts'
import { assemble } from './assemble.ts'
import { pageOf } from './batch.ts'
import { compareHalves, halvesOf } from './int64.ts'
import { mergeBatches, type ChangedRow } from './merge.ts'
import { concatBatches, dropDuplicates, sliceRows, sortByKey } from './order.ts'
import type { Page } from './page.ts'

/** The least number of rows held back while more are to come: how far rows may be out of order. */
export const HELD_ROWS = 131_072

/** Conflicts kept in full; beyond that, only their count is reported. */
const CONFLICTS_MAX = 1_000

/** What was repaired. */
export type Repairs = {
  /** Rows that occurred before with the same values. */
  duplicates: number
  /** Rows that occurred before with other values; the later one in the file was kept, or the finer of two times. */
  conflicts: number
  /** The first of them, in full. */
  readonly conflictRows: ChangedRow[]
  /** Rows that came after one with a higher key. */
  late: number
}

/** No repairs yet. */
export function noRepairs(): Repairs {
  return { duplicates: 0, conflicts: 0, conflictRows: [], late: 0 }
}

/** Options of {@link reconcileRows}. */
export type ReconcileOptions = {
  /** For errors. */
  readonly file: string
  /** Counts the repairs. */
  readonly repairs: Repairs
  readonly heldRows?: number | undefined
}

/**
 * The rows of `pages`, strictly increasing by key.
 *
 * @throws ArchiveError `disorder` when a row comes so late that its place was already returned.
 */
export async function* reconcileRows(
  dataset: Dataset,
  pages: AsyncIterable<Page>,
  { file, repairs, heldRows = HELD_ROWS }: ReconcileOptions,
): AsyncGenerator<Page, void, void> {
  const held = new HeldRows(dataset, repairs)
  let given: bigint | undefined
  const give = (page: Page): Page => {
    const first = page.keys[0] ?? 0n
    if (given !== undefined && first <= given) throw disorder(file, first, given)
    given = page.keys[page.rowCount - 1] ?? given
    return page
  }
  for await (const page of pages) {
    if (page.rowCount === 0) continue
    held.add(page)
    // Up to twice as many, so that rows are not sorted again for every page.
    if (held.rowCount < 2 * heldRows) continue
    while (held.rowCount - held.firstRows >= heldRows) yield give(held.take())
  }
  while (held.rowCount > 0) yield give(held.take())
}

function disorder(file: string, key: bigint, given: bigint): ArchiveError {
  const message = `${quoteText(file)}: key ${key} comes long after key ${given}`
  return new ArchiveError('disorder', file, message)
}

/** Held pages: sorted together whenever the oldest is taken. */
class HeldRows {
  readonly #dataset: Dataset
  readonly #repairs: Repairs
  #pages: Page[] = []
  #rowCount = 0
  #isSorted = true

  constructor(dataset: Dataset, repairs: Repairs) {
    this.#dataset = dataset
    this.#repairs = repairs
  }

  get rowCount(): number {
    return this.#rowCount
  }

  /** About how many rows the next {@link HeldRows.take} returns. */
  get firstRows(): number {
    return this.#pages[0]?.rowCount ?? 0
  }

  add(page: Page): void {
    const before = this.#pages.at(-1)
    const lastKey = before?.keys[before.rowCount - 1]
    const isNext = lastKey === undefined || (page.keys[0] ?? 0n) > lastKey
    const late = lateRows(page)
    const isLate = lastKey !== undefined && (page.keys[0] ?? 0n) < lastKey
    this.#repairs.late += late.count + (isLate ? 1 : 0)
    this.#isSorted &&= isNext && late.isStrict
    this.#pages.push(page)
    this.#rowCount += page.rowCount
  }

  take(): Page {
    if (!this.#isSorted) this.#sort()
    const page = this.#pages.shift()
    if (page === undefined) throw new RangeError('no rows are held')
    this.#rowCount -= page.rowCount
    return page
  }

  #sort(): void {
    const rows = this.#pages[0]?.rowCount ?? 1
    const batch = concatBatches(this.#pages.map((page) => page.batch))
    const sorted = sortByKey(this.#dataset, pageOf(this.#dataset, batch))
    const { page, dropped } = dropDuplicates(this.#dataset, sorted)
    this.#repairs.duplicates += dropped
    const unique = this.#settle(page)
    this.#pages = []
    for (let from = 0; from < unique.rowCount; from += rows)
      this.#pages.push(sliceRows(unique, from, Math.min(from + rows, unique.rowCount)))
    this.#rowCount = unique.rowCount
    this.#isSorted = true
  }

  /** Keeps the later row of each key, in file order; all first rows, then all second ones, and so on. */
  #settle(page: Page): Page {
    const layers = layersOf(page)
    const [first, ...later] = layers
    if (first === undefined || later.length === 0) return page
    let { batch } = first
    for (const layer of later) {
      const merged = mergeBatches(batch, layer.batch, { dataset: this.#dataset })
      batch = merged.batch
      this.#repairs.duplicates += merged.duplicates
      this.#repairs.conflicts += merged.revisions.length
      const { conflictRows } = this.#repairs
      conflictRows.push(...merged.revisions.slice(0, CONFLICTS_MAX - conflictRows.length))
    }
    return pageOf(this.#dataset, batch)
  }
}

/** How many rows are out of order within a page, and whether each key is above the one before it. */
function lateRows({ keys, rowCount }: Page): { count: number; isStrict: boolean } {
  const halves = halvesOf(keys)
  let count = 0
  let isStrict = true
  for (let row = 1; row < rowCount; row++) {
    const order = compareHalves(halves, row, halves, row - 1)
    if (order > 0) continue
    isStrict = false
    if (order < 0) count++
  }
  return { count, isStrict }
}

/** Splits a sorted page: the first row of each key, the second row of those that have one, and so on. */
function layersOf(page: Page): readonly { readonly batch: Page['batch'] }[] {
  const { batch, keys, rowCount } = page
  const layers: { from: number; to: number }[][] = []
  let depth = 0
  for (let row = 0; row < rowCount; row++) {
    depth = row > 0 && keys[row] === keys[row - 1] ? depth + 1 : 0
    const layer = (layers[depth] ??= [])
    const last = layer.at(-1)
    if (last?.to === row) last.to = row + 1
    else layer.push({ from: row, to: row + 1 })
  }
  return layers.map((ranges) => ({ batch: assemble(ranges.map((range) => ({ batch, ...range }))) }))
}
