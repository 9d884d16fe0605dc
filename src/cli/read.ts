/** Readers of flag values: text to a value, or a Misuse that names the flag and says what was expected. */

import type { Micros } from '../index.ts'
import { Misuse } from './failure.ts'
import { library } from './library.ts'

/** Reads one text; `name` is the flag (or environment variable) as the user wrote it, for the error. */
export type Reader<Value> = (text: string, name: string) => Value

function refuse(name: string, text: string, expected: string): Misuse {
  return new Misuse(`${name}: expected ${expected}, got "${text}"`)
}

/** Any text that is not blank. */
export const readText: Reader<string> = (text, name) => {
  if (text.trim() !== '') return text
  throw refuse(name, text, 'a value')
}

/** One of `choices`, letter by letter. */
export function readChoice<const Choices extends readonly string[]>(
  choices: Choices,
): Reader<Choices[number]> {
  return (text, name) => {
    const choice = choices.find((candidate) => candidate === text)
    if (choice !== undefined) return choice
    throw refuse(name, text, choices.join(', ').replace(/, ([^,]*)$/, ' or $1'))
  }
}

function readNumber(text: string): number {
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : NaN
}

/** A whole number in `[min, max]`. */
export function readInteger(min: number, max: number = Number.MAX_SAFE_INTEGER): Reader<number> {
  const bounds =
    max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max.toString()}`
  return (text, name) => {
    const value = readNumber(text)
    if (Number.isInteger(value) && value >= min && value <= max) return value
    throw refuse(name, text, `a whole number ${bounds}`)
  }
}

/** A share in `(0, 1]`. */
export const readShare: Reader<number> = (text, name) => {
  const value = readNumber(text)
  if (value > 0 && value <= 1) return value
  throw refuse(name, text, 'a number above 0 and at most 1, such as 0.9')
}

/** Milliseconds from a number of seconds, zero included. */
export const readSeconds: Reader<number> = (text, name) => {
  const ms = Math.round(readNumber(text) * 1000)
  if (ms >= 0 && Number.isSafeInteger(ms)) return ms
  throw refuse(name, text, 'a number of seconds, zero or more')
}

/** An http or https URL without user, password, query or fragment; a trailing slash is dropped. */
export const readBaseUrl: Reader<string> = (text, name) => {
  const [, market, url] = /^(spot|um|cm)=(.*)$/s.exec(text) ?? []
  return market === undefined || url === undefined
    ? readUrl(text, name)
    : `${market}=${readUrl(url, name)}`
}

export const readUrl: Reader<string> = (text, name) => {
  const expected = 'a URL such as https://api.binance.com'
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url !== undefined && (url.username !== '' || url.password !== ''))
    throw new Misuse(`${name}: a URL with a user or password is not accepted`)
  const isHttp = url?.protocol === 'https:' || url?.protocol === 'http:'
  if (url !== undefined && isHttp && url.search === '' && url.hash === '')
    return url.href.replace(/\/+$/, '')
  // What may hold a password must not reach the terminal or a log, so only a plain host is repeated.
  if (/^(?:https?:\/\/)?[^\s:/@?#]*(?::\d*)?\/?$/.test(text)) throw refuse(name, text, expected)
  throw new Misuse(`${name}: expected ${expected}, without user, password, query or fragment`)
}

/** A half-open window `FROM..TO` of UTC dates or date-times. */
export const readRange: Reader<{ readonly from: Micros; readonly to: Micros }> = (text, name) => {
  const [from = '', to = '', ...rest] = text.split('..')
  if (from === '' || to === '' || rest.length > 0)
    throw refuse(name, text, 'FROM..TO, such as 2024-01-01..2024-02-01')
  const window = { from: readMoment(from, name), to: readMoment(to, name) }
  if (window.from < window.to) return window
  throw new Misuse(`${name}: ${library.quoteText(from)} is not before ${library.quoteText(to)}`)
}

/** A UTC date or date-time. */
export const readMoment: Reader<Micros> = (text, name) => {
  try {
    return library.parseMicros(text)
  } catch {
    const expected = 'a date or a UTC date-time such as 2024-01-01T12:00:00Z'
    throw refuse(name, library.quoteText(text), expected)
  }
}

/** `i/n`, the i-th of n parts, counted from 1. */
export const readSubset: Reader<{ readonly index: number; readonly count: number }> = (
  text,
  name,
) => {
  const [, index = 0, count = 0] = (/^(\d{1,6})\/(\d{1,6})$/.exec(text) ?? []).map(Number)
  if (index >= 1 && index <= count) return { index, count }
  throw refuse(name, text, 'I/N with 1 <= I <= N, such as 1/4')
}
