/** Reads moments and durations as written in `from`, `to` and `settle`. Uses no clock. */

import { formatMicros, micros, parseMicros, type Micros } from '../base/time.ts'
import type { EndMoment, Moment } from './job.ts'
import { closest, didYouMean, quoted, type Reading } from '../base/suggest.ts'

const SECOND = 1_000_000n
const DAY = 86_400n * SECOND
const UNIT: Readonly<Record<string, bigint>> = {
  s: SECOND,
  m: 60n * SECOND,
  h: 3_600n * SECOND,
  d: DAY,
  w: 7n * DAY,
}

// Longer ones would name moments before the program's calendar begins.
const AGO_MAX = 36_500n * DAY
const SETTLE_MAX = 7n * DAY

const DURATION = /^(\d{1,12})([smhdw])$/
// 'T' or a space, at least minutes, at most microseconds; the zone is captured separately.
const DATE_TIME = /^(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2})(:\d{2}(?:\.\d{1,6})?)? ?(.{0,6})$/

// What `parseDate` and `parseDuration` accept, plus days that do not exist and durations that are too long.
const MOMENT_SOURCE =
  '\\d{1,12}[smhdw]|\\d{4}-\\d{2}-\\d{2}([T ]\\d{2}:\\d{2}(:\\d{2}(\\.\\d{1,6})?)?(Z|[+-]00:?00)?)?'

/** A superset of what {@link readFrom} accepts, for editors. */
export const FROM_SOURCE: string = `^(listing|${MOMENT_SOURCE})$`
/** A superset of what {@link readTo} accepts, for editors. */
export const TO_SOURCE: string = `^(now|${MOMENT_SOURCE})$`
/** A superset of what {@link readSettle} accepts, for editors. */
export const DURATION_SOURCE: string = DURATION.source

/** Reads the inclusive start of a range. */
export function readFrom(text: string): Reading<Moment> {
  if (text === 'listing') return { value: { kind: 'listing' } }
  if (text === 'now') return { problem: '"now" cannot be a start' }
  return readMoment(text, ['listing'])
}

/** A superset of what {@link readDay} accepts, for editors. */
export const DAY_SOURCE: string = `^${MOMENT_SOURCE.slice(MOMENT_SOURCE.indexOf('|') + 1)}$`

/** Reads a moment that no clock moves. */
export function readDay(text: string): Reading<Micros> {
  const reading = readFrom(text)
  if ('problem' in reading) return reading
  if (reading.value.kind === 'at') return { value: reading.value.time }
  return { problem: `${quoted(text)} moves; write a date such as 2024-01-01` }
}

/** Reads the exclusive end of a range. */
export function readTo(text: string): Reading<EndMoment> {
  if (text === 'now') return { value: { kind: 'now' } }
  if (text === 'listing') return { problem: '"listing" cannot be an end' }
  return readMoment(text, ['now'])
}

function readMoment(text: string, words: readonly string[]): Reading<Moment & EndMoment> {
  const ago = parseDuration(text)
  if (ago !== undefined) return readAgo(text, ago)
  const date = parseDate(text)
  if (date !== undefined)
    return date < 0n
      ? { problem: `${quoted(text)} is before 1970` }
      : { value: { kind: 'at', time: date } }
  return { problem: explainMoment(text, words) }
}

function readAgo(text: string, ago: bigint): Reading<Moment & EndMoment> {
  if (ago === 0n) return { problem: `${quoted(text)} is a duration of zero` }
  if (ago > AGO_MAX) return { problem: `${quoted(text)} is more than 36500 days` }
  return { value: { kind: 'ago', micros: ago } }
}

