/** One page of a walk by id: the rows that it adds, and what missing ids mean. */

import { DataError } from '../base/errors.ts'
import type { Gap } from '../base/gap.ts'
import { latest, micros, type Micros, type Window } from '../base/time.ts'
import { DISORDER } from '../binance/disorder.ts'
import type { StepWarning } from '../rows/step.ts'
import type { Page } from '../rows/page.ts'
import { disorderWarning, type IdRow } from './id-end.ts'

/** Consecutive rows `[first, end)` of a page. */
export type Slice = { readonly first: number; readonly end: number }

/** What one page adds to a walk by id. */
export type PageRun = {
  readonly page: Page | undefined
  /** The rows that are taken from it. */
  readonly slices: readonly Slice[]
  /** Is the walk past the window's end for good? */
  readonly isLast: boolean
  readonly gaps: readonly Gap[]
  /** What is unusual about its rows; they are kept. */
  readonly warnings: readonly StepWarning[]
}

/** How far a walk by id has come. */
export type IdProgress = {
  expected: bigint
  /** The highest id seen in any answer: rows continue at least up to it. */
  highest: bigint | undefined
  /** The latest time of the rows that were taken. */
  lastTime: Micros
  /** The row of the id before the expected one. */
  before: IdRow | undefined
  /** Rows after the window's end since the last row before it. */
  rowsPast: number
  /** Has a row at or after the window's start come? */
  isInside: boolean
  emptyAsks: number
  /** How often the rows from the expected id on were requested. */
  tries: number
  pagesLeft: number
  /** The id after a jump that was seen and requested again. */
  recheckedJump: bigint | undefined
}

/** What a walk by id takes from a page. */
export type Bounds = {
  readonly window: Window
  /**
   * Rows before the window whose ids follow one inside it are taken from this moment on: the lake covers that time, so
   * nothing requests it again. `undefined`: such rows are left to their own window.
   */
  readonly takenFrom: Micros | undefined
  readonly areIdsSparse: boolean
}

/** This many rows past the window's end, with none before it among them, show that the walk is past it. */
const ROWS_PAST_MIN = 10

/** `fromId` is inclusive: no earlier row may come. A later one may, where ids have gaps. */
export function checkFrom(page: Page, fromId: bigint): void {
  const first = page.keys[0]
  if (first !== undefined && first < fromId)
    throw new DataError(`asked for rows from id ${fromId} on, got id ${first}`)
}

/**
 * The rows of `page` with ids from the expected one on and times in the bounds; times may go back by any distance.
 * `undefined` when the page has no new row, or begins with a jump of ids that was not yet requested again.
 */
export function runOf(page: Page, state: IdProgress, bounds: Bounds): PageRun | undefined {
  const { expected } = state
  let first = 0
  while (first < page.rowCount && (page.keys[first] ?? 0n) < expected) first++
  if (first === page.rowCount) {
    state.emptyAsks += 1
    return undefined
  }
  const jumpsTo = bounds.areIdsSparse ? undefined : findJump(page, first, expected)
  if (jumpsTo !== undefined && state.recheckedJump !== jumpsTo) {
    state.recheckedJump = jumpsTo
    return undefined
  }
  const gaps = jumpsTo === undefined ? [] : jumpGaps(page, first, state, bounds.window)
  const warnings = disorderIn(page, first, state.before)
  const slices = slicesOf(page, first, state, bounds)
  const lastTime = page.times[page.rowCount - 1] ?? 0n
  const isLast = state.rowsPast >= ROWS_PAST_MIN && lastTime >= bounds.window.to + DISORDER
  return { page, slices, isLast, gaps, warnings }
}

/** The rows of a page taken from row `first` on, as consecutive slices; updates `state`. */
function slicesOf(
  { times, rowCount }: Page,
  first: number,
  state: IdProgress,
  { window: { from, to }, takenFrom }: Bounds,
): Slice[] {
  const slices: { first: number; end: number }[] = []
  for (let row = first; row < rowCount; row++) {
    const time = micros(times[row] ?? 0n)
    if (time >= to) {
      state.rowsPast += 1
      continue
    }
    state.rowsPast = 0
    if (time >= from) state.isInside = true
    else if (!state.isInside || takenFrom === undefined || time < takenFrom) continue
    state.lastTime = latest(state.lastTime, time)
    const last = slices.at(-1)
    if (last?.end === row) last.end = row + 1
    else slices.push({ first: row, end: row + 1 })
  }
  return slices
}

/** Where times first go back, also compared with the row `before`. */
function disorderIn(page: Page, first: number, before: IdRow | undefined): StepWarning[] {
  const head = idRow(page, first)
  if (before !== undefined && head.time < before.time) return [disorderWarning(before, head)]
  for (let row = first + 1; row < page.rowCount; row++)
    if ((page.times[row] ?? 0n) < (page.times[row - 1] ?? 0n))
      return [disorderWarning(idRow(page, row - 1), idRow(page, row))]
  return []
}

/** A row of a page. */
export function idRow({ keys, times }: Page, row: number): IdRow {
  return { id: keys[row] ?? 0n, time: micros(times[row] ?? 0n) }
}

/** Rows with skipped ids are missing, and nothing shows that they never existed: a gap, not covered. */
function jumpGaps(page: Page, first: number, state: IdProgress, window: Window): Gap[] {
  const gaps: Gap[] = []
  let time = state.before?.time ?? window.from
  let id = state.expected
  for (let row = first; row < page.rowCount; row++) {
    const next = idRow(page, row)
    const [from, last] = time < next.time ? [time, next.time] : [next.time, time]
    const gap = { from: latest(from, window.from), to: micros(last + 1n) }
    if (next.id !== id && gap.from < window.to && gap.from < gap.to)
      gaps.push({ ...gap, reason: 'unavailable-from-rest' })
    id = next.id + 1n
    time = next.time
  }
  return gaps
}

/** The first id of `page` from row `first` on that does not follow the one before it. */
function findJump(page: Page, first: number, expected: bigint): bigint | undefined {
  const last = page.keys[page.rowCount - 1] ?? 0n
  // Ids increase strictly, so the last one alone shows whether any is missing.
  if (last - expected === BigInt(page.rowCount - 1 - first)) return undefined
  return page.keys.subarray(first, page.rowCount).find((id, row) => id !== expected + BigInt(row))
}
