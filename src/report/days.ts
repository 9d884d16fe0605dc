/** A series day by day: one letter for each UTC day, in runs, and the same squeezed into the columns of a strip. */

import { isKnown, type Gap, type GapReason } from '../base/gap.ts'
import { floorDiv, formatMicros, micros, type Micros, type Window } from '../base/time.ts'

/**
 * How a day stands.
 *
 * - `-`: not asked for
 * - `c`: covered, `r`: covered, with rows that changed after they were stored
 * - `o`, `b`, `a`: covered, and known to be empty in part or whole: outage, before listing, after delisting
 * - `p`: missing in part, `m`: missing as a whole
 * - `u`, `n`: missing, since REST no longer serves it, or the archive has not published it
 */
export type DayState = '-' | 'c' | 'r' | 'o' | 'b' | 'a' | 'p' | 'm' | 'u' | 'n' | 'e'

/** Days from `first` on, `YYYY-MM-DD`, as `c120o1c30`: letter and number of days. */
export type Days = { readonly first: string; readonly runs: string }

/** What the days of a series are painted from. All windows are half-open. */
export type DayFacts = {
  readonly covered: readonly Window[]
  readonly missing: readonly Window[]
  readonly gaps: readonly Gap[]
  /** Moments of rows that changed. */
  readonly revised: readonly Micros[]
}

const DAY = 86_400_000_000n

/** Later ones are painted over earlier ones, and win when days are squeezed into one column. */
const BY_WEIGHT: readonly DayState[] = ['-', 'b', 'a', 'c', 'r', 'o', 'e', 'n', 'u', 'p', 'm']

const OF_REASON: Readonly<Record<GapReason, DayState>> = {
  outage: 'o',
  'before-listing': 'b',
  'after-delisting': 'a',
  'unavailable-from-rest': 'u',
  'not-published': 'n',
  unconfirmed: 'e',
}

/** One state for each day, from day number `first` (days since 1970) on. */
export type DayRow = { readonly first: number; readonly states: readonly DayState[] }

/** Paints the days of a series; `undefined` when nothing is covered, missing or known to be a gap. */
export function dayRow({ covered, missing, gaps, revised }: DayFacts): DayRow | undefined {
  // Years before a listing say nothing that the list of gaps does not say in a line.
  const seen = [...covered, ...missing].flatMap((window) => withoutEmptyEnds(window, gaps))
  const spans = seen.map(daysOf)
  if (spans.length === 0) return undefined
  const first = Math.min(...spans.map(([from]) => from))
  const end = Math.max(...spans.map(([, to]) => to))
  const states = Array.from({ length: end - first }, (): DayState => '-')
  const paint = (window: Window, state: (day: number) => DayState | undefined): void => {
    const [from, to] = daysOf(window)
    for (let day = Math.max(from, first); day < Math.min(to, end); day++)
      states[day - first] = state(day) ?? states[day - first] ?? '-'
  }
  for (const window of covered) paint(window, () => 'c')
  for (const time of revised) paint({ from: time, to: micros(time + 1n) }, () => 'r')
  for (const window of missing) paint(window, (day) => (isWhole(window, day) ? 'm' : 'p'))
  for (const gap of gaps) paint(gap, (day) => gapState(gap, states[day - first]))
  return { first, states }
}

/** A gap that is missing explains the missing day; one that is known does not hide that more is missing. */
function gapState({ reason }: Gap, before: DayState | undefined): DayState | undefined {
  const isMissing = before === 'm' || before === 'p'
  return isMissing !== isKnown({ reason }) ? OF_REASON[reason] : undefined
}

/** `window` without what lies before a listing at its beginning and after a delisting at its end. */
function withoutEmptyEnds(window: Window, gaps: readonly Gap[]): readonly Window[] {
  let { from, to } = window
  for (const gap of gaps) {
    if (gap.reason === 'before-listing' && gap.from <= from && gap.to > from) from = gap.to
    if (gap.reason === 'after-delisting' && gap.to >= to && gap.from < to) to = gap.from
  }
  return from < to ? [{ from, to }] : []
}

function daysOf({ from, to }: Window): readonly [first: number, end: number] {
  return [Number(floorDiv(from, DAY)), Number(floorDiv(to - 1n, DAY)) + 1]
}

function isWhole({ from, to }: Window, day: number): boolean {
  return from <= BigInt(day) * DAY && to >= BigInt(day + 1) * DAY
}

/** Writes the days down in runs. */
export function daysText({ first, states }: DayRow): Days {
  let runs = ''
  for (let at = 0; at < states.length;) {
    let end = at + 1
    while (end < states.length && states[end] === states[at]) end++
    runs += `${states[at] ?? '-'}${end - at}`
    at = end
  }
  return { first: dayName(first), runs }
}

/** `YYYY-MM-DD` of a day number. */
export function dayName(day: number): string {
  return formatMicros(micros(BigInt(day) * DAY)).slice(0, 10)
}

/**
 * The days `[first, first + count)` in `columns` equal columns at most; the heaviest state of a column's days wins, so
 * that a missing day is seen however narrow the strip is.
 */
export function stripStates(
  row: DayRow,
  { first, count, columns }: { first: number; count: number; columns: number },
): readonly DayState[] {
  const width = Math.min(columns, count)
  return Array.from({ length: width }, (_, column) => {
    const from = first + Math.floor((column * count) / width)
    const to = Math.max(from + 1, first + Math.floor(((column + 1) * count) / width))
    let heaviest = 0
    for (let day = from; day < to; day++)
      heaviest = Math.max(heaviest, BY_WEIGHT.indexOf(row.states[day - row.first] ?? '-'))
    return BY_WEIGHT[heaviest] ?? '-'
  })
}
