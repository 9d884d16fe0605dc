/**
 * The seam between two sources, in one run or across runs. Where one source continues after the other, the newest rows
 * before that point are read from both: REST needs one request, a file has them anyway (`archive/seam.ts`). Equal rows
 * prove that both sources agree; what differs is a revision.
 */

import { intersect, union } from '../base/coverage.ts'
import { BackfillError, isFatal } from '../base/errors.ts'
import {
  earliest,
  floorDiv,
  latest,
  micros,
  periodWindow,
  type Micros,
  type Window,
} from '../base/time.ts'
import { isKeyedByTime } from '../binance/dataset.ts'
import { datasetOf } from '../binance/market.ts'
import { intervalStep } from '../binance/interval.ts'
import type { SeriesKey } from '../binance/series.ts'
import type { Progress } from '../progress.ts'
import type { AskPage, PageParams } from './walk.ts'
import { pageOf } from '../rows/batch.ts'
import { lowerBound } from '../rows/int64.ts'
import { mergeBatches } from '../rows/merge.ts'
import { concatBatches, sliceRows } from '../rows/order.ts'
import type { Page } from '../rows/page.ts'
import type { Manifest } from '../store/manifest.ts'
import type { Series } from '../store/series.ts'
import { WindowStore, type SourcedStep, type Tally } from '../store/window-store.ts'

/** Trades that are compared: as many as one request returns. */
const SEAM_TRADES = 1_000

/** What the later source has differently, and the time it covers. */
export type SeamDifference = { readonly window: Window; readonly page: Page }

type Held = Pick<Manifest, 'coverage' | 'partitions'>

/** Where coverage ends with rows of this source, as far as partitions show. */
export function seamsAfter(
  { coverage, partitions }: Held,
  source: 'archive' | 'rest',
): readonly Window[] {
  const periods = [...partitions]
    .filter(([, { sources }]) => sources.includes(source))
    .map(([period]) => periodWindow(period))
  const ends = new Set(intersect(coverage, union(periods)).map(({ to }) => to))
  return coverage.filter(({ to }) => ends.has(to))
}

/** How many rows of a series are compared. */
function seamRows(key: SeriesKey): number {
  return isKeyedByTime(datasetOf(key)) ? 1 : SEAM_TRADES
}

/** The newest stored rows before `from`, if coverage ends in its millisecond with rows of `source`. */
export async function rowsBefore(
  series: Series,
  from: Micros,
  source: 'archive' | 'rest',
): Promise<Page | undefined> {
  const stretch = seamsAfter(series.manifest, source).find(
    ({ to }) => from <= to && to < from + 1_000n,
  )
  if (stretch === undefined) return undefined
  const stored = await series.newestRows(stretch, seamRows(series.key))
  return stored.length === 0 ? undefined : pageOf(datasetOf(series.key), concatBatches(stored))
}

/**
 * Requests stored rows again from REST.
 *
 * @param stored - The newest ones before `seam`, in order; not empty.
 * @returns `undefined` when nothing differs.
 */
export async function askSeam(
  key: SeriesKey,
  stored: Page,
  seam: Micros,
  ask: AskPage,
): Promise<SeamDifference | undefined> {
  const answer = await asked(ask, seamParams(key, lastKeyOf(stored)))
  return answer === undefined ? undefined : compareSeam(key, stored, seam, answer)
}

/**
 * Compares stored rows with those of another source.
 *
 * @param answer - May also hold rows that are not compared: older than the stored ones, or newer.
 * @returns `undefined` when nothing differs.
 */
export function compareSeam(
  key: SeriesKey,
  stored: Page,
  seam: Micros,
  answer: Page,
): SeamDifference | undefined {
  const first = lowerBound(answer.keys, stored.keys[0] ?? 0n)
  const end = lowerBound(answer.keys, lastKeyOf(stored) + 1n)
  if (end <= first) return undefined
  const page = sliceRows(answer, first, end)
  const ours = sliceRows(stored, lowerBound(stored.keys, page.keys[0] ?? 0n), stored.rowCount)
  const dataset = datasetOf(key)
  const { duplicates } = mergeBatches(ours.batch, page.batch, { dataset })
  return duplicates === page.rowCount ? undefined : { window: seamWindow(key, page, seam), page }
}

/** Stores the difference as revisions. */
export async function* storeSeam(
  series: Series,
  { window, page }: SeamDifference,
  from: Pick<SourcedStep, 'source' | 'archives' | 'gaps'>,
  { now, tally }: { readonly now: Micros; readonly tally: Tally },
): AsyncGenerator<Progress, void, void> {
  const store = new WindowStore(series, window, now, tally)
  try {
    yield* store.take({ ...from, page, first: 0, end: page.rowCount, reached: window.to })
    yield* store.finish()
  } finally {
    await store.abort()
  }
}

function lastKeyOf({ keys, rowCount }: Page): bigint {
  return keys[rowCount - 1] ?? 0n
}

/** A failure here does not concern the archive: the next request to REST meets it again. */
async function asked(ask: AskPage, params: PageParams): Promise<Page | undefined> {
  try {
    return await ask(params, () => undefined)
  } catch (error) {
    if (error instanceof BackfillError && !isFatal(error)) return undefined
    throw error
  }
}

function seamParams(key: SeriesKey, lastKey: bigint): PageParams {
  if (isKeyedByTime(datasetOf(key))) return { startTime: lastKey, endTime: lastKey, limit: 1 }
  const fromId = lastKey - BigInt(SEAM_TRADES - 1)
  return { fromId: fromId > 0n ? fromId : 0n, limit: SEAM_TRADES }
}

/**
 * The time for which all rows were received: trades of the first moment may have come before the first row. Whole
 * milliseconds, since one of the two sources may round to them. Never empty, or nothing could be stored, and never
 * beyond the seam, where nothing was requested.
 */
function seamWindow(key: SeriesKey, { times, rowCount }: Page, seam: Micros): Window {
  const { interval } = key
  const first = times[0] ?? 0n
  const last = times[rowCount - 1] ?? 0n
  if (interval !== undefined)
    return { from: micros(first), to: earliest(micros(last + intervalStep(interval)), seam) }
  if (isKeyedByTime(datasetOf(key))) return { from: micros(first), to: micros(last + 1n) }
  const from = earliest(micros((floorDiv(first, 1_000n) + 1n) * 1_000n), micros(seam - 1n))
  const to = earliest(micros(floorDiv(last, 1_000n) * 1_000n), seam)
  return { from, to: latest(to, micros(from + 1n)) }
}
