/**
 * Which clock is to be believed. `/time` is one witness; the `Date` header of its answer is another, and this machine's
 * clock a third. What only one of them says is not taken for now: time that has not been must never count as asked.
 */

import type { HttpAnswer } from '../base/ports.ts'

/** By how much a clock is ahead of the monotonic one, in milliseconds: surely between the two. */
export type Offset = { readonly leastMs: number; readonly mostMs: number }

/** What the witnesses say at one moment. */
export type Testimony = {
  /** `/time`. */
  readonly told: Offset
  /** The `Date` header of its answer; `undefined` when it had none. */
  readonly dated: Offset | undefined
  /** This machine's wall clock minus its monotonic one. */
  readonly machineMs: number
}

/** What comes of it. */
export type Belief =
  | { readonly kind: 'sound'; readonly clock: Offset; readonly note?: string }
  /** To be asked again; where it stays so, `clock` is used, and nothing after `notAfterMs` is taken for past. */
  | {
      readonly kind: 'doubtful'
      readonly clock: Offset
      readonly notAfterMs: number
      readonly why: string
    }
  | { readonly kind: 'refused'; readonly why: string }

/**
 * Clocks that agree differ by less than this, beside what is unknown of both: edge servers are kept on time to well
 * under a second, and `Date` may be written before the body is. Much less than any `settle` in use.
 */
const SLACK_MS = 5_000
const MINUTE_MS = 60_000
const DAY_MS = 86_400_000
/**
 * A machine that is further behind than any certificate is valid (398 days) could not have spoken to the exchange over
 * https. So it is the exchange's clock that is ahead.
 */
const BEHIND_MS_MAX = 400 * DAY_MS
/** An `Age` beyond this is nonsense. */
const AGE_S_MAX = 86_400

/** Holds what the witnesses say against each other. */
export function weigh(testimony: Testimony): Belief {
  const belief = compared(testimony)
  if (belief.kind === 'refused') return belief
  const aheadMs = surely(belief) - testimony.machineMs
  const by = `the exchange's clock is ${span(aheadMs)} ahead of this machine's`
  if (aheadMs > BEHIND_MS_MAX) return { kind: 'refused', why: by }
  return belief.kind === 'sound' && aheadMs > DAY_MS ? { ...belief, note: by } : belief
}

function compared({ told, dated, machineMs }: Testimony): Belief {
  if (dated === undefined) return alone(told, machineMs)
  const apartMs = apart(told, dated)
  if (apartMs <= SLACK_MS) return { kind: 'sound', clock: told }
  const why = `/time is ${span(apartMs)} off the Date header of its answer`
  const doubt = (clock: Offset, other: number): Belief => {
    return { kind: 'doubtful', clock, notAfterMs: Math.min(clock.leastMs, other), why }
  }
  if (apartMs <= DAY_MS) return doubt(told, dated.leastMs)
  const machine = { leastMs: machineMs, mostMs: machineMs }
  if (apart(dated, machine) <= DAY_MS) return doubt(dated, machineMs)
  if (apart(told, machine) <= DAY_MS) return doubt(told, machineMs)
  return { kind: 'refused', why: `${why}, and this machine's clock agrees with neither` }
}

/** Without a `Date` only this machine's clock can tell that `/time` is ahead. One that is behind covers no future. */
function alone(told: Offset, machineMs: number): Belief {
  const aheadMs = told.leastMs - machineMs
  if (aheadMs <= MINUTE_MS) return { kind: 'sound', clock: told }
  const why = `/time is ${span(aheadMs)} ahead of this machine's clock, and its answer has no Date header`
  if (aheadMs > DAY_MS) return { kind: 'refused', why }
  return { kind: 'doubtful', clock: told, notAfterMs: machineMs, why }
}

function surely(belief: Exclude<Belief, { kind: 'refused' }>): number {
  return belief.kind === 'sound' ? belief.clock.leastMs : belief.notAfterMs
}

/** How far two clocks differ at least. */
function apart(a: Offset, b: Offset): number {
  return Math.max(0, a.leastMs - b.mostMs, b.leastMs - a.mostMs)
}

function span(ms: number): string {
  if (ms >= 2 * DAY_MS) return `${Math.round(ms / DAY_MS)} days`
  return ms >= 2 * MINUTE_MS
    ? `${Math.round(ms / MINUTE_MS)} minutes`
    : `${Math.round(ms / 1_000)} s`
}

/** The server's clock by a moment that an answer names, which was made between two monotonic moments. */
export function offsetOf(
  { leastMs, mostMs }: Offset,
  { sentMs, receivedMs }: { readonly sentMs: number; readonly receivedMs: number },
): Offset {
  return { leastMs: leastMs - receivedMs, mostMs: mostMs - sentMs }
}

const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/

/**
 * When an answer was made, in milliseconds since the epoch, by its `Date` header: whole seconds, and later by its `Age`
 * where a cache sent it. `undefined` without a date.
 */
export function madeAt(answer: Pick<HttpAnswer, 'header'>): Offset | undefined {
  const text = answer.header('date')?.trim() ?? ''
  const leastMs = HTTP_DATE.test(text) ? Date.parse(text) : NaN
  if (Number.isNaN(leastMs)) return undefined
  const age = answer.header('age')?.trim() ?? ''
  const ageS = /^\d{1,9}$/.test(age) ? Math.min(Number(age), AGE_S_MAX) : 0
  return { leastMs, mostMs: leastMs + (ageS + 1) * 1_000 }
}

/** Was an answer made before `untilMs`, so that it cannot tell of the time up to there? */
export function isMadeBefore(answer: Pick<HttpAnswer, 'header'>, untilMs: number): boolean {
  const made = madeAt(answer)
  return made !== undefined && made.mostMs + SLACK_MS < untilMs
}
