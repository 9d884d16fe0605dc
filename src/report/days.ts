/** A series day by day: a state for each UTC day, in runs, and the same squeezed into the columns of a bar. */

import { isKnown, type Gap, type GapReason } from '../base/gap.ts'
import { floorDiv, formatMicros, micros, type Micros, type Window } from '../base/time.ts'

/**
 * How a day stands.
 *
 * - `-`: not asked for
 * - `c`: covered, `r`: covered, with rows that changed after they were stored
 * - `o`, `b`, `a`: covered, and known to be empty: outage, before listing, after delisting
 * - `m`: missing
 * - `u`, `n`, `e`: missing, since REST no longer serves it, the archive has not published it, or answers were empty
 */
export type DayState = '-' | 'c' | 'r' | 'o' | 'b' | 'a' | 'm' | 'u' | 'n' | 'e'

/** How much of a day is in that state; nothing for all of it. */
export type Share = '' | '¼' | '½' | '¾'

/** One day: `c`, `m`, or `m¼` where a part of it is missing. */
export type DayCell = `${DayState}${Share}`

/** Days from `first` on, `YYYY-MM-DD`, as `c120o1c30m¼1`: state, share and number of days. */
export type Days = { readonly first: string; readonly runs: string }

/** What the days of a series are painted from. All windows are half-open. */
export type DayFacts = {
  readonly covered: readonly Window[]
  readonly missing: readonly Window[]
  readonly gaps: readonly Gap[]
  /** Moments of rows that changed. */
  readonly revised: readonly Micros[]
}

/** A day in microseconds. */
export const DAY = 86_400_000_000n

/** Later ones win when days are squeezed into one column. */
const BY_WEIGHT: readonly DayState[] = ['-', 'b', 'a', 'c', 'r', 'o', 'e', 'n', 'u', 'm']

const OF_REASON: Readonly<Record<GapReason, DayState>> = {
  outage: 'o',
  'before-listing': 'b',
  'after-delisting': 'a',
  'between-contracts': 'a',
  'unavailable-from-rest': 'u',
  'not-published': 'n',
  unconfirmed: 'e',
}

/** One cell for each day, or for each shorter `step`, from number `first` (steps since 1970) on. */
export type DayRow = {
  readonly first: number
  readonly step: bigint
  readonly cells: readonly DayCell[]
}

/** Cells that are being painted: the state of each, and how many microseconds of it are in that state. */
type Wet = { readonly states: DayState[]; readonly amounts: Float64Array }

/** Paints the days of a series; `undefined` when nothing is covered, missing or known to be a gap. */
export function dayRow(facts: DayFacts, step: bigint = DAY): DayRow | undefined {
  const { covered, missing, gaps, revised } = facts
  // Years before a listing say nothing that the list of gaps does not say in a line.
  const seen = [...covered, ...missing].flatMap((window) => withoutEmptyEnds(window, gaps))
  const spans = seen.map((window) => cellsOf(window, step))
  if (spans.length === 0) return undefined
  const first = Math.min(...spans.map(([from]) => from))
  const end = Math.max(...spans.map(([, to]) => to))
  const states = new Array<DayState>(end - first).fill('-')
  const wet: Wet = { states, amounts: new Float64Array(end - first) }
  const paint = (window: Window, brush: (at: number, amount: number) => void): void => {
    const [from, to] = cellsOf(window, step)
    for (let at = Math.max(from, first); at < Math.min(to, end); at++) {
      const isEdge = at === from || at === to - 1
      brush(at - first, isEdge ? overlap(window, BigInt(at) * step, step) : Number(step))
    }
  }
  for (const window of covered)
    paint(window, (at, amount) => {
      put(wet, at, 'c', amount)
    })
  for (const time of revised)
    paint({ from: time, to: micros(time + 1n) }, (at) => {
      put(wet, at, 'r', Number(step))
    })
  for (const window of missing)
    paint(window, (at, amount) => {
      put(wet, at, 'm', amount)
    })
  for (const gap of gaps)
    paint(gap, (at, amount) => {
      putGap(wet, at, gap, amount)
    })
  return { first, step, cells: states.map((state, at) => dried(state, wet.amounts[at], step)) }
}

