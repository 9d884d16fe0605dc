/** One page of a walk by id: the rows that it adds, and what the ids that are not there tell. */

import { DataError } from '../base/errors.ts'
import type { Gap } from '../base/gap.ts'
import { formatMicros, micros, type Micros, type Window } from '../base/time.ts'
import type { PageRows } from './walk.ts'

/** What one page adds to a walk by id. */
export type Run<P> = {
  readonly page: P | undefined
  readonly first: number
  readonly end: number
  /** Did a row at or after the window's end show that it is complete? */
  readonly isLast: boolean
  /** Time of the last row used so far. */
  readonly lastTime: Micros
  readonly gaps: readonly Gap[]
}

/** How far a walk by id has come. */
export type Progress = {
  expected: bigint
  /** The highest id that any answer showed: rows do not end before it. */
  highest: bigint | undefined
  lastTime: Micros
  emptyAsks: number
  /** How often the rows from the expected id on were asked for. */
  tries: number
  pagesLeft: number
  /** The id at which a jump was seen and asked about again. */
  doubted: bigint | undefined
}

/** `fromId` is inclusive: no earlier row may come. A later one may, where ids have gaps. */
export function checkFrom(page: PageRows, fromId: bigint): void {
  const first = page.keys[0]
  if (first !== undefined && first < fromId)
    throw new DataError(`asked for rows from id ${fromId} on, got id ${first}`)
  for (let row = 1; row < page.rowCount; row++) {
    const time = page.times[row] ?? 0n
    const before = page.times[row - 1] ?? 0n
    if (time < before) throw backwards(micros(before), micros(time))
  }
}

function backwards(before: Micros, after: Micros): DataError {
  return new DataError(
    `ids go on but times go back, from ${formatMicros(before)} to ${formatMicros(after)}`,
  )
}

/**
 * The rows of `page` with ids from the expected one on and times before the window's end. `undefined` when the page
 * has no new row, or begins with a jump of ids that was not asked about again yet.
 */
export function runOf<P extends PageRows>(
  page: P,
  state: Progress,
  window: Window,
  areIdsSparse: boolean,
): Run<P> | undefined {
  const { expected, lastTime } = state
  let first = 0
  while (first < page.rowCount && (page.keys[first] ?? 0n) < expected) first++
  if (first === page.rowCount) {
    state.emptyAsks += 1
    return undefined
  }
  const jumpsTo = areIdsSparse ? undefined : findJump(page, first, expected)
  if (jumpsTo !== undefined && state.doubted !== jumpsTo) {
    state.doubted = jumpsTo
    return undefined
  }
  if ((page.times[first] ?? 0n) < lastTime) first = skipBefore(page, first, window.from, lastTime)
  let end = page.rowCount
  while (end > first && (page.times[end - 1] ?? 0n) >= window.to) end--
  const isLast = end < page.rowCount
  const gaps = areIdsSparse ? [] : jumpGaps(page, first, Math.min(end + 1, page.rowCount), state)
  return {
    page,
    first,
    end,
    isLast,
    lastTime: end > first ? micros(page.times[end - 1] ?? 0n) : lastTime,
    gaps,
  }
}

/** A first id found by time brings the rows of the whole millisecond: those before the window's first microsecond go. */
function skipBefore(page: PageRows, begin: number, from: Micros, lastTime: Micros): number {
  let first = begin
  const millisecond = from - (from % 1_000n)
  while (first < page.rowCount) {
    const time = page.times[first] ?? 0n
    if (time >= from) return first
    if (time < millisecond || lastTime > from) throw backwards(lastTime, micros(time))
    first++
  }
  return first
}

/** Rows whose ids were skipped are missing, and nothing shows that they never were: not covered, and said so. */
function jumpGaps(page: PageRows, first: number, end: number, state: Progress): Gap[] {
  const gaps: Gap[] = []
  let from = state.lastTime
  let id = state.expected
  if (first > 0 && (page.keys[first - 1] ?? 0n) >= id) id = (page.keys[first - 1] ?? 0n) + 1n
  for (let row = first; row < end; row++) {
    const time = page.times[row] ?? 0n
    const to = micros(time + 1n)
    if (page.keys[row] !== id) gaps.push({ from, to, reason: 'unavailable-from-rest' })
    id = (page.keys[row] ?? 0n) + 1n
    from = micros(time)
  }
  return gaps
}

/** The first id of `page` from row `first` on that does not follow the one before it. */
function findJump(page: PageRows, first: number, expected: bigint): bigint | undefined {
  const last = page.keys[page.rowCount - 1] ?? 0n
  // Ids increase strictly, so the last one alone tells whether any is missing.
  if (last - expected === BigInt(page.rowCount - 1 - first)) return undefined
  return page.keys.subarray(first, page.rowCount).find((id, row) => id !== expected + BigInt(row))
}
