/**
 * Binance's hosts.
 *
 * @see binance-spot-api-docs, rest-api.md, "General API Information" (base endpoints and their stability), and
 * faqs/market_data_only.md (what the market-data host serves).
 */

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

/** Public archive. */
export const ARCHIVE_URL = 'https://data.binance.vision'

/** The archive's bucket, for listings. */
export const ARCHIVE_LISTING_URL = 'https://s3-ap-northeast-1.amazonaws.com/data.binance.vision'

const OWN_DOMAINS = ['binance.com', 'binance.vision']

/** Is `url` one of Binance's own hosts, over https, without user or password? */
export function isBinanceUrl(url: string): boolean {
  if (!URL.canParse(url)) return false
  const { protocol, hostname, username, password } = new URL(url)
  const isOwn = OWN_DOMAINS.some((own) => hostname === own || hostname.endsWith(`.${own}`))
  return protocol === 'https:' && username === '' && password === '' && isOwn
}
