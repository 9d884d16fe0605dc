/** The options of a simulated exchange, as data. Times are `Micros`, spans half-open. */

import type { Micros, Window } from '../base/time.ts'
import type { Interval } from '../binance/interval.ts'
import type { ArchiveOptions } from './archive-options.ts'
import type { FaultOptions } from './fault.ts'
import type { AccountOptions } from './account-rows.ts'
import type { AggTrade, Kline, Trade } from './rows.ts'
import type { SbeOptions } from './sbe-wire.ts'

/** A span without klines and trades. */
export type Outage = Window & {
  /**
   * The first kline after it opens at `to` instead of on the grid and closes 999 ms late; the last before it closes at
   * `from`. Observed for BTCUSDT 1h, 2018-02-11 (open 1518319694789, next 1518321600000).
   */
  readonly offGrid?: boolean
}

/** Many trades at once. */
export type Burst = {
  readonly at: Micros
  readonly count: number
  /** The span over which they are distributed, in microseconds; 1: all in the same one. Default 1. */
  readonly spreadMicros?: number
}

/** Rows omitted from the first answers that would contain them. */
export type Flaky = {
  readonly window: Window
  /** How many answers omit them. */
  readonly times: number
}

/** From `at` on, the kline that opens at `openTime` has other volumes. */
export type KlineRevision = {
  readonly interval: Interval
  readonly openTime: Micros
  readonly at: Micros
}

/** Given rows, ascending; whatever is not given is empty (`uiKlines` default to `klines`). */
export type LiteralRows = {
  readonly klines?: Partial<Readonly<Record<Interval, readonly Kline[]>>>
  readonly uiKlines?: Partial<Readonly<Record<Interval, readonly Kline[]>>>
  readonly aggTrades?: readonly AggTrade[]
  readonly trades?: readonly Trade[]
  readonly blockTrades?: readonly Trade[]
}

/** One symbol and its history. */
export type SymbolOptions = {
  readonly symbol: string
  readonly baseAsset?: string
  readonly quoteAsset?: string
  /** Default TRADING, and BREAK once delisted. */
  readonly status?: string
  /** Listed in exchangeInfo? A symbol that is not still has rows. Default true. */
  readonly listed?: boolean
  /** The exchangeInfo entry, verbatim, instead of one made from these options. */
  readonly info?: Readonly<Record<string, unknown>>
  /** When trading began. Default 2017-08-17. */
  readonly listedAt?: Micros
  /** When it ended. */
  readonly delistedAt?: Micros
  readonly outages?: readonly Outage[]
  /** The mean of all prices. Default 100. */
  readonly price?: number
  /** Decimals of prices, 0 to 8. Default 2. */
  readonly priceDecimals?: number
  /** Decimals of quantities, 0 to 8. Default 5. */
  readonly quantityDecimals?: number
  /** Typical swing within a day as a share of the price. Default 0.03. */
  readonly volatility?: number
  /** Base asset traded per day, on average. Default 10,000. */
  readonly volumePerDay?: number
  /** Share of the klines up to 1m without a trade (volume 0, one price). Default 0. */
  readonly idleShare?: number
  /** Default 2,000. */
  readonly aggTradesPerDay?: number
  /** Other counts for single days, by date: `{'2026-11-04': 57_000}`. Bursts are added. */
  readonly aggTradesOn?: Readonly<Record<string, number>>
  /** How busy each hour of the day is, 24 numbers; 0: no trades. */
  readonly hourWeights?: readonly number[]
  readonly bursts?: readonly Burst[]
  /** Default 0. */
  readonly firstAggTradeId?: number
  /** Default 0. */
  readonly firstTradeId?: number
  /** From the first aggTrade at or after `at` on, ids are `skip` higher. */
  readonly idGaps?: readonly { readonly at: Micros; readonly skip: number }[]
  /** REST has no aggTrades before this id, and no trades before its first one: requests for earlier ones start here. */
  readonly restHistoryFrom?: bigint
  /** Default 20. */
  readonly blockTradesPerDay?: number
  readonly flaky?: readonly Flaky[]
  readonly revisions?: readonly KlineRevision[]
  /** A kline's volumes are slightly too small until this long after its close. Default 0. */
  readonly settleMs?: number
  /** Replaces the generated history. */
  readonly rows?: LiteralRows
}

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
  /** Replaces the generated samples of `futures/data`, by the last part of the path; of any period. */
  readonly data?: Readonly<Record<string, readonly Sample[]>>
}

/** The price at which a contract was delivered, as it is sent. */
export type Delivery = { readonly time: Micros; readonly price: string }

/** A sample of `futures/data` as it is sent, without what names its symbol. */
export type Sample = Readonly<Record<string, string | number>>

