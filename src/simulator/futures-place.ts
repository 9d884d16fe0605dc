/** What a futures market of the exchange is made with. */

import { pairOf } from './futures-info.ts'
import type { Limiter } from './limits.ts'
import type { RequestLog } from './log.ts'
import type { ExchangeOptions, FuturesOptions, LimitRule } from './options.ts'
import type { RequestPools } from './request-pools.ts'
import type { FaultSchedule } from './schedule.ts'

/** A market of its own within the exchange, and what it shares with the others. */
export type FuturesPlace = {
  readonly market: 'um' | 'cm'
  readonly options: FuturesOptions
  readonly limiter: Limiter
  readonly pools: RequestPools
  readonly log: RequestLog
  readonly faults: FaultSchedule
}

/** The rules of the pool that they share. */
export const FUTURES_RULES: readonly LimitRule[] = [
  { rateLimitType: 'REQUEST_WEIGHT', interval: 'MINUTE', intervalNum: 1, limit: 2_400 },
]

const OF_FILES = /(?:^\/|prefix=)data(?:\/|%2F)futures(?:\/|%2F)(um|cm)(?:\/|%2F)/

/** The futures market that a request is for; `undefined` for spot. */
export function futuresMarketOf(
  {
    path,
    query,
    isFile,
  }: { readonly path: string; readonly query: string; readonly isFile: boolean },
  options: Pick<ExchangeOptions, 'um' | 'cm'>,
): 'um' | 'cm' | undefined {
  if (isFile) {
    const [, name] = OF_FILES.exec(`${path}?${query}`) ?? []
    return name === 'um' || name === 'cm' ? name : undefined
  }
  if (path.startsWith('/fapi/')) return 'um'
  if (path.startsWith('/dapi/')) return 'cm'
  // Both have these paths; they are told apart by whose symbol or pair it is.
  if (!path.startsWith('/futures/data/')) return undefined
  return hasSubject(options.cm, query) && !hasSubject(options.um, query) ? 'cm' : 'um'
}

function hasSubject(market: FuturesOptions | undefined, query: string): boolean {
  const asked = new URLSearchParams(query)
  const [symbol, pair] = [asked.get('symbol'), asked.get('pair')]
  return (market?.symbols ?? []).some((own) => own.symbol === symbol || pairOf(own) === pair)
}
