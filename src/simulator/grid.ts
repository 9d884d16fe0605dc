/**
 * The grid of kline open times in plain microsecond numbers, written independently so that it can disagree with the
 * client's.
 */

import { INTERVALS, type Interval } from '../binance/interval.ts'

const DAY = 86_400e6
const UNITS: Readonly<Record<string, number>> = { s: 1e6, m: 60e6, h: 3_600e6, d: DAY, w: 7 * DAY }
// Weeks open on Mondays (1970-01-05). The phase of 3d is not documented; any phase will do that a client does not
// guess.
const PHASES: Readonly<Partial<Record<Interval, number>>> = { '1w': 4 * DAY, '3d': DAY }

/** The slots of one interval. */
export type Grid = {
  /** The last open at or before `time`. */
  floor(time: number): number
  /** The open after the slot that opens at `open`. */
  next(open: number): number
}

function fixedGrid(interval: Interval): Grid {
  const step = Number(interval.slice(0, -1)) * (UNITS[interval.slice(-1)] ?? DAY)
  const phase = PHASES[interval] ?? 0
  return {
    floor: (time) => Math.floor((time - phase) / step) * step + phase,
    next: (open) => open + step,
  }
}

function monthStart(time: number, months: number): number {
  const date = new Date(Math.floor(time / 1000))
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + months, 1) * 1000
}

const GRIDS = new Map<Interval, Grid>(INTERVALS.map((interval) => [interval, fixedGrid(interval)]))
GRIDS.set('1M', { floor: (time) => monthStart(time, 0), next: (open) => monthStart(open, 1) })

/** The grid of an interval. */
export function gridOf(interval: Interval): Grid {
  return GRIDS.get(interval) ?? fixedGrid(interval)
}
