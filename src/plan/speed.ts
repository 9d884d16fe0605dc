/** How fast the two sources are: measured, or assumed where nothing was measured yet. Pure. */

import { REQUEST_POOLS, type RequestPoolName } from '../binance/limit.ts'
import type { Market } from '../binance/series.ts'

/** What can be measured of the sources; what is absent was not. */
export type Measured = {
  /** From asking REST for a page to its answer. */
  readonly pageSeconds?: number
  /** Until a file of the archive begins to arrive; its checksum is asked for first. */
  readonly fileSeconds?: number
  /** Bytes of zips downloaded, read and stored per second. */
  readonly bytesPerSecond?: number
}

/** What the limits and the options allow. */
export type Allowed = {
  /** Request weight available per minute. */
  readonly weightPerMinute: number
  /** Requests to REST in flight at most. */
  readonly pagesAtOnce: number
  /** The weight of each market, where they differ. Default that of all. */
  readonly weightPerMinuteOf?: Readonly<Partial<Record<Market, number>>>
  /** Requests in each span of the pools that count them. Default all that the exchange allows. */
  readonly requestsInPool?: Readonly<Record<RequestPoolName, number>>
}

const IN_POOL = { funding: REQUEST_POOLS.funding.limit, data: REQUEST_POOLS.data.limit }

/** What the costs of a plan rest on. */
export type Speed = Required<Measured> &
  Allowed &
  Required<Pick<Allowed, 'requestsInPool'>> & {
    /** Of these figures, those that are not assumed. */
    readonly measured: Measured
  }

/** What is assumed where nothing was measured. */
export const ASSUMED: Required<Measured> = {
  /** From Europe to the exchange, through its CDN; from Tokyo it is a tenth. */
  pageSeconds: 0.15,
  /** Two round trips to a CDN whose old files are rarely in its caches: 111 small files took 20 s, three at once. */
  fileSeconds: 0.5,
  /** What a line of 100 Mbit/s carries; the processor reads and stores more than that. */
  bytesPerSecond: 10_000_000,
}

/** The speed that a plan rests on. @param known - What was measured; of two values for one figure the first is taken. */
export function speedOf(allowed: Allowed, ...known: readonly (Measured | undefined)[]): Speed {
  const measured = Object.assign({}, ...known.toReversed()) as Measured
  const { weightPerMinute, pagesAtOnce, weightPerMinuteOf, requestsInPool = IN_POOL } = allowed
  return {
    ...{ ...ASSUMED, ...measured, weightPerMinute, pagesAtOnce, requestsInPool, measured },
    ...(weightPerMinuteOf && { weightPerMinuteOf }),
  }
}
