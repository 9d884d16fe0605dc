/**
 * Binance's hosts.
 *
 * @see binance-spot-api-docs, rest-api.md, "General API Information" (base endpoints and their stability), and
 * faqs/market_data_only.md (what the market-data host serves).
 */

import { DEFAULT_MARKET, type Market } from './series.ts'

/** Public market data only; preferred, so that a backfill stays off the hosts that accept orders. */
export const MARKET_DATA_URL = 'https://data-api.binance.vision'

/** Full API, in the documented order: api1 to api4 trade stability for speed. */
export const API_URLS: readonly string[] = [
  'https://api.binance.com',
  'https://api-gcp.binance.com',
  'https://api1.binance.com',
  'https://api2.binance.com',
  'https://api3.binance.com',
  'https://api4.binance.com',
]

/** The one host of each futures market; no stand-ins are documented. */
export const UM_URL = 'https://fapi.binance.com'
/** @see {@link UM_URL} */
export const CM_URL = 'https://dapi.binance.com'

/** Public archive. */
export const ARCHIVE_URL = 'https://data.binance.vision'

/** The archive's bucket, for listings. */
export const ARCHIVE_LISTING_URL = 'https://s3-ap-northeast-1.amazonaws.com/data.binance.vision'

const OWN_DOMAINS = ['binance.com', 'binance.vision']

/** Is it the URL of one of Binance's own hosts, over https, without user or password? A market may stand before it. */
export function isBinanceUrl(text: string): boolean {
  const { url } = readBaseUrl(text)
  if (!URL.canParse(url)) return false
  const { protocol, hostname, username, password } = new URL(url)
  return protocol === 'https:' && username === '' && password === '' && isBinanceHost(hostname)
}

function isBinanceHost(hostname: string): boolean {
  return OWN_DOMAINS.some((own) => hostname === own || hostname.endsWith(`.${own}`))
}

/** The name of {@link exchangeOf} for all of Binance's hosts. */
export const BINANCE = 'binance'

/**
 * Whose limits and bans hold for a host, however it is asked: all of Binance's hosts are one exchange, any other is one
 * of its own.
 *
 * @param url - A URL, without a market before it.
 */
export function exchangeOf(url: string): string {
  if (!URL.canParse(url)) return BINANCE
  const { host, hostname } = new URL(url)
  return isBinanceHost(hostname.replace(/\.$/, '')) ? BINANCE : host
}

/** The exchanges behind some hosts, each once, in order. */
export function exchangesOf(urls: readonly string[]): readonly string[] {
  return [...new Set(urls.map(exchangeOf))]
}

const MARKET_PREFIX = /^([a-z]+)=(.*)$/s

/** A base URL as a flag has it: of spot, unless a market stands before it, as in `um=https://...`. */
export function readBaseUrl(text: string): { readonly market: string; readonly url: string } {
  const [, market, url] = MARKET_PREFIX.exec(text) ?? []
  return market === undefined || url === undefined
    ? { market: DEFAULT_MARKET, url: text }
    : { market, url }
}

/** A base URL as {@link readBaseUrl} reads it. */
export function marketUrl(market: Market, url: string): string {
  return market === DEFAULT_MARKET ? url : `${market}=${url}`
}

/** The base URLs of a market among those given, without trailing slashes; `undefined` when none is. */
export function baseUrlsOf(
  market: Market,
  texts: readonly string[] | undefined,
): readonly string[] | undefined {
  const own = (texts ?? []).map(readBaseUrl).filter((one) => one.market === market)
  return own.length === 0 ? undefined : own.map(({ url }) => url.replace(/\/+$/, ''))
}