/** Options of one futures market. */
export type FuturesOptions = {
  readonly symbols: readonly FuturesSymbol[]
  /**
   * Which klines of a window are sent: the oldest of any window, or the newest of one of at most 200 days. Default
   * oldest for USD-M and newest for COIN-M, as documented.
   */
  readonly klineWindows?: 'oldest' | 'newest'
  /** Which rows of an account's window are sent where not all fit. Not documented. Default oldest. */
  readonly accountRows?: 'oldest' | 'newest'
  /** The order of samples of `futures/data`. Default oldest first, as documented. */
  readonly dataOrder?: 'newestFirst'
  /** How far back they are served; an older start is refused (-1130). Default 30 days. */
  readonly dataReachMs?: number
  /** By pair; replaces the prices at which the contracts that have ended are delivered. */
  readonly deliveries?: Readonly<Record<string, readonly Delivery[]>>
  /** How far the time in exchangeInfo, which is that of a cached document, lies behind. Default 10 hours. */
  readonly infoLagMs?: number
  /** The number that exchangeInfo states for the pool. Default 2,400. */
  readonly statedLimit?: number
}

/** A rate limit in exchangeInfo's form. */
export type LimitRule = {
  readonly rateLimitType: 'REQUEST_WEIGHT' | 'RAW_REQUESTS' | 'ORDERS'
  readonly interval: 'SECOND' | 'MINUTE' | 'HOUR' | 'DAY'
  readonly intervalNum: number
  readonly limit: number
}

/** Options of the limits. */
export type LimitOptions = {
  /** Default: 6,000 weight a minute, 300,000 requests per 5 minutes, and two order limits. */
  readonly rules?: readonly LimitRule[]
  /** Weight by path; others as documented, unknown paths 1. */
  readonly weights?: Readonly<Record<string, number>>
  /** Other rules or weights from a moment on (server time), ascending. */
  readonly changes?: readonly {
    readonly at: Micros
    readonly rules?: readonly LimitRule[]
    readonly weights?: Readonly<Record<string, number>>
  }[]
  /** Weight that others on the same address use up at the start of each window. Default 0. */
  readonly othersWeight?: number
  /** Number of 429s in one window before the address is banned. Default 10. */
  readonly patience?: number
  /** The first ban; each later one lasts twice as long, up to three days. Default 120 s. */
  readonly banSeconds?: number
  /** The content of the used-weight headers. Default exact. */
  readonly weightHeaders?: 'exact' | 'missing' | 'garbage' | 'lower'
  /** The content of `Retry-After`. Default seconds. */
  readonly retryAfter?: 'seconds' | 'missing' | 'date' | 'garbage'
}

/** How many requests each pool takes that counts them. */
export type PoolLimits = { readonly funding: number; readonly data: number }

/** Options of the exchange. */
export type ExchangeOptions = {
  readonly symbols: readonly SymbolOptions[]
  /** The futures markets, which share a pool of their own. Default: not served. */
  readonly um?: FuturesOptions
  readonly cm?: FuturesOptions
  /** The limits of that pool. Default: 2,400 weight a minute. */
  readonly futuresLimits?: LimitOptions
  /** Requests that they count in any five minutes. Default 500 for funding and 1,000 for `futures/data`, as documented. */
  readonly futuresPools?: Partial<PoolLimits>
  /** Varies the generated histories. Default 1. */
  readonly seed?: number
  readonly limits?: LimitOptions
  readonly faults?: FaultOptions
  /** The public archive, served with REST. */
  readonly archive?: ArchiveOptions
  /** Server's clock minus the given time. Default 0. */
  readonly clockSkewMs?: number
  /** Most rows in a page. Default 1000. */
  readonly pageRows?: number
  /**
   * Which aggTrades are returned when both times are given and more rows match than fit: the first (documented) or the
   * last (until 2022).
   */
  readonly bothTimes?: 'first' | 'last'
  /** Does an `endTime` in ms mean that microsecond, or the whole millisecond? Not documented. Default instant. */
  readonly msEndTime?: 'instant' | 'wholeMs'
  /** Does `fromAllocationId` name the first row, or the one before it? Not documented. Default first. */
  readonly allocationCursor?: 'first' | 'after'
  /** Refuses aggTrades whose times lie further apart (-1127). Default: no bound. */
  readonly aggTradesWindowMsMax?: number
  /** Refuses the endpoints that the market-data host does not serve. Default false. */
  readonly marketDataOnly?: boolean
  /** The accounts for the signed endpoints. Default: none. */
  readonly accounts?: readonly AccountOptions[]
  /** The SBE schemas that it supports, `off` for none. */
  readonly sbe?: SbeOptions | 'off'
  /** Pages of finished history kept in the cache. Default 64. */
  readonly pageCacheEntries?: number
  /** Requests kept in the log; older ones are dropped. Default 200,000. */
  readonly logMax?: number
}
