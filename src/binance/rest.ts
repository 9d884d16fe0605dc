/**
 * How each market is asked over REST, besides its datasets.
 *
 * @see binance-spot-api-docs, rest-api.md; developers.binance.com, derivatives, "General Info" of USD-M and COIN-M, and
 * the change log of 2026-06-30: both futures markets are served by the same servers, with one pool of weight.
 */

import { API_URLS, CM_URL, MARKET_DATA_URL, UM_URL } from './host.ts'
import { DEFAULT_LIMITS, FUTURES_LIMITS, type RateLimit } from './limit.ts'

/** Facts about one market's REST API. */
export type RestFacts = {
  /** The hosts of public market data, and those of the whole API. */
  readonly publicUrls: readonly string[]
  readonly apiUrls: readonly string[]
  readonly timePath: string
  readonly pingPath: string
  readonly infoPath: string
  readonly infoWeight: number
  /** Does exchangeInfo take a `symbol`? Otherwise it always answers with all. */
  readonly isInfoBySymbol: boolean
  /** The unit of the times of its answers; spot is asked for microseconds. */
  readonly unit: 'us' | 'ms'
  /** Headers of all requests. */
  readonly headers: Readonly<Record<string, string>>
  /** The limits until exchangeInfo is read. */
  readonly limits: readonly RateLimit[]
  /** Markets of the same pool share weight, bans and a clock. */
  readonly pool: 'spot' | 'futures'
  /** Does it also serve SBE? */
  readonly hasSbe: boolean
  /** The codes that refuse a symbol: unknown, closed, or none of the market's. */
  readonly invalidSymbols: readonly number[]
}

export const SPOT_REST: RestFacts = {
  publicUrls: [MARKET_DATA_URL],
  apiUrls: API_URLS,
  timePath: '/api/v3/time',
  pingPath: '/api/v3/ping',
  infoPath: '/api/v3/exchangeInfo',
  infoWeight: 20,
  isInfoBySymbol: true,
  unit: 'us',
  headers: { 'x-mbx-time-unit': 'MICROSECOND' },
  limits: DEFAULT_LIMITS,
  pool: 'spot',
  hasSbe: true,
  invalidSymbols: [-1121],
}

const futures = {
  infoWeight: 1,
  isInfoBySymbol: false,
  unit: 'ms',
  headers: {},
  limits: FUTURES_LIMITS,
  pool: 'futures',
  hasSbe: false,
  invalidSymbols: [-1121, -1122, -4141, -4144],
} as const

export const UM_REST: RestFacts = {
  ...futures,
  publicUrls: [UM_URL],
  apiUrls: [UM_URL],
  timePath: '/fapi/v1/time',
  pingPath: '/fapi/v1/ping',
  infoPath: '/fapi/v1/exchangeInfo',
}

export const CM_REST: RestFacts = {
  ...futures,
  publicUrls: [CM_URL],
  apiUrls: [CM_URL],
  timePath: '/dapi/v1/time',
  pingPath: '/dapi/v1/ping',
  infoPath: '/dapi/v1/exchangeInfo',
}
