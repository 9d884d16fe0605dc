/**
 * The public archive: which files exist, what they are called, and when they appear.
 *
 * @see binance-public-data, README.md: daily files appear the next day, monthly ones on the first Monday of the month;
 * spot times are in microseconds from 2025-01-01 on. Its `enums.py`: intervals above a day have no daily files.
 */

import {
  earliest,
  floorDiv,
  formatMicros,
  latest,
  micros,
  periodOf,
  periodWindow,
  type Micros,
  type Window,
} from '../base/time.ts'
import { LABEL_STEP } from './dataset.ts'
import { intervalPathName, intervalStep } from './interval.ts'
import { datasetOf, MARKETS } from './market.ts'
import type { SeriesKey } from './series.ts'

/** The length of an archive file. */
export type ArchiveSpan = 'daily' | 'monthly'

/** One archive file by its time. */
export type ArchivePeriod = {
  /** `YYYY-MM` for a monthly file, `YYYY-MM-DD` for a daily one. */
  readonly period: string
  /** The UTC month or day; the file's rows lie in it by their own time (klines: open time). */
  readonly window: Window
}

const DAY = 86_400_000_000n

/**
 * A monthly file is used when at least this many of its days are wanted; for fewer, daily files are less to download.
 */
const MONTH_DAYS_MIN = 10n

/** Is `period` a day or a month? */
export function archiveSpan(period: string): ArchiveSpan {
  return period.length === 7 ? 'monthly' : 'daily'
}

/** The folder of a series: `data/spot/daily/klines/BTCUSDT/1m/`. Not percent-encoded. */
export function archiveFolder(
  { market, dataset, symbol, interval }: SeriesKey,
  span: ArchiveSpan,
): string {
  const folder = `${MARKETS[market].archiveFolder}/${span}/${dataset}/${symbol}/`
  return interval === undefined ? folder : `${folder}${intervalPathName(interval)}/`
}

/** The folder that has a folder for each symbol: `data/spot/monthly/klines/`. */
export function symbolsFolder(
  { market, dataset }: Pick<SeriesKey, 'market' | 'dataset'>,
  span: ArchiveSpan,
): string {
  return `${MARKETS[market].archiveFolder}/${span}/${dataset}/`
}

/** The path of one file: `data/spot/daily/klines/BTCUSDT/1m/BTCUSDT-1m-2024-03-01.zip`. Not percent-encoded. */
export function archivePath(key: SeriesKey, period: string): string {
  return `${archiveFolder(key, archiveSpan(period))}${baseName(key, period)}.zip`
}

/** The path of the file with a file's SHA-256. */
export function checksumPath(path: string): string {
  return `${path}.CHECKSUM`
}

/** The unit of the times in a market's files of a time; each row is checked. */
export function archiveUnit({ market }: Pick<SeriesKey, 'market'>, { from }: Window): 'ms' | 'us' {
  const { archiveMicrosFrom } = MARKETS[market]
  return archiveMicrosFrom !== undefined && from >= archiveMicrosFrom ? 'us' : 'ms'
}

/** The name of the one entry of a file: `BTCUSDT-1m-2024-03-01.csv`. */
export function entryName(key: SeriesKey, period: string): string {
  return `${baseName(key, period)}.csv`
}

function baseName({ dataset, symbol, interval }: SeriesKey, period: string): string {
  return `${symbol}-${interval === undefined ? dataset : intervalPathName(interval)}-${period}`
}

/** The day or month of a file, from its path; `undefined` if the path does not end with one. */
export function periodOfPath(path: string): string | undefined {
  return /-(\d{4}-\d{2}(?:-\d{2})?)\.zip$/.exec(path)?.[1]
}

/** The first moment at which a file may exist: the next day, or the first Monday of the next month (UTC). */
export function publishedFrom(period: string): Micros {
  const { to } = periodWindow(period)
  if (archiveSpan(period) === 'daily') return to
  // 1970-01-01 was a Thursday; Mondays are the days 4 modulo 7.
  const past = (((to / DAY) % 7n) + 3n) % 7n
  return past === 0n ? to : micros(to + (7n - past) * DAY)
}

/**
 * The files that hold the rows of `window`, oldest first, as far as they may be published by `now`: monthly ones where
 * most of the month is wanted, otherwise daily ones. They do not overlap, and may reach beyond the window.
 */
export function archivePeriods(
  key: SeriesKey,
  window: Window,
  now: Micros,
): readonly ArchivePeriod[] {
  const shift = shiftOf(key)
  // Without monthly files there is nothing to choose, and a shifted day reaches into the next month.
  if (!hasSpan(key, 'monthly')) return dailyPeriods(window, now, shift)
  const isMonthlyOnly = !hasSpan(key, 'daily')
  const periods: ArchivePeriod[] = []
  for (let from = window.from; from < window.to;) {
    const month = periodOf(from, 'month')
    const whole = periodWindow(month)
    const part = { from: latest(from, whole.from), to: earliest(window.to, whole.to) }
    const isMost = part.to - part.from >= MONTH_DAYS_MIN * DAY
    const isMonthly = hasSpan(key, 'monthly') && (isMonthlyOnly || isMost)
    if (isPublished(month, now) && isMonthly) periods.push({ period: month, window: whole })
    else if (!isMonthlyOnly) periods.push(...dailyPeriods(part, now, shift))
    from = whole.to
  }
  return periods
}

/** Does a series have files of this length? Intervals above a day have no daily ones. */
export function hasSpan(key: SeriesKey, span: ArchiveSpan): boolean {
  const { archiveSpans } = datasetOf(key)
  if (archiveSpans !== undefined) return archiveSpans.includes(span)
  return span === 'monthly' || key.interval === undefined || intervalStep(key.interval) <= DAY
}

/** The time of the rows of a file. */
export function archiveWindow(key: SeriesKey, period: string): Window {
  const { from, to } = periodWindow(period)
  const shift = shiftOf(key)
  return { from: micros(from + shift), to: micros(to + shift) }
}

/** How much later than its day the rows of a file lie: by what a label stands for, since they are known by its end. */
export function shiftOf(key: SeriesKey): bigint {
  return datasetOf(key).labels === undefined ? 0n : LABEL_STEP
}

/** The daily files that hold the rows of `window`; they replace a monthly file that cannot be used. */
export function dailyPeriods(
  window: Window,
  now: Micros,
  shift: bigint = 0n,
): readonly ArchivePeriod[] {
  const periods: ArchivePeriod[] = []
  const first = micros(floorDiv(window.from - shift, DAY) * DAY)
  for (let from = first; from < window.to - shift; from = micros(from + DAY)) {
    const period = formatMicros(from).slice(0, 10)
    const own = periodWindow(period)
    const shifted = { from: micros(own.from + shift), to: micros(own.to + shift) }
    if (isPublished(period, now)) periods.push({ period, window: shifted })
  }
  return periods
}

function isPublished(period: string, now: Micros): boolean {
  return publishedFrom(period) <= now
}
