/**
 * How to react to an answer. All of Binance's rules about statuses, limits and bans are in this one pure function, so
 * each rule is one line here and one row in its test.
 *
 * @see binance-spot-api-docs, rest-api.md, "HTTP Return Codes" and "IP Limits"; errors.md, "10xx".
 */

import type { HttpAnswer } from '../base/ports.ts'
import { quoteText } from '../base/text.ts'
import { readSbeError } from './sbe-answer.ts'

/** The reaction to one answer. */
export type Verdict =
  | { readonly kind: 'accept' }
  /** Try again after a backoff of at least `atLeastMs`; with a smaller page when the server ran out of time. */
  | {
      readonly kind: 'retry'
      readonly reason: string
      readonly atLeastMs: number
      readonly isSmaller: boolean
    }
  /** Too fast (429): everything stops for `ms`. */
  | { readonly kind: 'wait'; readonly ms: number; readonly reason: string }
  /** Banned (418): everything stops for `ms`, in every process. */
  | { readonly kind: 'ban'; readonly ms: number; readonly reason: string }
  /** Blocked by the firewall (403 without Binance's own body). */
  | { readonly kind: 'block'; readonly reason: string }
  /** Not available in this location (451). */
  | { readonly kind: 'region'; readonly reason: string }
  /** Will never be answered in this form. */
  | {
      readonly kind: 'reject'
      readonly reason: string
      readonly exchangeCode: number | undefined
      readonly hint: string | undefined
    }

/** Shortest wait after a 429 or 418 without a stated wait: a whole minute window, and Binance's shortest ban. */
const UNNAMED_WAIT_MS = { wait: 60_000, ban: 120_000 }
/** -1008: the server is overloaded; it needs time. */
const OVERLOADED_MS = 30_000

const RETRY_CODES = new Set([-1000, -1001, -1003, -1006, -1007, -1008])

const HINTS: ReadonlyMap<number, string> = new Map([
  [-1121, 'Check the symbol; `binance-backfill symbols` lists those that the exchange has.'],
  [-1120, 'Check the interval.'],
  [-1021, 'The clocks of this machine and the server differ.'],
  [
    -1022,
    'The signature was refused: check that the secret or private key belongs to the API key.',
  ],
  [-2014, 'The API key has a wrong format: check BINANCE_API_KEY.'],
  [-2015, 'Check the API key, its IP restriction and its permission to read.'],
])

/**
 * Judges `answer`. Total: every status has a verdict.
 *
 * @param nowMs - The wall clock in milliseconds, to turn dates and deadlines into waits.
 */
export function judge(answer: HttpAnswer, nowMs: number): Verdict {
  const { status } = answer
  if (status === 200 && !isErrorBody(answer.body)) return { kind: 'accept' }
  const body = errorBody(answer.body)
  const reason = describe(status, body)
  if (status === 429) return { kind: 'wait', ms: waitMs(answer, body, nowMs, 'wait'), reason }
  if (status === 418) return { kind: 'ban', ms: waitMs(answer, body, nowMs, 'ban'), reason }
  if (status === 451) return { kind: 'region', reason }
  if (status === 403 && body.code === undefined) return { kind: 'block', reason }
  const isTimeout = status === 408
  if (status >= 500 || isTimeout || (body.code !== undefined && RETRY_CODES.has(body.code)))
    return {
      kind: 'retry',
      reason,
      atLeastMs: body.code === -1008 ? OVERLOADED_MS : 0,
      isSmaller: isTimeout || body.code === -1007,
    }
  const hint = status === 404 ? 'The endpoint was retired or moved.' : HINTS.get(body.code ?? 0)
  return { kind: 'reject', reason, exchangeCode: body.code, hint }
}

/**
 * Was the time of a signed request outside of the server's window (-1021)? A new reading of its clock may solve that.
 */
export function isLate(verdict: Verdict): boolean {
  return verdict.kind === 'reject' && verdict.exchangeCode === -1021
}

const ERROR_HEAD = new TextEncoder().encode('{"status":"ERROR"')

/** A few answers of the futures markets are errors by their body alone, and their code is a text. */
function isErrorBody(body: Uint8Array): boolean {
  return ERROR_HEAD.every((byte, at) => body[at] === byte)
}

type ErrorBody = { readonly code: number | undefined; readonly msg: string }

// An error body is short; anything longer is a page of HTML, and its head is enough.
const ERROR_BODY_MAX = 4096

function errorBody(body: Uint8Array): ErrorBody {
  const binary = readSbeError(body)
  if (binary !== undefined) return binary
  const text = new TextDecoder().decode(body.subarray(0, ERROR_BODY_MAX))
  try {
    const value = JSON.parse(text) as { code?: unknown; msg?: unknown } | null
    const code = typeof value?.code === 'number' ? value.code : undefined
    return { code, msg: typeof value?.msg === 'string' ? value.msg : text }
  } catch {
    return { code: undefined, msg: text }
  }
}

function describe(status: number, { code, msg }: ErrorBody): string {
  const named = code === undefined ? '' : ` ${code}`
  return `HTTP ${status}${named}: ${quoteText(msg.trim())}`
}

// "Way too much request weight used; IP banned until 1659761931230."
const BANNED_UNTIL = /banned until (\d{13})\b/

function waitMs(answer: HttpAnswer, body: ErrorBody, nowMs: number, kind: 'wait' | 'ban'): number {
  const header = retryAfterMs(answer.header('retry-after'), nowMs)
  const until = BANNED_UNTIL.exec(body.msg)?.[1]
  const named = until === undefined ? 0 : Number(until) - nowMs
  return Math.max(1_000, named, header ?? (named > 0 ? 0 : UNNAMED_WAIT_MS[kind]))
}

/**
 * Reads a `Retry-After` header: whole seconds, or an HTTP date. Never below one second; `undefined` when it is neither.
 */
export function retryAfterMs(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined
  const text = header.trim()
  if (/^\d{1,12}$/.test(text)) return Math.max(1_000, Number(text) * 1_000)
  if (/^[A-Z][a-z]{2}, /.test(text)) {
    const date = Date.parse(text)
    return Number.isNaN(date) ? undefined : Math.max(1_000, date - nowMs)
  }
  return undefined
}
