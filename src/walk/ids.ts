/**
 * The walk over rows with contiguous ids (aggregate trades, trades, block trades). A time only finds the first id. From
 * there on the cursor is an id: thousands of trades share one microsecond, and a cursor in time would lose or repeat
 * them. Ids decide the order: times may go back while ids increase.
 *
 * An empty answer alone is not trusted. Where rows end, the newest row of the exchange has to agree, and hosts lag
 * (`id-end.ts`).
 *
 * @see binance-spot-api-docs, rest-api.md, "Compressed/Aggregate trades list": startTime, endTime and fromId are
 * inclusive; fromId is never sent together with times (errors.md, -1128).
 */

import type { Gap } from '../base/gap.ts'
import { earliest, latest, micros, type Micros, type Window } from '../base/time.ts'
import { DISORDER } from '../binance/disorder.ts'
import type { FindFirst } from './first-row.ts'
import type { FirstRow } from './look-back.ts'
import { unavailableGaps, judgeEnd, restartWarning, unconfirmedGaps, type IdRow } from './id-end.ts'
import { checkFrom, idRow, runOf, type Bounds, type IdProgress, type PageRun } from './id-run.ts'
import { ASKS_MIN, ReadAhead, type AskPage, type WalkOptions } from './walk.ts'
import type { Page } from '../rows/page.ts'
import { type Step, emptyStep, type StepWarning } from '../rows/step.ts'

/** Options of an id walk, besides those of all walks. */
export type IdWalkOptions = WalkOptions & {
  /** The server's clock before the run; newer rows may still come. */
  readonly now: Micros
  /**
   * The id after the last stored row, where the lake's coverage reaches the window without a break: the walk continues
   * from it and makes no request by time.
   */
  readonly nextId: bigint | undefined
  /** Where the coverage that reaches the window begins; default: none does. */
  readonly coveredFrom?: Micros | undefined
  /**
   * The id of a later row in the lake. An exchange that returns no row although one is stored no longer serves this
   * time, unless the ids join. Default: not known.
   */
  readonly laterId?: bigint | undefined
  /** The first stored id after the window: ids that reach it leave nothing out. Default: none are stored. */
  readonly joinId?: bigint | undefined
  /** Does the lake hold rows at or after the window's start, whatever their ids? Default: not known. */
  readonly hasRowsAfter?: boolean | undefined
  /** May ids be left out? Then a jump of ids means nothing. Default: no. */
  readonly areIdsSparse?: boolean
}

/** How often an answer that another one contradicts is requested. */
const TRIES_MAX = 6

/**
 * Walks the rows in `window`, by id. Includes rows before the window whose ids are higher than the stored ones. An end
 * without a later row and without proof is returned as a gap.
 *
 * @throws DataError when rows come that were not requested.
 */
export async function* walkIds(
  window: Window,
  findFirst: FindFirst,
  ask: AskPage,
  options: IdWalkOptions,
): AsyncGenerator<Step, void, void> {
  const { nextId } = options
  const first =
    nextId === undefined
      ? await firstOf(window, findFirst, options)
      : { id: nextId, isProven: true, hasRowsBefore: true }
  if (first.id === undefined) {
    yield emptyStep(window.to, emptyWindowGaps(window, first, options))
    return
  }
  const walk = new IdWalk(window, ask, options, { ...first, id: first.id })
  let isFirst = nextId === undefined
  let reached = window.from
  for await (const run of walk.runs()) {
    const head = isFirst ? headGap(run, window, first, options) : []
    isFirst = false
    const gaps = [...head, ...run.gaps]
    // More rows of the last moments may follow on the next page: the walk has come up to these rows, not past them,
    // unless they are in a gap. Such a gap has to be returned whole, or the next run would continue behind it.
    const times = [
      micros(walk.lastTime - DISORDER),
      ...gaps.map(({ to }) => earliest(to, window.to)),
    ]
    reached = run.isLast ? window.to : times.reduce(latest, reached)
    const { page, slices, warnings } = run
    const last = { ...emptyStep(reached, gaps), warnings }
    if (page === undefined || slices.length === 0) yield last
    else
      for (const [index, slice] of slices.entries())
        yield { ...(index === slices.length - 1 ? last : emptyStep(reached)), page, ...slice }
  }
}

