/**
 * Time. Inside the program a time is a bigint of UTC microseconds and a span is half-open; milliseconds, ISO texts and
 * the wall clock are converted at the edge.
 */

declare const unit: unique symbol

/** Microseconds since 1970-01-01T00:00:00Z. */
export type Micros = bigint & { readonly [unit]: 'µs' }

/** A span of time `[from, to)`. Never empty: `from < to`. */
export type Window = { readonly from: Micros; readonly to: Micros }

/** A {@link Window} as it is printed: ISO 8601 UTC with microseconds. */
export type WindowText = { readonly from: string; readonly to: string }

/** Brands a whole number of microseconds. */
export function micros(value: bigint): Micros {
  return value as Micros
}

/**
 * Reads a timestamp in milliseconds.
 *
 * @throws RangeError when `ms` is not a safe integer, since a rounded time is a wrong time.
 */
export function fromMillis(ms: number): Micros {
  if (Number.isSafeInteger(ms)) return micros(BigInt(ms) * 1000n)
  throw new RangeError(`not a whole number of milliseconds: ${ms}`)
}

/** The millisecond that contains `time`: rounds down, also before 1970. */
export function toMillis(time: Micros): number {
  return Number(floorDiv(time, 1000n))
}

/** Division that rounds down for negative dividends too. */
export function floorDiv(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor
  return dividend % divisor < 0n ? quotient - 1n : quotient
}

/** `YYYY-MM-DDTHH:mm:ss.ffffffZ`, the only form in which times leave the program. */
export function formatMicros(time: Micros): string {
  const ms = toMillis(time)
  const rest = Number(time - BigInt(ms) * 1000n)
  const iso = new Date(ms).toISOString()
  return `${iso.slice(0, -1)}${String(rest).padStart(3, '0')}Z`
}

const ISO =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,6}))?)?(Z|[+-]00:?00)?)?$/

/**
 * Reads an ISO 8601 date, or date-time in UTC, with at most six decimals. A date alone means its first moment; a
 * date-time without `Z` is read as UTC, like every time in this program.
 *
 * @throws RangeError when the text has another form, another offset, or names a day or time that does not exist.
 */
export function parseMicros(text: string): Micros {
  const match = ISO.exec(text)
  if (match === null) throw new RangeError(`not an ISO 8601 date or UTC date-time: ${text}`)
  const [, year = '', month = '', day = '', hour = '00', minute = '00', second = '00', rest = ''] =
    match
  const ms = Date.UTC(+year, +month - 1, +day, +hour, +minute, +second)
  const written = `${year}-${month}-${day}T${hour}:${minute}:${second}`
  if (new Date(ms).toISOString().slice(0, 19) !== written)
    throw new RangeError(`no such day or time: ${text}`)
  return micros(BigInt(ms) * 1000n + BigInt(rest.padEnd(6, '0')))
}

/** A window as text, for documents and people. */
export function formatWindow({ from, to }: Window): WindowText {
  return { from: formatMicros(from), to: formatMicros(to) }
}

/** Reads a window back. @throws RangeError when a bound is not a moment or the window is empty. */
export function parseWindow({ from, to }: WindowText): Window {
  const window = { from: parseMicros(from), to: parseMicros(to) }
  if (window.from < window.to) return window
  throw new RangeError(`an empty or reversed window: ${from} to ${to}`)
}

/** The length of a partition. */
export const PARTITIONS = ['day', 'month', 'year'] as const
/** @see {@link PARTITIONS} */
export type Partition = (typeof PARTITIONS)[number]

const PERIOD_CHARS: Record<Partition, number> = { day: 10, month: 7, year: 4 }

/** The name of the period that holds `time`: `2024-03-01`, `2024-03` or `2024`. */
export function periodOf(time: Micros, partition: Partition): string {
  return formatMicros(time).slice(0, PERIOD_CHARS[partition])
}

/**
 * The span of a period named by {@link periodOf}.
 *
 * @throws RangeError when the name is not a day, month or year of the calendar.
 */
export function periodWindow(period: string): Window {
  if (!/^\d{4}(-\d{2}(-\d{2})?)?$/.test(period)) throw new RangeError(`not a period: ${period}`)
  const from = parseMicros(`${period}-01-01`.slice(0, 10))
  const date = new Date(toMillis(from))
  if (period.length === 10) date.setUTCDate(date.getUTCDate() + 1)
  else if (period.length === 7) date.setUTCMonth(date.getUTCMonth() + 1)
  else date.setUTCFullYear(date.getUTCFullYear() + 1)
  return { from, to: fromMillis(date.getTime()) }
}

/** The later of two moments. */
export function latest(a: Micros, b: Micros): Micros {
  return a > b ? a : b
}

/** The earlier of two moments. */
export function earliest(a: Micros, b: Micros): Micros {
  return a < b ? a : b
}
