/**
 * The seam between two sources: where REST goes on after the archive, the newest rows of the archive are asked for
 * once more, with one request. Equal rows prove that both speak of the same things; what differs is a revision.
 */

import { micros, type Window } from '../base/time.ts'
import { BackfillError } from '../base/errors.ts'
import { DATASETS } from '../binance/dataset.ts'
import { intervalStep } from '../binance/interval.ts'
import type { SeriesKey } from '../binance/series.ts'
import type { AskPage, PageParams } from '../pull/walk.ts'
import { pageOf } from '../rows/batch.ts'
import { lowerBound } from '../rows/int64.ts'
import { mergeBatches } from '../rows/merge.ts'
import { concatBatches, sliceRows } from '../rows/order.ts'
import type { Page } from '../rows/page.ts'
import { isFatal } from './outcome.ts'
import type { SourcedStep } from './series-run.ts'

/** Rows of trades that are compared at most: as many as one request brings. */
export const SEAM_ROWS = 1_000

/** What REST says otherwise, ready to be stored, and the time it is about. */
export type SeamNews = { readonly window: Window; readonly step: SourcedStep }

/** The newest rows that came from the archive. */
export class SeamRows {
  #pages: Page[] = []

  /** Takes rows `[first, end)` of a page, which come after all that were taken before. */
  take(page: Page, first: number, end: number): void {
    if (end <= first) return
    const part = sliceRows(page, Math.max(first, end - SEAM_ROWS), end)
    this.#pages.push(part)
    let rows = this.#pages.reduce((sum, { rowCount }) => sum + rowCount, 0)
    while (rows - (this.#pages[0]?.rowCount ?? 0) >= SEAM_ROWS)
      rows -= this.#pages.shift()?.rowCount ?? 0
  }

  /** Forgets them. */
  clear(): void {
    this.#pages = []
  }

  /** What was taken, as one page; `undefined` when there is nothing. */
  rows(key: SeriesKey): Page | undefined {
    if (this.#pages.length === 0) return undefined
    const batch = concatBatches(this.#pages.map((page) => page.batch))
    return pageOf(DATASETS[key.dataset], batch)
  }
}

/**
 * Asks REST for the newest of `rows` again.
 *
 * @returns `undefined` when it tells nothing new.
 */
export async function compareSeam(
  key: SeriesKey,
  rows: Page,
  ask: AskPage<Page>,
): Promise<SeamNews | undefined> {
  const lastKey = rows.keys[rows.rowCount - 1] ?? 0n
  const answer = await asked(ask, seamParams(key, lastKey))
  if (answer === undefined) return undefined
  // Rows that are not ours to compare: older than what REST was asked for, or newer than the archive.
  const first = lowerBound(answer.keys, rows.keys[0] ?? 0n)
  const end = lowerBound(answer.keys, lastKey + 1n)
  if (end <= first) return undefined
  const sent = sliceRows(answer, first, end)
  const from = lowerBound(rows.keys, sent.keys[0] ?? 0n)
  const ours = sliceRows(rows, from, rows.rowCount)
  const dataset = DATASETS[key.dataset]
  const { duplicates } = mergeBatches(ours.batch, sent.batch, { dataset })
  if (duplicates === sent.rowCount) return undefined
  const window = seamWindow(key, sent)
  const range = { first: 0, end: sent.rowCount, reached: window.to }
  return { window, step: { page: sent, ...range, gaps: [], source: 'rest' } }
}

/** A failure here is none of the archive's: whoever asks REST next meets it again. */
async function asked(ask: AskPage<Page>, params: PageParams): Promise<Page | undefined> {
  try {
    return await ask(params, () => undefined)
  } catch (error) {
    if (error instanceof BackfillError && !isFatal(error)) return undefined
    throw error
  }
}

function seamParams({ interval }: SeriesKey, lastKey: bigint): PageParams {
  if (interval !== undefined) return { startTime: lastKey, endTime: lastKey, limit: 1 }
  const fromId = lastKey - BigInt(SEAM_ROWS - 1)
  return { fromId: fromId > 0n ? fromId : 0n, limit: SEAM_ROWS }
}

/** Time of which all rows were sent: trades of the first moment may have come before the first row. */
function seamWindow({ interval }: SeriesKey, { times, rowCount }: Page): Window {
  const first = times[0] ?? 0n
  const last = times[rowCount - 1] ?? 0n
  if (interval !== undefined)
    return { from: micros(first), to: micros(last + intervalStep(interval)) }
  const from = first + 1n
  return { from: micros(from), to: micros(last > from ? last : from + 1n) }
}
