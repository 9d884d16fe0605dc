/**
 * The seam between two sources: where REST goes on after the archive, in the same run or in a later one, the newest
 * rows before it are asked for once more, with one request. Equal rows prove that both speak of the same things; what
 * differs is a revision.
 */

import type { RecordBatch } from 'apache-arrow'
import { intersect, union, type Coverage } from '../base/coverage.ts'
import { BackfillError } from '../base/errors.ts'
import { micros, periodWindow, type Micros, type Window } from '../base/time.ts'
import { DATASETS } from '../binance/dataset.ts'
import { intervalStep } from '../binance/interval.ts'
import type { SeriesKey } from '../binance/series.ts'
import type { AskPage, PageParams } from '../pull/walk.ts'
import { pageOf } from '../rows/batch.ts'
import { lowerBound } from '../rows/int64.ts'
import { mergeBatches } from '../rows/merge.ts'
import { concatBatches, sliceRows } from '../rows/order.ts'
import type { Page } from '../rows/page.ts'
import type { Manifest } from '../store/manifest.ts'
import { isFatal } from './outcome.ts'
import type { SourcedStep } from './series-run.ts'

/** Trades that are compared: as many as one request brings. */
const SEAM_TRADES = 1_000

/** What REST says otherwise, ready to be stored, and the time it is about. */
export type SeamNews = { readonly window: Window; readonly step: SourcedStep }

/** What is covered and, as far as partitions tell, came from the archive. */
export function archivedPart({
  coverage,
  partitions,
}: Pick<Manifest, 'coverage' | 'partitions'>): Coverage {
  const periods = [...partitions]
    .filter(([, { sources }]) => sources.includes('archive'))
    .map(([period]) => periodWindow(period))
  return intersect(coverage, union(periods))
}

/** The stretch of coverage that ends at `from`, if it ends with what the archive brought. */
export function stretchBefore(manifest: Manifest, from: Micros): Window | undefined {
  if (!archivedPart(manifest).some(({ to }) => to === from)) return undefined
  return manifest.coverage.find(({ to }) => to === from)
}

/** How many rows of a series are compared. */
export function seamRows({ interval }: SeriesKey): number {
  return interval === undefined ? SEAM_TRADES : 1
}

/**
 * Asks REST for rows again that are stored.
 *
 * @param stored - The newest ones, in order; not empty.
 * @returns `undefined` when it tells nothing new.
 */
export async function compareSeam(
  key: SeriesKey,
  stored: readonly RecordBatch[],
  ask: AskPage<Page>,
): Promise<SeamNews | undefined> {
  const rows = pageOf(DATASETS[key.dataset], concatBatches(stored))
  const lastKey = rows.keys[rows.rowCount - 1] ?? 0n
  const answer = await asked(ask, seamParams(key, lastKey))
  if (answer === undefined) return undefined
  // Rows that are not ours to compare: older than those that were read back, or newer.
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
  const fromId = lastKey - BigInt(SEAM_TRADES - 1)
  return { fromId: fromId > 0n ? fromId : 0n, limit: SEAM_TRADES }
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
