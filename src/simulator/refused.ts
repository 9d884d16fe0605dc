/** The answers to requests that are refused on arrival. */

import type { Micros } from '../base/time.ts'
import { errorAnswer, htmlAnswer, type PlainAnswer } from './answers.ts'
import type { Admission } from './limits.ts'
import type { LimitOptions } from './options.ts'
import { Refusal } from './query.ts'

/** Why a request does not pass. */
export type Refused = Exclude<Admission, { kind: 'pass' }>

/** 403, 418 or 429, with the `Retry-After` that the options ask for. */
export function refusedAnswer(
  admission: Refused,
  now: Micros,
  form: LimitOptions['retryAfter'] = 'seconds',
): PlainAnswer {
  if (admission.kind === 'blocked') return htmlAnswer(403)
  const isBan = admission.kind === 'banned'
  const message = isBan
    ? `Way too much request weight used; IP banned until ${admission.until / 1000n}. Please use WebSocket Streams for live updates to avoid bans.`
    : `Too much request weight used; current limit is ${admission.rule.limit} request weight per ${admission.rule.intervalNum} ${admission.rule.interval}. Please use WebSocket Streams for live updates to avoid polling the API.`
  const answer = errorAnswer(new Refusal(-1003, message, isBan ? 418 : 429))
  const retryAfter = retryAfterOf(admission.retryAfterMs, now, form)
  return { ...answer, headers: { ...answer.headers, ...retryAfter } }
}

function retryAfterOf(
  ms: number,
  now: Micros,
  form: NonNullable<LimitOptions['retryAfter']>,
): Readonly<Record<string, string>> {
  const at = new Date(Math.ceil(Number(now) / 1000 + ms))
  switch (form) {
    case 'missing':
      return {}
    case 'garbage':
      return { 'retry-after': 'soon' }
    case 'date':
      return { 'retry-after': at.toUTCString() }
    case 'seconds':
      return { 'retry-after': String(Math.max(1, Math.ceil(ms / 1000))) }
  }
}