/** Reads a date, or a date-time in UTC, with or without a `Z`. */
function parseDate(text: string): Micros | undefined {
  try {
    return parseMicros(text)
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

function parseDuration(text: string): bigint | undefined {
  const [, count, unit = ''] = DURATION.exec(text) ?? []
  return count === undefined ? undefined : BigInt(count) * (UNIT[unit] ?? 0n)
}

/** Reads how long after its close a kline is final: microseconds, 0 to 7 days. */
export function readSettle(text: string): Reading<bigint> {
  const value = parseDuration(text)
  if (value === undefined) {
    const suggestion = suggestDuration(text)
    const help = suggestion === undefined ? ' such as 30s, 1m or 2h' : didYouMean(suggestion)
    return { problem: `${quoted(text)} is not a duration${help}` }
  }
  if (value > SETTLE_MAX) return { problem: `${quoted(text)} is more than 7 days` }
  return { value }
}

// Which offset such a name means depends on who wrote it.
const ZONE =
  /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)? ?([A-Za-z]{2,5}|[A-Za-z]+\/[A-Za-z_]{1,30})$/

function explainMoment(text: string, words: readonly string[]): string {
  const inUtc = suggestUtc(text)
  if (inUtc !== undefined) return `${quoted(text)} is not a time in UTC; write ${inUtc}`
  const zone = ZONE.exec(text)?.[1]
  if (zone !== undefined)
    return `${quoted(text)} names the zone ${quoted(zone)}; all times are UTC: write it in UTC, such as 2024-01-01T14:00:00Z`
  if (/^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}.{0,20})?$/.test(text))
    return `${quoted(text)} is not an existing day or time`
  const suggestion = suggestDate(text) ?? suggestDuration(text) ?? closest(text, words)
  const help =
    suggestion === undefined
      ? `; write a date such as 2024-01-01, a time such as 2024-01-01T12:30:00Z, a duration back from now such as 30d, or ${words.join()}`
      : didYouMean(suggestion)
  return `${quoted(text)} is not a moment${help}`
}

/** The same moment in UTC, for a date-time in another zone or form. */
function suggestUtc(text: string): string | undefined {
  const [, day, minutes = '', seconds = ':00', zone = ''] = DATE_TIME.exec(text) ?? []
  if (day === undefined) return undefined
  const [, sign, hours, rest = '00'] = /^([+-])(\d{2}):?(\d{2})?$/.exec(zone) ?? []
  if (hours === undefined && !/^(Z|UTC|GMT)?$/i.test(zone)) return undefined
  const time = parseDate(`${day}T${minutes}${seconds}Z`)
  if (time === undefined) return undefined
  const offset = BigInt(hours ?? 0) * (UNIT['h'] ?? 0n) + BigInt(rest) * (UNIT['m'] ?? 0n)
  return brief(micros(sign === '-' ? time + offset : time - (hours === undefined ? 0n : offset)))
}

// Seconds, milliseconds and microseconds since 1970, by the number of digits that such a count has today.
const EPOCH_UNIT: Readonly<Record<number, bigint>> = { 10: SECOND, 13: 1_000n, 16: 1n }

/** The most likely meaning of a number in the place of a date, or of a date in another form. */
export function suggestDate(text: string): string | undefined {
  const [, year, month = '01', day = '01'] =
    /^(\d{4})(?:[-/.]?(\d{1,2})(?:[-/.]?(\d{1,2}))?)?$/.exec(text) ?? []
  const date = `${year ?? ''}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`
  if (year !== undefined && text.length !== 6 && parseDate(date) !== undefined) return date
  const unit = /^\d+$/.test(text) ? EPOCH_UNIT[text.length] : undefined
  return unit === undefined ? undefined : brief(micros(BigInt(text) * unit))
}

/** ISO 8601, without parts that are zero. */
function brief(time: Micros): string | undefined {
  try {
    return formatMicros(time).replace(/\.?0{1,6}Z$/, 'Z')
  } catch (error) {
    // A moment outside the calendar has no text, so there is no suggestion.
    if (error instanceof RangeError) return undefined
    throw error
  }
}

const UNIT_WORD = /^(s|sec|m|min|h|hr|hour|d|day|w|wk|week|second|minute)s?$/
const MONTH_WORD = /^(M|mo|mon|month)s?$/
const YEAR_WORD = /^(Y|y|yr|year)s?$/

/** A duration in another form. Months and years, whose lengths vary, become days. */
function suggestDuration(text: string): string | undefined {
  const [, digits, word = ''] =
    /^[-+]?(\d{1,9}) ?([A-Za-z]{1,8})(?: ago)?$/.exec(text.slice(0, 40).trim()) ?? []
  if (digits === undefined) return undefined
  if (MONTH_WORD.test(word)) return `${Number(digits) * 30}d`
  if (YEAR_WORD.test(word)) return `${Number(digits) * 365}d`
  const [, unit] = UNIT_WORD.exec(word.toLowerCase()) ?? []
  return unit === undefined ? undefined : `${digits}${unit.charAt(0)}`
}

/** The length of `90 min`, `1H` or `24hours`, in microseconds; for suggestions only. */
export function readDurationLoosely(text: string): bigint | undefined {
  const suggestion = suggestDuration(text)
  return suggestion === undefined ? undefined : parseDuration(suggestion)
}
