/**
 * Rows of one file in the order of their keys, each key once, in bounded memory. Files are sorted as a rule, so pages
 * pass as they are; some held back are put right when two streams were interleaved or rows were written twice.
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

/** Rows held back at least, while there are more to come: how far rows may be out of order. */
export const HELD_ROWS = 131_072

/** Contradictions kept in full; a file with more of them is told by their count. */
const CONFLICTS_MAX = 1_000

/** What was put right. */
export type Mended = {
  /** Rows that were there before, the same. */
  duplicates: number
  /** Rows that were there before with other values; the later one in the file was kept, or the finer of two times. */
  conflicts: number
  /** The first of them, in full. */
  readonly conflictRows: ChangedRow[]
  /** Rows that came after one with a higher key. */
  late: number
}

/** Nothing put right yet. */
export function newMended(): Mended {
  return { duplicates: 0, conflicts: 0, conflictRows: [], late: 0 }
}

/** What to reconcile by. */
export type ReconcileOptions = {
  /** For errors. */
  readonly file: string
  /** Counts what is put right. */
  readonly mended: Mended
  readonly heldRows?: number | undefined
}

/**
 * The rows of `pages`, strictly increasing by key.
 *
 * @throws ArchiveError `disorder` when a row comes later than the rows held back reach, when its place is gone.
 */
export async function* reconcileRows(
  dataset: Dataset,
  pages: AsyncIterable<Page>,
  { file, mended, heldRows = HELD_ROWS }: ReconcileOptions,
): AsyncGenerator<Page, void, void> {
  const held = new HeldRows(dataset, mended)
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
    // Up to twice as many, so that what must be sorted is not sorted anew for every page.
    if (held.rowCount < 2 * heldRows) continue
    while (held.rowCount - held.firstRows >= heldRows) yield give(held.take())
  }
  while (held.rowCount > 0) yield give(held.take())
}

function disorder(file: string, key: bigint, given: bigint): ArchiveError {
  const message = `${quoteText(file)}: key ${key} comes long after key ${given}`
  return new ArchiveError('disorder', file, message)
}

/** Pages held back: sorted among each other whenever the oldest is taken. */
class HeldRows {
  readonly #dataset: Dataset
  readonly #mended: Mended
  #pages: Page[] = []
  #rowCount = 0
  #isSorted = true

  constructor(dataset: Dataset, mended: Mended) {
    this.#dataset = dataset
    this.#mended = mended
  }

  get rowCount(): number {
    return this.#rowCount
  }

  /** Rows that the next {@link HeldRows.take} gives, about. */
  get firstRows(): number {
    return this.#pages[0]?.rowCount ?? 0
  }

  add(page: Page): void {
    const before = this.#pages.at(-1)
    const lastKey = before?.keys[before.rowCount - 1]
    const isNext = lastKey === undefined || (page.keys[0] ?? 0n) > lastKey
    const late = lateRows(page)
    const isLate = lastKey !== undefined && (page.keys[0] ?? 0n) < lastKey
    this.#mended.late += late.count + (isLate ? 1 : 0)
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
    this.#mended.duplicates += dropped
    const unique = this.#settle(page)
    this.#pages = []
    for (let from = 0; from < unique.rowCount; from += rows)
      this.#pages.push(sliceRows(unique, from, Math.min(from + rows, unique.rowCount)))
    this.#rowCount = unique.rowCount
    this.#isSorted = true
  }

  /** Lets the later row of each key win, in the order of the file; all first rows, then all second ones, and so on. */
  #settle(page: Page): Page {
    const layers = layersOf(page)
    const [first, ...later] = layers
    if (first === undefined || later.length === 0) return page
    let { batch } = first
    for (const layer of later) {
      const merged = mergeBatches(batch, layer.batch, { dataset: this.#dataset })
      batch = merged.batch
      this.#mended.duplicates += merged.duplicates
      this.#mended.conflicts += merged.revisions.length
      const { conflictRows } = this.#mended
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

/** A sorted page taken apart: the first row of each key, the second row of those that have one, and so on. */
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
