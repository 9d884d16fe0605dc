/** What is spent of one limit, window by window. */

import type { RateLimit } from '../binance/limit.ts'
import type { Pace } from './pace.ts'

/** The books of one limit. */
export type Meter = {
  readonly limit: RateLimit
  /** How fast our share may be spent, across windows. */
  readonly pace: Pace
  /** The weight of answered requests, by window. */
  readonly settled: Map<number, number>
  /** The highest value that the server reported, by window. */
  readonly reported: Map<number, number>
  /** The most of it that cannot be ours, by window: others on this address, or weights that grew. */
  readonly foreign: Map<number, number>
}

/** A meter that counted nothing yet. */
export function newMeter(limit: RateLimit, pace: Pace): Meter {
  return { limit, pace, settled: new Map(), reported: new Map(), foreign: new Map() }
}

/** The window in which `ms` of the server lies. */
export function windowOf({ limit }: Meter, ms: number): number {
  return Math.floor(ms / limit.windowMs)
}

/** What a request of `weight` takes of the limit. */
export function costOf({ limit }: Meter, weight: number): number {
  return limit.type === 'RAW_REQUESTS' ? 1 : weight
}

/** Counts `cost` in a window. */
export function add(map: Map<number, number>, window: number, cost: number): void {
  map.set(window, (map.get(window) ?? 0) + cost)
}

/** Drops windows that are certainly past, so that the books do not grow with the run. */
export function forget(meter: Meter, first: number): void {
  for (const map of [meter.settled, meter.reported, meter.foreign])
    for (const window of map.keys()) if (window < first - 1) map.delete(window)
}

/** What a header says is used; `undefined` when it says nothing that can be. */
export function parseUsed(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,12}$/.test(text.trim()) ? Number(text) : undefined
}