/** Finds the first row; requests it again when none is found although a newer one exists. */
async function firstOf(
  window: Window,
  findFirst: FindFirst,
  { now }: IdWalkOptions,
): Promise<FirstRow> {
  for (let tries = 1; ; tries++) {
    const first = await findFirst(window.from)
    if (first.id !== undefined || tries === TRIES_MAX) return first
    const { newest } = first
    if (judgeEnd({ stretch: window, expected: undefined, newest, now }) !== 'contradicted')
      return first
  }
}

/** The gaps of a window in which, and after which, no row was found. */
function emptyWindowGaps(
  window: Window,
  { newest }: FirstRow,
  { now, laterId, hasRowsAfter }: IdWalkOptions,
): Gap[] {
  const verdict = judgeEnd({ stretch: window, expected: undefined, newest, now })
  if (verdict === 'contradicted') return unconfirmedGaps(window)
  if (laterId !== undefined || hasRowsAfter === true) return unavailableGaps(window)
  return verdict === 'empty' ? [] : unconfirmedGaps(window)
}

/** The gap before the first row of a walk that began by time. */
function headGap(
  { page, slices }: PageRun,
  { from, to }: Window,
  { isProven, hasRowsBefore }: FirstRow,
  options: IdWalkOptions,
): Gap[] {
  if (page === undefined) return []
  const taken = slices.flatMap(({ first, end }) => [...page.times.subarray(first, end)])
  const times = taken.length > 0 ? taken : [page.times[0] ?? to]
  const first = times.reduce((a, b) => (a < b ? a : b))
  // Rows no longer available may share the microsecond of the first available one, if that has several.
  const isBurst = times.indexOf(first) !== times.lastIndexOf(first)
  if (!isProven && (first > from || isBurst))
    return [{ from, to: earliest(micros(first + 1n), to), reason: 'unavailable-from-rest' }]
  if (first <= from || hasRowsBefore || options.hasRowsBefore) return []
  return [{ from, to: earliest(micros(first), to), reason: 'before-listing' }]
}

/** One walk by id, from a known id on. */
class IdWalk {
  readonly #window: Window
  readonly #ask: AskPage
  readonly #options: IdWalkOptions
  readonly #bounds: Bounds
  readonly #state: IdProgress

