/** What a client of one market is made with, and what it reports. */

import type { Credentials } from '../base/secret.ts'
import type { Market } from '../binance/series.ts'
import type { OnWait } from '../pull/gate.ts'
import type { SharedPool } from './shared-pool.ts'

/** What happens on the way that the caller may want to report. */
export type ExchangeEvents = {
  readonly onWait: OnWait
  readonly onWarning: (message: string) => void
  /** Decisions worth a line in the log. */
  readonly onNote?: (message: string) => void
  /** Most attempts per request; few where a user waits for the answer and nothing is lost. */
  readonly attemptsMax?: number
  /** For account datasets; never asked for others. */
  readonly credentials?: (() => Credentials) | undefined
  /** The market to ask. Default spot. */
  readonly market?: Market
  /** What it shares with others. */
  readonly pool?: SharedPool
}
