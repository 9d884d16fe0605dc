/** Rows of one file that belong to the time of the next, merged into the rows of that file. */

import type { Micros } from '../../base/time.ts'
import { datasetOf } from '../../binance/market.ts'
import type { SeriesKey } from '../../binance/series.ts'
import { pageOf } from '../../rows/batch.ts'
import { lowerBound } from '../../rows/int64.ts'
import { mergeBatches } from '../../rows/merge.ts'
import { concatBatches, sliceRows } from '../../rows/order.ts'
import type { Page } from '../../rows/page.ts'
import { pageOfRows, runsWhere } from './cut.ts'

/** Late rows, in order, that wait for their place. */
export class LateRows {
  readonly #key: SeriesKey
  #rows: Page | undefined

  constructor(key: SeriesKey, pages: readonly Page[]) {
    this.#key = key
    this.#rows = joined(key, pages)
  }

  /** Is no row waiting? */
  get isEmpty(): boolean {
    return this.#rows === undefined || this.#rows.rowCount === 0
  }

  /** The rows that are left. */
  take(): Page | undefined {
    const rows = this.#rows
    this.#rows = undefined
    return rows
  }

  /** `page` with the late rows before its end; a row that both have is one. */
  mergedInto(page: Page): Page {
    const rows = this.#rows
    if (rows === undefined) return page
    const end = lowerBound(rows.keys, (page.keys[page.rowCount - 1] ?? 0n) + 1n)
    if (end === 0) return page
    this.#rows = end === rows.rowCount ? undefined : sliceRows(rows, end, rows.rowCount)
    const dataset = datasetOf(this.#key)
    return pageOf(
      dataset,
      mergeBatches(sliceRows(rows, 0, end).batch, page.batch, { dataset }).batch,
    )
  }
}

/** Does a page begin with rows that the file before had, whose last id this was? */
export function isRepeated({ keys }: Pick<Page, 'keys'>, lastId: bigint | undefined): boolean {
  return lastId !== undefined && (keys[0] ?? 0n) <= lastId
}

/**
 * `page` without the rows before `from` that the file before already had.
 *
 * @param lastId - The last id of that file; `undefined` when there was none.
 */
export function withoutRepeated(
  key: SeriesKey,
  page: Page,
  { lastId, from }: { readonly lastId: bigint | undefined; readonly from: Micros },
): Page {
  if (lastId === undefined || !isRepeated(page, lastId)) return page
  const begin = lowerBound(page.keys, lastId + 1n)
  const own = runsWhere({ page, first: 0, end: begin }, (time) => time >= from)
  const rows = [...own, { page, first: begin, end: page.rowCount }]
  return joined(key, rows.map(pageOfRows)) ?? page
}

/** Pages as one; `undefined` when there is none. */
export function joined(key: SeriesKey, pages: readonly Page[]): Page | undefined {
  const some = pages.filter(({ rowCount }) => rowCount > 0)
  if (some.length < 2) return some[0] ?? pages[0]
  return pageOf(datasetOf(key), concatBatches(some.map(({ batch }) => batch)))
}
