/** What tests of and on the exchange's stand-in share: short ways to ask. */

import { parseMicros, type Micros } from '../../src/base/time.ts'
import { Exchange, type ExchangeOptions, type SymbolOptions } from '../../src/simulator/index.ts'

/** A moment well after everything that tests ask for. */
export const NOW: Micros = parseMicros('2026-11-20T12:00')

/** An exchange with one symbol, BTCUSDT unless told otherwise. */
export function exchangeWith(
  symbol: Partial<SymbolOptions> = {},
  options: Partial<ExchangeOptions> = {},
): Exchange {
  return new Exchange({ symbols: [{ symbol: 'BTCUSDT', ...symbol }], ...options })
}

/** How to ask; by default now, from one address, in µs. */
type AskOptions = {
  readonly now?: Micros
  readonly ip?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** An answer with its body as text and, where it is JSON, as a value. */
export type Asked = {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
  readonly json: unknown
}

/** Asks `/api/v3/ENDPOINT?QUERY`. */
export function ask(exchange: Exchange, target: string, options: AskOptions = {}): Asked {
  const { now = NOW, ip = '192.0.2.1' } = options
  const [path = '', query = ''] = target.split('?')
  const headers = { 'x-mbx-time-unit': 'MICROSECOND', ...options.headers }
  const response = exchange.handle({ path: `/api/v3/${path}`, query, headers, ip }, now)
  const text = new TextDecoder().decode(response.body)
  return { status: response.status, headers: response.headers, text, json: parsed(text) }
}

/** Asks for rows; the test fails when the answer is not a page. */
export function rows<Row>(exchange: Exchange, target: string, options: AskOptions = {}): Row[] {
  const { status, json, text } = ask(exchange, target, options)
  if (status !== 200 || !Array.isArray(json)) throw new Error(`${status}: ${text.slice(0, 200)}`)
  return json as Row[]
}

/** Asks for open times. */
export function opens(exchange: Exchange, query: string, options: AskOptions = {}): number[] {
  return rows<[number]>(exchange, `klines?symbol=BTCUSDT&${query}`, options).map(([open]) => open)
}

/** An aggregate trade as it comes over the wire. */
export type WireAggTrade = {
  readonly a: number
  readonly p: string
  readonly q: string
  readonly f: number
  readonly l: number
  readonly T: number
  readonly m: boolean
  readonly M: boolean
}

/** A trade as it comes over the wire. */
export type WireTrade = {
  readonly id: number
  readonly price: string
  readonly qty: string
  readonly quoteQty: string
  readonly time: number
  readonly isBuyerMaker: boolean
  readonly isBestMatch?: boolean
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
