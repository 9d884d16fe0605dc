/**
 * What windows will cost. Klines are counted on their grid: an upper bound. Where there is no grid, rows are reckoned
 * by what the lake holds of the series, or guessed by a busy symbol's day where it holds none.
 */

import { lengthOf, subtractAll, type Coverage } from '../base/coverage.ts'
import type { Micros, Window } from '../base/time.ts'
import { datasetOf } from '../binance/market.ts'
import { slotCount } from '../binance/interval.ts'
import type { SeriesKey } from '../binance/series.ts'

/** An estimate of what asking over REST takes, and of what is stored then. */
export type Estimate = {
  readonly requests: number
  readonly weight: number
  readonly rows: number
  readonly bytes: number
}

/** What one piece of work takes. */
export type Cost = {
  /** Over REST; downloads spend none. */
  readonly requests: number
  readonly weight: number
  /** Of zips where they are downloaded, else of what is stored. */
  readonly bytes: number
  readonly seconds: number
}

export const NO_COST: Cost = { requests: 0, weight: 0, bytes: 0, seconds: 0 }

/** How dense a series is. */
export type Pace = {
  /** Of no meaning for klines, whose rows lie on a grid. */
  readonly rowsPerDay: number
  /** Bytes that a stored row takes. */
  readonly rowBytes: number
  /** Are the rows neither counted on a grid nor reckoned by rows that are there? */
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
/** Less than this much says nothing about a day. */
const LEARNT_MIN = DAY / 24

/** How dense a series is by what is stored of it, or by what its dataset is like. */
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

/** Estimates what asking for `windows` of a series takes over REST. */
export function estimate(key: SeriesKey, windows: Coverage, pace: Pace): Estimate {
  const dataset = datasetOf(key)
  let requests = 0
  let rows = 0
  for (const window of windows) {
    const days = lengthOf([window]) / DAY
    const count = rowCount(key, window, pace)
    rows += count
    // The exchange takes no more than a day at once for account datasets.
    const least = dataset.walk === 'accountWindow' ? Math.ceil(days) : 1
    requests += Math.max(least, Math.ceil(count / dataset.pageRows))
  }
  const bytes = Math.round(rows * pace.rowBytes)
  return { requests, weight: requests * dataset.weight, rows, bytes }
}

/**
 * Estimates what REST is asked for: these windows, and where one begins at a seam, the newest rows before it once more.
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
