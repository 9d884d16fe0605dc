/**
 * The cost of windows. Klines are counted on their grid: an upper bound. Without a grid, rows are estimated from what
 * the lake holds of the series, from the bytes of its published files, or from a busy symbol's day.
 */

import { clip, lengthOf, subtractAll, type Coverage } from '../base/coverage.ts'
import type { Micros, Window } from '../base/time.ts'
import { datasetOf } from '../binance/market.ts'
import { slotCount } from '../binance/interval.ts'
import type { SeriesKey } from '../binance/series.ts'
import { rowsInZip } from './cost.ts'
import type { PublishedFile } from './published.ts'

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
  readonly rows: number
  /** Of zips for downloads, otherwise of stored files. */
  readonly bytes: number
  /** What it adds to a run that does other work besides. */
  readonly seconds: number
}

/** The density of a series. */
export type Pace = {
  /** Meaningless for klines, whose rows lie on a grid. */
  readonly rowsPerDay: number
  /** Bytes per stored row. */
  readonly rowBytes: number
  /** Is this neither counted on a grid nor estimated from stored rows or published files? */
  readonly isGuess: boolean
  /** No rows are expected before this moment: the archive's first file is so much younger than what is wanted. */
  readonly since?: Micros
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

/** A month may be without a file although the symbol traded, more hardly. */
const UNPUBLISHED_MAX = 31 * DAY

/** The density of a series that has these published files, oldest first. @param missing - What is left to be fetched. */
export function paceWith(
  key: SeriesKey,
  pace: Pace,
  { files, missing }: { readonly files: readonly PublishedFile[]; readonly missing: Coverage },
): Pace {
  const [first, earliest] = [files[0]?.window.from, missing[0]?.from]
  if (first === undefined || earliest === undefined) return pace
  const since = Number(first - earliest) > UNPUBLISHED_MAX ? { since: first } : {}
  const sized = files.filter(({ sizeBytes }) => sizeBytes !== undefined)
  const rows = sized.reduce((sum, { sizeBytes = 0 }) => sum + rowsInZip(key, sizeBytes), 0)
  if (!pace.isGuess || rows === 0) return { ...pace, ...since }
  const days = lengthOf(sized.map(({ window }) => window)) / DAY
  return { ...pace, rowsPerDay: rows / days, isGuess: false, ...since }
}

/** The rows of a published file that lie in `window`. */
export function rowsOfFile(
  key: SeriesKey,
  file: PublishedFile,
  window: Window,
  pace: Pace,
): number {
  const parts = clip([window], file.window)
  const most = estimate(key, parts, pace).rows
  if (file.sizeBytes === undefined) return most
  const share = lengthOf(parts) / lengthOf([file.window])
  const rows = Math.round(rowsInZip(key, file.sizeBytes) * share)
  return key.interval === undefined ? rows : Math.min(rows, most)
}

/** Estimates the cost of requesting `windows` of a series over REST. */
export function estimate(key: SeriesKey, windows: Coverage, pace: Pace): Estimate {
  const dataset = datasetOf(key)
  let requests = 0
  let rows = 0
  for (const window of windows) {
    // The exchange accepts no more than a day, or a few, per request for account datasets.
    const days = lengthOf([window]) / DAY
    const count = rowCount(key, window, pace)
    rows += count
    const least = dataset.security === 'signed' ? Math.ceil(days / (dataset.windowDays ?? 1)) : 1
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

function rowCount({ interval }: SeriesKey, whole: Window, { rowsPerDay, since }: Pace): number {
  const window = since === undefined || since < whole.from ? whole : { ...whole, from: since }
  if (window.to <= window.from) return 0
  if (interval !== undefined) return slotCount(interval, window)
  return Math.ceil((lengthOf([window]) / DAY) * rowsPerDay)
}
