/** What a futures market of the exchange is made with. */

import type { Limiter } from './limits.ts'
import type { RequestLog } from './log.ts'
import type { FuturesOptions, LimitRule } from './options.ts'
import type { FaultSchedule } from './schedule.ts'

/** A market of its own within the exchange, and what it shares with the others. */
export type FuturesPlace = {
  readonly market: 'um' | 'cm'
  readonly options: FuturesOptions
  readonly limiter: Limiter
  readonly log: RequestLog
  readonly faults: FaultSchedule
}

/** The rules of the pool that they share. */
export const FUTURES_RULES: readonly LimitRule[] = [
  { rateLimitType: 'REQUEST_WEIGHT', interval: 'MINUTE', intervalNum: 1, limit: 2_400 },
]
