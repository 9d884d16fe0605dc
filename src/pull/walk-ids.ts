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
import { earliest, latest, micros, type Window } from '../base/time.ts'
import type { FindFirst, FirstRow } from './first-row.ts'
import { checkFrom, runOf, type Progress, type Run } from './id-run.ts'
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
  /** Does the lake hold rows of the window's start or after it, whatever their ids? Default: not known. */
  readonly hasRowsAfter?: boolean | undefined
  /** May ids be left out? Then a jump of ids tells nothing. Default: no. */
  readonly areIdsSparse?: boolean
}

/** An empty page counts as the end only when it was sent so often. */
const ASKS_MIN = 2
/** An answer that another one contradicts is asked for so often at most. */
const TRIES_MAX = 6

/**
 * Walks the rows in `window`, by id.
 *
 * @throws DataError when rows come that were not asked for, times go back while ids go on, or answers go on
 * contradicting each other.
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
    const isForgotten = options.laterId !== undefined || options.hasRowsAfter === true
    yield emptyStep(window.to, isForgotten ? forgotten(window) : quiet)
    return
  }
  let isFirst = true
  let reached = window.from
  const isSeen = options.nextId === undefined && first.isProven
  const begin = { expected: first.id, highest: isSeen ? first.id : undefined }
  for await (const run of contiguous(begin, window, ask, options)) {
    const head =
      isFirst && options.nextId === undefined ? headGap(run, window, first, hasRowsBefore) : []
    isFirst = false
    const { page, first: row, end, isLast, lastTime } = run
    const gaps = [...head, ...run.gaps]
    // More rows of the last microsecond may follow on the next page: the walk has come up to it, not past it, unless
    // it is in a gap. Such a gap must be told of in full, or the next run would go on behind it.
    for (const time of [lastTime, gaps.at(-1)?.to ?? lastTime]) reached = latest(reached, time)
    if (isLast) reached = window.to
    yield { page, first: row, end, reached, gaps }
  }
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

/** The rows from the expected id on, each once and in order, until the window's end is passed. */
async function* contiguous<P extends PageRows>(
  begin: Pick<Progress, 'expected' | 'highest'>,
  window: Window,
  ask: AskPage<P>,
  options: IdWalkOptions,
): AsyncGenerator<Run<P>, void, void> {
  const state: Progress = {
    ...begin,
    lastTime: window.from,
    emptyAsks: 0,
    tries: 0,
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
    const isSeenOn = state.highest !== undefined && state.highest >= state.expected
    if (state.emptyAsks < ASKS_MIN || isSeenOn) {
      if (++state.tries < TRIES_MAX) continue
      throw new DataError(`rows from id ${state.expected} on: the answers contradict each other`)
    }
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
    async (fromId: bigint, aborted) => {
      const check = (page: P): void => {
        checkFrom(page, fromId)
      }
      const page = await ask({ fromId, limit }, check, aborted)
      const last = page.keys[page.rowCount - 1]
      if (last !== undefined && last > (state.highest ?? -1n)) state.highest = last
      return page
    },
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
  state.tries = 0
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