  constructor(
    window: Window,
    ask: AskPage,
    options: IdWalkOptions,
    { id, isProven }: FirstRow & { readonly id: bigint },
  ) {
    const { nextId, areIdsSparse = false, coveredFrom } = options
    this.#window = window
    this.#ask = ask
    this.#options = options
    this.#bounds = { window, takenFrom: coveredFrom, areIdsSparse }
    this.#state = {
      expected: id,
      highest: nextId === undefined && isProven ? id : undefined,
      lastTime: window.from,
      before: undefined,
      rowsPast: 0,
      isInside: nextId !== undefined,
      emptyAsks: 0,
      tries: 0,
      pagesLeft: 1,
      recheckedJump: undefined,
    }
  }

  /** The latest time of the rows taken. */
  get lastTime(): Micros {
    return this.#state.lastTime
  }

  /** Rows from the expected id on, each once and in order, until past the window's end. */
  async *runs(): AsyncGenerator<PageRun, void, void> {
    const state = this.#state
    for (;;) {
      for await (const page of this.#pages()) {
        const run = runOf(page, state, this.#bounds)
        if (run === undefined) break
        yield run
        if (run.isLast) return
        this.#advance(page)
      }
      if (state.emptyAsks < ASKS_MIN || this.#isSeenOn()) {
        if (++state.tries < TRIES_MAX) continue
        yield this.#end(unconfirmedGaps(this.#rest()))
        return
      }
      const end = await this.#judgeEnd()
      if (end === undefined) continue
      yield end
      return
    }
  }

  /** Did any answer show a row that is still to come? */
  #isSeenOn(): boolean {
    const { highest, expected } = this.#state
    return highest !== undefined && highest >= expected
  }

  #rest(): Window {
    return { from: this.#state.lastTime, to: this.#window.to }
  }

  /** The end, as far as it is proven; `undefined` when there is more to come. */
  async #judgeEnd(): Promise<PageRun | undefined> {
    const { expected, rowsPast } = this.#state
    const { laterId, joinId, now } = this.#options
    // A later row came or is stored: the ids join.
    if (rowsPast > 0 || joinId === expected) return this.#end([])
    const stretch = this.#rest()
    const newest = await this.#newest()
    const verdict = judgeEnd({ stretch, expected, newest, now })
    if (verdict === 'contradicted') {
      this.#state.highest = newest?.id
      return undefined
    }
    // The walk may have passed the first stored one.
    if (laterId !== undefined && laterId >= expected) return this.#end(unavailableGaps(stretch))
    if (verdict === 'empty') return this.#end([])
    const isRestarted = verdict === 'restarted' && newest !== undefined
    return this.#end(
      unconfirmedGaps(stretch),
      isRestarted ? [restartWarning(expected, newest)] : [],
    )
  }

  /** The newest row of the exchange. Sparse ids can be requested only by id: then the last row from a known id on. */
  async #newest(): Promise<IdRow | undefined> {
    const { areIdsSparse = false, limit, signal } = this.#options
    const { expected } = this.#state
    const before = expected > 0n ? expected - 1n : 0n
    const params = areIdsSparse ? { fromId: before, limit } : { limit: 1 }
    const page = await this.#ask(params, () => undefined, signal)
    return page.rowCount === 0 ? undefined : idRow(page, page.rowCount - 1)
  }

  #end(gaps: readonly Gap[], warnings: readonly StepWarning[] = []): PageRun {
    return { page: undefined, slices: [], isLast: true, gaps, warnings }
  }

  /** Pages from the expected id on, read ahead; ends when the next page does not join the rows received. */
  async *#pages(): AsyncGenerator<Page, void, void> {
    const state = this.#state
    const { limit, readAhead, signal, areIdsSparse } = this.#options
    const ahead = new ReadAhead(
      (fromId: bigint, aborted) => this.#pageFrom(fromId, aborted),
      // Where sparse ids continue is unknown until their page is there.
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
        // This page starts beyond the rows received: the one before was short. Continue from where it ended.
        if (taken === undefined || taken.task > state.expected) return
        yield taken.value
      }
    } finally {
      ahead.close()
    }
  }

  async #pageFrom(fromId: bigint, aborted: AbortSignal): Promise<Page> {
    const check = (page: Page): void => {
      checkFrom(page, fromId)
    }
    const page = await this.#ask({ fromId, limit: this.#options.limit }, check, aborted)
    const last = page.keys[page.rowCount - 1]
    if (last !== undefined && last > (this.#state.highest ?? -1n)) this.#state.highest = last
    return page
  }

  #advance(page: Page): void {
    const state = this.#state
    state.pagesLeft = pagesLeft(page, state.lastTime, this.#window.to, this.#options.limit)
    state.before = idRow(page, page.rowCount - 1)
    state.expected = state.before.id + 1n
    state.emptyAsks = 0
    state.tries = 0
  }
}

/** About how many pages are left, from the density of the last: reading past the end wastes weight. */
function pagesLeft({ times, rowCount }: Page, lastTime: Micros, to: Micros, limit: number): number {
  const since = Number(lastTime - (times[0] ?? lastTime))
  if (since <= 0) return lastTime >= to - 1n ? 1 : Number.POSITIVE_INFINITY
  const rowsLeft = (rowCount / since) * Number(to - lastTime)
  return Math.max(1, Math.ceil((rowsLeft * 1.2) / limit))
}
