/**
 * The cost of windows. Klines are counted on their grid: an upper bound. Without a grid, rows are estimated from what
 * the lake holds of the series, or from a busy symbol's day if it holds none.
 */

import { lengthOf, subtractAll, type Coverage } from '../base/coverage.ts'
import type { Micros, Window } from '../base/time.ts'
import { datasetOf } from '../binance/market.ts'
import { slotCount } from '../binance/interval.ts'
import type { SeriesKey } from '../binance/series.ts'

/** The estimated cost of requests over REST, and the rows and bytes stored. */
export type Estimate = {
  readonly requests: number
  readonly weight: number
  readonly rows: number
  readonly bytes: number
}

/** The cost of one piece of work. */
export type Cost = {
  /** Over REST; downloads need none. */
  readonly requests: number
  readonly weight: number
  /** Of zips for downloads, otherwise of stored files. */
  readonly bytes: number
  readonly seconds: number
}

export const NO_COST: Cost = { requests: 0, weight: 0, bytes: 0, seconds: 0 }

/** The density of a series. */
export type Pace = {
  /** Meaningless for klines, whose rows lie on a grid. */
  readonly rowsPerDay: number
  /** Bytes per stored row. */
  readonly rowBytes: number
  /** Is this neither counted on a grid nor estimated from stored rows? */
  readonly isGuess: boolean
}

/** What a lake holds of a series. */
export type Stored = {
  readonly covered: Coverage
  /** Known to have no rows. */
  readonly gaps: Coverage
  readonly rows: number
  readonly bytes: number
}

const DAY = 86_400_000_000
/** Shorter stretches say nothing about a day. */
const LEARNT_MIN = DAY / 24

/** The density of a series, from its stored rows or from its dataset. */
export function paceOf(key: SeriesKey, { covered, gaps, rows, bytes }: Stored): Pace {
  const { rowsPerDay, rowBytes } = datasetOf(key)
  const length = lengthOf(subtractAll(covered, gaps))
  const isGuess = key.interval === undefined && (rows === 0 || length < LEARNT_MIN)
  return {
    rowsPerDay: isGuess || length === 0 ? rowsPerDay : (rows * DAY) / length,
    rowBytes: rows === 0 ? rowBytes : bytes / rows,
    isGuess,
  }
}

/** Estimates the cost of requesting `windows` of a series over REST. */
export function estimate(key: SeriesKey, windows: Coverage, pace: Pace): Estimate {
  const dataset = datasetOf(key)
  let requests = 0
  let rows = 0
  for (const window of windows) {
    const days = lengthOf([window]) / DAY
    const count = rowCount(key, window, pace)
    rows += count
    // The exchange accepts no more than a day per request for account datasets.
    const least = dataset.walk === 'accountWindow' ? Math.ceil(days) : 1
    requests += Math.max(least, Math.ceil(count / dataset.pageRows))
  }
  const bytes = Math.round(rows * pace.rowBytes)
  return { requests, weight: requests * dataset.weight, rows, bytes }
}

/**
 * Estimates the requests to REST: these windows, and where one begins at a seam, the newest rows before it once more.
 *
 * @param seams - Where the archive's rows end.
 */
export function estimateRest(
  key: SeriesKey,
  windows: Coverage,
  { pace, seams }: { readonly pace: Pace; readonly seams: readonly Micros[] },
): Estimate {
  const { requests, ...rest } = estimate(key, windows, pace)
  const ends = new Set(seams)
  const all = requests + windows.filter(({ from }) => ends.has(from)).length
  return { ...rest, requests: all, weight: all * datasetOf(key).weight }
}

function rowCount({ interval }: SeriesKey, window: Window, { rowsPerDay }: Pace): number {
  if (interval !== undefined) return slotCount(interval, window)
  return Math.ceil((lengthOf([window]) / DAY) * rowsPerDay)
}