function put({ states, amounts }: Wet, at: number, state: DayState, amount: number): void {
  amounts[at] = amount + (states[at] === state ? (amounts[at] ?? 0) : 0)
  states[at] = state
}

/** A gap that is missing explains what is missing; one that is known does not hide that more is missing. */
function putGap(wet: Wet, at: number, { reason }: Gap, amount: number): void {
  const isMissing = wet.states[at] === 'm'
  if (isMissing === isKnown({ reason })) return
  if (isMissing) wet.states[at] = OF_REASON[reason]
  else if (isKnown({ reason })) put(wet, at, OF_REASON[reason], amount)
}

function dried(state: DayState, amount: number | undefined, step: bigint): DayCell {
  const quarters = Math.floor(((amount ?? 0) * 4) / Number(step))
  if (state === '-' || quarters >= 4) return state
  return `${state}${quarters === 3 ? '¾' : quarters === 2 ? '½' : '¼'}`
}

function overlap({ from, to }: Window, start: bigint, step: bigint): number {
  const [begin, end] = [from > start ? from : start, to < start + step ? to : start + step]
  return Number(end - begin)
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

function cellsOf({ from, to }: Window, step: bigint): readonly [first: number, end: number] {
  return [Number(floorDiv(from, step)), Number(floorDiv(to - 1n, step)) + 1]
}

/** Writes the days down in runs. */
export function daysText({ first, step, cells }: DayRow): Days {
  let runs = ''
  for (let at = 0; at < cells.length;) {
    let end = at + 1
    while (end < cells.length && cells[end] === cells[at]) end++
    runs += `${cells[at] ?? '-'}${end - at}`
    at = end
  }
  return { first: dayName(BigInt(first) * step), runs }
}

/** `YYYY-MM-DD` of a moment in microseconds. */
export function dayName(time: bigint): string {
  return formatMicros(micros(time)).slice(0, 10)
}

/** Where bars begin, in steps since 1970, and how many steps they span. */
export type BarSpan = { readonly first: number; readonly count: number; readonly step: bigint }

/** The span of all rows, which have one step; `undefined` when there is none. */
export function spanOf(rows: readonly (DayRow | undefined)[]): BarSpan | undefined {
  const known = rows.filter((row) => row !== undefined)
  const [one] = known
  if (one === undefined) return undefined
  const first = Math.min(...known.map((row) => row.first))
  const end = Math.max(...known.map((row) => row.first + row.cells.length))
  return { first, count: end - first, step: one.step }
}

/** Cells that a bar of less than so many days is made of. */
const BAR_CELLS = 400
const PARTS = [24n, 12n, 8n, 6n, 4n, 3n, 2n]

/** The step of bars over `days` days: parts of a day where they can be told apart. */
export function barStep(days: number): bigint {
  const parts = PARTS.find((candidate) => Number(candidate) * days <= BAR_CELLS) ?? 1n
  return DAY / parts
}

/**
 * The cells of a row over a span, in `columns` equal columns at most; the heaviest state of a column's cells wins, so
 * that a missing day is seen however narrow the bar is.
 */
export function barStates(
  row: DayRow,
  { first, count, columns }: { first: number; count: number; columns: number },
): readonly DayState[] {
  const width = Math.min(columns, count)
  return Array.from({ length: width }, (_, column) => {
    const from = first + Math.floor((column * count) / width)
    const to = Math.max(from + 1, first + Math.floor(((column + 1) * count) / width))
    let heaviest = 0
    for (let at = from; at < to; at++)
      heaviest = Math.max(heaviest, BY_WEIGHT.indexOf(stateOf(row.cells[at - row.first] ?? '-')))
    return BY_WEIGHT[heaviest] ?? '-'
  })
}

function stateOf(cell: DayCell): DayState {
  return cell.charAt(0) as DayState
}
