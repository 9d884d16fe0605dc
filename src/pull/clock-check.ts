/**
 * Compares clocks: `/time`, the `Date` header of its answer, and this machine's clock. A time that only one of them
 * shows does not count as now: a time that has not come yet must never count as requested.
 */

import type { HttpAnswer } from '../base/ports.ts'

/** The offset of a clock from the monotonic one, in milliseconds: certainly between these two. */
export type Offset = { readonly leastMs: number; readonly mostMs: number }

/** What the three clocks show at one moment. */
export type ClockReadings = {
  /** `/time`. */
  readonly stated: Offset
  /** The `Date` header of its answer; `undefined` when it had none. */
  readonly dated: Offset | undefined
  /** This machine's wall clock minus its monotonic one. */
  readonly machineMs: number
}

/** The result of the comparison. */
export type ClockVerdict =
  | { readonly kind: 'trusted'; readonly clock: Offset; readonly note?: string }
  /** To be read again. If it stays like this, `clock` is used, and nothing after `notAfterMs` counts as past. */
  | {
      readonly kind: 'uncertain'
      readonly clock: Offset
      readonly notAfterMs: number
      readonly why: string
    }
  | { readonly kind: 'refused'; readonly why: string }

/**
 * Clocks that agree differ by less than this, besides the uncertainty of both: edge servers are accurate to well under
 * a second, and `Date` may be written before the body. Much less than any `settle` in use.
 */
const SLACK_MS = 5_000
const MINUTE_MS = 60_000
const DAY_MS = 86_400_000
/**
 * A machine further behind than any certificate is valid (398 days) could not have connected to the exchange over
 * https. So it is the exchange's clock that is ahead.
 */
const BEHIND_MS_MAX = 400 * DAY_MS
/** An `Age` beyond this is nonsense. */
const AGE_S_MAX = 86_400

/** Compares the readings of the three clocks. */
export function compareClocks(readings: ClockReadings): ClockVerdict {
  const verdict = compared(readings)
  if (verdict.kind === 'refused') return verdict
  const aheadMs = certainMs(verdict) - readings.machineMs
  const by = `the exchange's clock is ${span(aheadMs)} ahead of this machine's`
  if (aheadMs > BEHIND_MS_MAX) return { kind: 'refused', why: by }
  return verdict.kind === 'trusted' && aheadMs > DAY_MS ? { ...verdict, note: by } : verdict
}

function compared({ stated, dated, machineMs }: ClockReadings): ClockVerdict {
  if (dated === undefined) return withoutDate(stated, machineMs)
  const apartMs = apart(stated, dated)
  if (apartMs <= SLACK_MS) return { kind: 'trusted', clock: stated }
  const why = `/time is ${span(apartMs)} off the Date header of its answer`
  const uncertain = (clock: Offset, other: number): ClockVerdict => {
    return { kind: 'uncertain', clock, notAfterMs: Math.min(clock.leastMs, other), why }
  }
  if (apartMs <= DAY_MS) return uncertain(stated, dated.leastMs)
  const machine = { leastMs: machineMs, mostMs: machineMs }
  if (apart(dated, machine) <= DAY_MS) return uncertain(dated, machineMs)
  if (apart(stated, machine) <= DAY_MS) return uncertain(stated, machineMs)
  return { kind: 'refused', why: `${why}, and this machine's clock agrees with neither` }
}

/**
 * Without a `Date`, only this machine's clock can show that `/time` is ahead. If `/time` is behind, it covers no
 * future.
 */
function withoutDate(stated: Offset, machineMs: number): ClockVerdict {
  const aheadMs = stated.leastMs - machineMs
  if (aheadMs <= MINUTE_MS) return { kind: 'trusted', clock: stated }
  const why = `/time is ${span(aheadMs)} ahead of this machine's clock, and its answer has no Date header`
  if (aheadMs > DAY_MS) return { kind: 'refused', why }
  return { kind: 'uncertain', clock: stated, notAfterMs: machineMs, why }
}

function certainMs(verdict: Exclude<ClockVerdict, { kind: 'refused' }>): number {
  return verdict.kind === 'trusted' ? verdict.clock.leastMs : verdict.notAfterMs
}

/** The least that two clocks differ. */
function apart(a: Offset, b: Offset): number {
  return Math.max(0, a.leastMs - b.mostMs, b.leastMs - a.mostMs)
}

function span(ms: number): string {
  if (ms >= 2 * DAY_MS) return `${Math.round(ms / DAY_MS)} days`
  return ms >= 2 * MINUTE_MS
    ? `${Math.round(ms / MINUTE_MS)} minutes`
    : `${Math.round(ms / 1_000)} s`
}

/** The server's clock from a time in an answer, which was made between two monotonic moments. */
export function offsetOf(
  { leastMs, mostMs }: Offset,
  { sentMs, receivedMs }: { readonly sentMs: number; readonly receivedMs: number },
): Offset {
  return { leastMs: leastMs - receivedMs, mostMs: mostMs - sentMs }
}

const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/

/**
 * When an answer was made, in milliseconds since the epoch, by its `Date` header: whole seconds, and up to its `Age`
 * later if a cache sent it. `undefined` without a date.
 */
export function madeAt(answer: Pick<HttpAnswer, 'header'>): Offset | undefined {
  const text = answer.header('date')?.trim() ?? ''
  const leastMs = HTTP_DATE.test(text) ? Date.parse(text) : NaN
  if (Number.isNaN(leastMs)) return undefined
  const age = answer.header('age')?.trim() ?? ''
  const ageS = /^\d{1,9}$/.test(age) ? Math.min(Number(age), AGE_S_MAX) : 0
  return { leastMs, mostMs: leastMs + (ageS + 1) * 1_000 }
}

/** Was an answer made before `untilMs`, so that it cannot cover the time up to there? */
export function isMadeBefore(answer: Pick<HttpAnswer, 'header'>, untilMs: number): boolean {
  const made = madeAt(answer)
  return made !== undefined && made.mostMs + SLACK_MS < untilMs
}
