/**
 * Reads a request's parameters as strictly as Binance does, and refuses with Binance's own codes.
 *
 * @see binance-spot-api-docs, errors.md, "11xx - Request issues".
 */

import { INTERVALS, type Interval } from '../binance/interval.ts'
import type { TimeUnit } from './rows.ts'

/** A refusal in Binance's words. Thrown and caught within this room; never leaves it. */
export class Refusal extends Error {
  readonly status: number
  readonly code: number | string

  /** @param code - A text in a few answers of the futures markets, whose body is another one. */
  constructor(code: number | string, message: string, status = 400) {
    super(message)
    this.code = code
    this.status = status
  }
}

/** The parameters that an endpoint reads. */
export type ParameterList = {
  readonly mandatory: readonly string[]
  readonly optional: readonly string[]
}

/** The parameters of one request, each sent once and known to the endpoint. */
export type Parameters = ReadonlyMap<string, string>

const LONG = /^[0-9]{1,20}$/
// Since 2025-12 symbols may be non-ASCII; for ASCII, what was allowed before.
const SYMBOL = /^[A-Z0-9._-]*$/
const SYMBOL_RANGE = '^[A-Z0-9-_.]{1,20}$'
const LATEST = 9_000_000_000_000_000n
/** Times below this are in ms, others in µs: ms until the year 5138, µs since 1973. */
const MICROS_FROM = 100_000_000_000_000n

/**
 * Splits a raw query and checks it against the endpoint's parameters.
 *
 * @throws Refusal -1100, -1101, -1102, -1104 or -1105.
 */
export function parseQuery(query: string, list: ParameterList): Parameters {
  const parameters = new Map<string, string>()
  for (const part of query === '' ? [] : query.split('&')) {
    const [key = '', ...rest] = part.split('=')
    const name = decode(key)
    if (parameters.has(name)) throw new Refusal(-1101, 'Duplicate values for a parameter detected.')
    parameters.set(name, decode(rest.join('=')))
  }
  const known = [...list.mandatory, ...list.optional]
  if (known.length === 0 && parameters.size > 0)
    throw new Refusal(-1101, `Too many parameters; expected '0' and received '${parameters.size}'.`)
  for (const name of list.mandatory) {
    if (parameters.has(name)) continue
    const text = `Mandatory parameter '${name}' was not sent, was empty/null, or malformed.`
    throw new Refusal(-1102, text)
  }
  const read = known.filter((name) => parameters.has(name))
  for (const name of read) {
    if (parameters.get(name) === '') throw new Refusal(-1105, `Parameter '${name}' was empty.`)
  }
  if (read.length < parameters.size) {
    const text = `Not all sent parameters were read; read '${read.length}' parameter(s) but was sent '${parameters.size}'.`
    throw new Refusal(-1104, text)
  }
  return parameters
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    throw new Refusal(-1100, 'Illegal characters found in a parameter.')
  }
}

/** A whole number. @throws Refusal -1100. */
export function readLong(parameters: Parameters, name: string): bigint | undefined {
  const text = parameters.get(name)
  if (text === undefined) return undefined
  if (LONG.test(text)) return BigInt(text)
  const range = `Illegal characters found in parameter '${name}'; legal range is '^[0-9]{1,20}$'.`
  throw new Refusal(-1100, range)
}

/** The requested number of rows, at most `most`. @throws Refusal -1100 or -1130. */
export function readLimit(parameters: Parameters, most: number): number {
  const limit = readLong(parameters, 'limit')
  if (limit === undefined) return Math.min(500, most)
  if (limit < 1n) throw new Refusal(-1130, `Data sent for parameter 'limit' is not valid.`)
  return limit > BigInt(most) ? most : Number(limit)
}

/** A time and the unit in which it was sent. */
export type AskedTime = { readonly time: number; readonly unit: TimeUnit }

/**
 * A time in microseconds, sent in ms or µs, which its magnitude shows; times out of range are adjusted, not refused
 * (CHANGELOG, 2024-12-09).
 *
 * @throws Refusal -1100.
 */
export function readTime(parameters: Parameters, name: string): AskedTime | undefined {
  const sent = readLong(parameters, name)
  if (sent === undefined) return undefined
  const unit = sent >= MICROS_FROM ? 'us' : 'ms'
  const time = unit === 'us' ? sent : sent * 1000n
  return { time: Number(time > LATEST ? LATEST : time), unit }
}

/** An interval. @throws Refusal -1120. */
export function readInterval(parameters: Parameters): Interval {
  const text = parameters.get('interval')
  const interval = INTERVALS.find((name) => name === text)
  if (interval !== undefined) return interval
  throw new Refusal(-1120, 'Invalid interval.')
}

/** A symbol's name, not yet known to exist. @throws Refusal -1100. */
export function readSymbol(parameters: Parameters): string {
  const symbol = parameters.get('symbol') ?? ''
  if (SYMBOL.test(symbol.replaceAll(/[^\0-\x7f]/gu, ''))) return symbol
  const text = `Illegal characters found in parameter 'symbol'; legal range is '${SYMBOL_RANGE}'.`
  throw new Refusal(-1100, text)
}

/** The unit in which a request wants its times. @throws Refusal -1194. */
export function readUnit(header: string | undefined): TimeUnit {
  const unit = header?.toUpperCase()
  if (unit === undefined || unit === 'MILLISECOND') return 'ms'
  if (unit === 'MICROSECOND') return 'us'
  const text = 'Invalid value for time unit; expected either MICROSECOND or MILLISECOND.'
  throw new Refusal(-1194, text)
}
