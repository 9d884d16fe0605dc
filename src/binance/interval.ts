/**
 * Kline intervals: their names, their lengths, and the grid on which their open times normally lie.
 *
 * @see binance-spot-api-docs, rest-api.md, "Kline/Candlestick chart intervals": names are case-sensitive.
 */

import { floorDiv, fromMillis, micros, toMillis, type Micros, type Window } from '../base/time.ts'

/** Binance's own names, shortest first. `m` is a minute, `M` a month. */
export const INTERVALS = [
  '1s',
  '1m',
  '3m',
  '5m',
  '15m',
  '30m',
  '1h',
  '2h',
  '4h',
  '6h',
  '8h',
  '12h',
  '1d',
  '3d',
  '1w',
  '1M',
] as const
/** @see {@link INTERVALS} */
export type Interval = (typeof INTERVALS)[number]

const SECOND = 1_000_000n
/** The length of a unit in microseconds; months differ. */
export const UNIT: Readonly<Record<string, bigint>> = {
  s: SECOND,
  m: 60n * SECOND,
  h: 3_600n * SECOND,
  d: 86_400n * SECOND,
  w: 604_800n * SECOND,
}
const DAY = 86_400n * SECOND

/** The length of an interval in microseconds; for `1M`, whose length varies, the longest: 31 days. */
export function intervalStep(interval: Interval): bigint {
  return interval === '1M'
    ? 31n * DAY
    : BigInt(interval.slice(0, -1)) * (UNIT[interval.slice(-1)] ?? 0n)
}

/** Is the grid of open times of `interval` known? That of `3d` is not documented, so nothing is derived from it. */
export function hasKnownGrid(interval: Interval): boolean {
  return interval !== '3d'
}

// 1970-01-05 was the first Monday of the epoch; weeks open on Mondays.
const MONDAY = 4n * DAY

/** The last grid point at or before `time`. For `3d`, the grid of days. */
export function gridFloor(interval: Interval, time: Micros): Micros {
  if (interval === '1M') {
    const date = new Date(toMillis(time))
    return fromMillis(Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1))
  }
  const step = interval === '3d' ? DAY : intervalStep(interval)
  const phase = interval === '1w' ? MONDAY : 0n
  return micros(floorDiv(time - phase, step) * step + phase)
}

/** The first grid point after `time`. For `3d`, the grid of days. */
export function gridNext(interval: Interval, time: Micros): Micros {
  const floor = gridFloor(interval, time)
  if (interval !== '1M') return micros(floor + (interval === '3d' ? DAY : intervalStep(interval)))
  const date = new Date(toMillis(floor))
  return fromMillis(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1))
}

/** The first grid point at or after `time`. */
export function gridCeil(interval: Interval, time: Micros): Micros {
  return gridFloor(interval, time) === time ? time : gridNext(interval, time)
}

/** How many grid points lie in `window`. */
export function slotCount(interval: Interval, window: Window): number {
  if (interval === '1M') return monthIndex(window.to) - monthIndex(window.from)
  const step = interval === '3d' ? DAY : intervalStep(interval)
  const first = gridCeil(interval, window.from)
  return first >= window.to ? 0 : Number((window.to - first - 1n) / step) + 1
}

function monthIndex(time: Micros): number {
  const ceil = new Date(toMillis(gridCeil('1M', time)))
  return ceil.getUTCFullYear() * 12 + ceil.getUTCMonth()
}

/** The end of the `count` grid slots that begin at or before `from`. */
export function slotsAfter(interval: Interval, from: Micros, count: number): Micros {
  const floor = gridFloor(interval, from)
  if (interval === '1M') {
    const date = new Date(toMillis(floor))
    return fromMillis(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + count, 1))
  }
  return micros(floor + intervalStep(interval) * BigInt(count))
}

/** The name used in paths and archives: `1M` becomes `1mo`, for file systems that fold case. */
export function intervalPathName(interval: Interval): string {
  return interval === '1M' ? '1mo' : interval
}

/** Reads an interval from a path or a job; accepts `1mo` for `1M`. */
export function parseInterval(text: string): Interval | undefined {
  return INTERVALS.find((interval) => interval === text || intervalPathName(interval) === text)
}
