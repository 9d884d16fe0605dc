/** The answer of the futures markets' exchangeInfo: always all of it, and as old as the cached document that it is. */

import { toMillis } from '../base/time.ts'
import type { FuturesOptions, FuturesSymbol, LimitRule } from './options.ts'

/** The delivery of a contract that has none. */
const NEVER_MS = 4_133_404_800_000
const INFO_LAG_MS = 36_000_000
const DATED = /_\d{6}$/

/** What makes an answer. */
type InfoSource = {
  readonly market: 'um' | 'cm'
  readonly options: FuturesOptions
  readonly rules: readonly LimitRule[]
  /** The server's time in µs. */
  readonly now: number
}

/** The JSON text. */
export function futuresInfoJson({ market, options, rules, now }: InfoSource): string {
  const { statedLimit, infoLagMs = INFO_LAG_MS } = options
  return JSON.stringify({
    timezone: 'UTC',
    serverTime: Math.floor(now / 1000) - infoLagMs,
    futuresType: market === 'um' ? 'U_MARGINED' : undefined,
    rateLimits: rules.map((rule) =>
      rule.rateLimitType === 'REQUEST_WEIGHT' && statedLimit !== undefined
        ? { ...rule, limit: statedLimit }
        : rule,
    ),
    exchangeFilters: [],
    symbols: options.symbols
      .filter(({ listed = true }) => listed)
      .map((symbol) => symbolInfo(market, symbol, now)),
  })
}

/** The pair of a contract. */
export function pairOf({ symbol, pair }: FuturesSymbol): string {
  return pair ?? symbol.replace(/_.*$/, '')
}

/** The quote asset in one contract of COIN-M. */
export function contractSizeOf(symbol: FuturesSymbol): number {
  return pairOf(symbol) === 'BTCUSD' ? 100 : 10
}

/** The type of a contract. */
export function contractTypeOf({ symbol, contractType }: FuturesSymbol): string {
  return contractType ?? (DATED.test(symbol) ? 'CURRENT_QUARTER' : 'PERPETUAL')
}

function symbolInfo(
  market: 'um' | 'cm',
  options: FuturesSymbol,
  now: number,
): Readonly<Record<string, unknown>> {
  const { symbol, listedAt, onboardAt = listedAt, delistedAt } = options
  const pair = pairOf(options)
  const quoteAsset = options.quoteAsset ?? (market === 'um' ? pair.slice(-4) : 'USD')
  const baseAsset = options.baseAsset ?? pair.slice(0, pair.length - quoteAsset.length)
  const isOver = delistedAt !== undefined && now >= Number(delistedAt)
  const status = options.status ?? (isOver ? 'SETTLING' : 'TRADING')
  return {
    symbol,
    pair,
    contractType: contractTypeOf(options),
    deliveryDate: delistedAt === undefined ? NEVER_MS : toMillis(delistedAt),
    onboardDate: onboardAt === undefined ? 1_567_965_300_000 : toMillis(onboardAt),
    ...(market === 'um'
      ? { status }
      : { contractStatus: status, contractSize: contractSizeOf(options) }),
    baseAsset,
    quoteAsset,
    marginAsset: market === 'um' ? quoteAsset : baseAsset,
    pricePrecision: options.priceDecimals ?? 2,
    quantityPrecision: options.quantityDecimals ?? 3,
    underlyingType: 'COIN',
    filters: [],
  }
}
