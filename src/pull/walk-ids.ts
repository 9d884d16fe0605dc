/**
 * The walk over rows with contiguous ids (aggregate trades, trades, block trades). A time only finds the first id;
 * from there on the cursor is an id, since thousands of trades share one microsecond and a cursor in time would lose
 * or repeat them.
 *
 * @see binance-spot-api-docs, rest-api.md, "Compressed/Aggregate trades list": startTime, endTime and fromId are
 * inclusive; fromId is never sent together with times (errors.md, -1128).
 */

import { DataError } from '../base/errors.ts'
import type { Gap } from '../base/gap.ts'
import { earliest, formatMicros, micros, type Micros, type Window } from '../base/time.ts'
import type { FindFirst, FirstRow } from './first-row.ts'
import {
  emptyStep,
  ReadAhead,
  type AskPage,
  type PageRows,
  type Step,
  type WalkOptions,
} from './walk.ts'

/** What an id walk may assume, beside what all walks may. */
export type IdWalkOptions = WalkOptions & {
  /**
   * The id after the last stored row, where the lake's coverage reaches the window without a break: the walk goes on
   * from it and asks for no time.
   */
  readonly nextId: bigint | undefined
  /**
   * The id of a later row that the lake holds: an exchange that sends no row although there is one does not speak of
   * this time any more, unless the ids are joined. Default: not known.
   */
  readonly laterId?: bigint | undefined
  /** May ids be left out? Then a jump of ids tells nothing. Default: no. */
  readonly areIdsSparse?: boolean
}

/** An empty page counts as the end only when it was sent so often. */
const ASKS_MIN = 2

/**
 * Walks the rows in `window`, by id.
 *
 * @throws DataError when rows come that were not asked for, or times go back while ids go on.
 */
export async function* walkIds<P extends PageRows>(
  window: Window,
  findFirst: FindFirst,
  ask: AskPage<P>,
  options: IdWalkOptions,
): AsyncGenerator<Step<P>, void, void> {
  const first: FirstRow =
    options.nextId === undefined
      ? await findFirst(window.from)
      : { id: options.nextId, isProven: true, hasRowsBefore: true }
  const hasRowsBefore = first.hasRowsBefore || options.hasRowsBefore
  if (first.id === undefined) {
    // Quiet time is normal for trades; only where nothing was ever traded before is there something to say.
    const quiet: Gap[] = hasRowsBefore ? [] : [{ ...window, reason: 'before-listing' }]
    yield emptyStep(window.to, options.laterId === undefined ? quiet : forgotten(window))
    return
  }
  let isFirst = true
  for await (const run of contiguous(first.id, window, ask, options)) {
    const head =
      isFirst && options.nextId === undefined ? headGap(run, window, first, hasRowsBefore) : []
    isFirst = false
    const { page, first: begin, end, isLast, lastTime } = run
    // More rows of the last microsecond may follow on the next page: the walk has come up to it, not past it.
    yield {
      page,
      first: begin,
      end,
      reached: isLast ? window.to : lastTime,
      gaps: [...head, ...run.gaps],
    }
  }
}

type Run<P> = {
  readonly page: P | undefined
  readonly first: number
  readonly end: number
  /** Did a row at or after the window's end show that it is complete? */
  readonly isLast: boolean
  /** Time of the last row used so far. */
  readonly lastTime: Micros
  readonly gaps: readonly Gap[]
}

/** What is to be said of the time before the first row of a walk that began by time. */
function headGap<P extends PageRows>(
  { page, first: begin }: Run<P>,
  window: Window,
  { isProven }: FirstRow,
  hasRowsBefore: boolean,
): Gap[] {
  const time = earliest(micros(page?.times[begin] ?? window.to), window.to)
  if (time <= window.from || (isProven && hasRowsBefore)) return []
  return [
    { from: window.from, to: time, reason: isProven ? 'before-listing' : 'unavailable-from-rest' },
  ]
}

/** Time of which the exchange sends nothing although it knew rows of it once. */
function forgotten({ from, to }: Window): Gap[] {
  return [{ from, to, reason: 'unavailable-from-rest' }]
}

type Progress = {
  expected: bigint
  lastTime: Micros
  emptyAsks: number
  pagesLeft: number
  /** The id at which a jump was seen and asked about again. */
  doubted: bigint | undefined
}

/** The rows from `id` on, each once and in order, until the window's end is passed. */
async function* contiguous<P extends PageRows>(
  id: bigint,
  window: Window,
  ask: AskPage<P>,
  options: IdWalkOptions,
): AsyncGenerator<Run<P>, void, void> {
  const state: Progress = {
    expected: id,
    lastTime: window.from,
    emptyAsks: 0,
    pagesLeft: 1,
    doubted: undefined,
  }
  let isLast = false
  while (!isLast) {
    for await (const page of pagesFrom(state, ask, options)) {
      const run = runOf(page, state, window, options.areIdsSparse ?? false)
      if (run === undefined) break
      yield run
      isLast = run.isLast
      if (isLast) return
      advance(state, run, window, options.limit)
    }
    if (state.emptyAsks < ASKS_MIN) continue
    isLast = true
    const { lastTime } = state
    const { laterId } = options
    const isJoined = laterId === undefined || laterId === state.expected
    const gaps = isJoined ? [] : forgotten({ from: lastTime, to: window.to })
    yield { page: undefined, first: 0, end: 0, isLast, lastTime, gaps }
  }
}

/** Pages from the expected id on, asked ahead; ends when the next one does not join the rows that came. */
async function* pagesFrom<P extends PageRows>(
  state: Progress,
  ask: AskPage<P>,
  { limit, readAhead, signal, areIdsSparse }: IdWalkOptions,
): AsyncGenerator<P, void, void> {
  const ahead = new ReadAhead(
    (fromId: bigint, aborted) =>
      ask(
        { fromId, limit },
        (page) => {
          checkFrom(page, fromId)
        },
        aborted,
      ),
    // Where sparse ids go on is not known before their page is.
    areIdsSparse === true ? 1 : readAhead,
    signal,
  )
  let next = state.expected
  const nextId = (): bigint => {
    const fromId = next > state.expected ? next : state.expected
    next = fromId + BigInt(limit)
    return fromId
  }
  try {
    for (;;) {
      const taken = await ahead.take(nextId, state.pagesLeft)
      // Asked further on than rows have come: the page before was short. Ask again from where it ended.
      if (taken === undefined || taken.task > state.expected) return
      yield taken.value
    }
  } finally {
    ahead.close()
  }
}

function advance<P extends PageRows>(
  state: Progress,
  run: Run<P>,
  window: Window,
  limit: number,
): void {
  state.pagesLeft = pagesLeft(run, window, limit)
  state.expected = (run.page?.keys[run.end - 1] ?? state.expected) + 1n
  state.lastTime = run.lastTime
  state.emptyAsks = 0
}

/** `fromId` is inclusive: no earlier row may come. A later one may, where ids have gaps. */
function checkFrom(page: PageRows, fromId: bigint): void {
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
function runOf<P extends PageRows>(
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

/** About how many pages are left, from the density of the last: read-ahead past the end is weight for nothing. */
function pagesLeft<P extends PageRows>(
  { page, end, lastTime }: Run<P>,
  window: Window,
  limit: number,
): number {
  const since = Number(lastTime - (page?.times[0] ?? lastTime))
  if (since <= 0) return Number.POSITIVE_INFINITY
  const rowsLeft = (end / since) * Number(window.to - lastTime)
  return Math.max(1, Math.ceil((rowsLeft * 1.2) / limit))
}
