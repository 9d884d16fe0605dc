/** Options of the futures markets of the exchange, as data. */

import type { Micros } from '../base/time.ts'
import type { SymbolOptions } from './options.ts'

/** A settlement of funding. */
export type Funding = {
  readonly time: Micros
  readonly rate: string
  /** Empty in old rows. */
  readonly markPrice: string
  readonly rateType: string
  /** Hours since the one before; only the archive has it. */
  readonly hours: number
}

/** One contract and its history. */
export type FuturesSymbol = SymbolOptions & {
  /** Default: the symbol up to its `_`. */
  readonly pair?: string
  /** Default: PERPETUAL, or CURRENT_QUARTER for a symbol that ends with a date. */
  readonly contractType?: string
  /** What exchangeInfo says of its beginning, which need not be true. Default `listedAt`. */
  readonly onboardAt?: Micros
  /** After `delistedAt`: flat klines without volume go on, as real ones do. Default true. */
  readonly isFlatAfterEnd?: boolean
  /** Hours between settlements, and from when on they are others. Default 8. */
  readonly fundingHours?: number
  readonly fundingChanges?: readonly { readonly at: Micros; readonly hours: number }[]
  /** Settlements besides the regular ones. */
  readonly specialFunding?: readonly Micros[]
  /** Replaces the generated settlements. */
  readonly funding?: readonly Funding[]
}

/** Options of one futures market. */
export type FuturesOptions = {
  readonly symbols: readonly FuturesSymbol[]
  /**
   * Which klines of a window are sent: the oldest of any window, or the newest of one of at most 200 days. Default
   * oldest for USD-M and newest for COIN-M, as documented.
   */
  readonly klineWindows?: 'oldest' | 'newest'
  /** How far the time in exchangeInfo, which is that of a cached document, lies behind. Default 10 hours. */
  readonly infoLagMs?: number
  /** The number that exchangeInfo states for the pool. Default 2,400. */
  readonly statedLimit?: number
}
