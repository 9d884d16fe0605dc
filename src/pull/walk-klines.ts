/**
 * The walk over klines: windows of a page each, several at once, in order. The cursor goes to the last open time + 1
 * and never by the interval, since real open times leave the grid after outages; a missing slot is asked for again
 * before it is called a gap; a long empty stretch is jumped over.
 *
 * @see binance-spot-api-docs, rest-api.md, "Kline/Candlestick data": startTime and endTime are inclusive on open time
 * (recorded: BTCUSDT 1h, endTime=1593572400000).
 */

import { DataError } from '../base/errors.ts'
import type { Gap } from '../base/gap.ts'
import {
  earliest,
  floorDiv,
  formatMicros,
  latest,
  micros,
  type Micros,
  type Window,
} from '../base/time.ts'
import {
  gridFloor,
  hasKnownGrid,
  intervalStep,
  slotCount,
  slotsAfter,
  type Interval,
} from '../binance/interval.ts'
import { missingSlots } from './slots.ts'
import {
  emptyStep,
  ReadAhead,
  type AskPage,
  type PageParams,
  type PageRows,
  type Step,
  type WalkOptions,
} from './walk.ts'

/** A missing stretch is a gap only once it was asked for this often. */
const ASKS_MIN = 2

type Found<P> = {
  readonly pages: readonly P[]
  readonly gaps: readonly Window[]
  /** Every slot before this is in a page or in a gap. */
  readonly reached: Micros
  /** What kept the rest of the chunk from coming. */
  readonly failure?: { readonly error: unknown }
}

/** An empty answer that the next one contradicts is tried again so often at most. */
const CONTRADICTIONS_MAX = 3

/**
 * Walks the klines that open in `window`, oldest first. A failure is thrown once all that was proven before it is out.
 *
 * @throws DataError when the exchange sends rows that were not asked for, or contradicts itself.
 */
export async function* walkKlines<P extends PageRows>(
  window: Window,
  interval: Interval,
  ask: AskPage<P>,
  options: WalkOptions,
): AsyncGenerator<Step<P>, void, void> {
  const walk = { window, interval, ask, options }
  let { hasRowsBefore } = options
  let cursor = window.from
  let contradictions = 0
  while (cursor < window.to) {
    for await (const { chunk, found } of fullChunks(walk, cursor)) {
      if (found.reached > chunk.from)
        yield* inOrder(found, await explain(walk, found, hasRowsBefore))
      if (found.failure !== undefined) throw found.failure.error
      hasRowsBefore = true
      cursor = chunk.to
      contradictions = 0
    }
    if (cursor >= window.to) return
    // The chunk at the cursor came back empty: find where rows go on.
    const next = await nextOpen({ from: cursor, to: window.to }, walk)
    if (next <= cursor && ++contradictions > CONTRADICTIONS_MAX)
      throw new DataError(
        `klines from ${formatMicros(cursor)} on: the answers contradict each other`,
      )
    const gap = { from: cursor, to: next }
    cursor = next
    const gaps = isGap(interval, gap)
      ? await explain(walk, { pages: [], gaps: [gap], reached: gap.to }, hasRowsBefore)
      : []
    if (gap.from < gap.to) yield emptyStep(cursor, gaps)
  }
}

/** What stays the same through one walk. */
type Walk<P extends PageRows> = {
  readonly window: Window
  readonly interval: Interval
  readonly ask: AskPage<P>
  readonly options: WalkOptions
}

/** The chunks from `cursor` on, in order, until one comes back empty. */
async function* fullChunks<P extends PageRows>(
  { window, interval, ask, options }: Walk<P>,
  cursor: Micros,
): AsyncGenerator<{ chunk: Window; found: Found<P> }, void, void> {
  const ahead = new ReadAhead(
    (chunk: Window, signal) => fillChunk(chunk, interval, ask, { ...options, signal }),
    options.readAhead,
    options.signal,
  )
  let next = cursor
  const nextChunk = (): Window | undefined => {
    if (next >= window.to) return undefined
    const chunk = chunkAt(interval, next, window, options.limit)
    next = chunk.to
    return chunk
  }
  try {
    for (;;) {
      const taken = await ahead.take(nextChunk)
      if (taken?.value === undefined) return
      yield { chunk: taken.task, found: taken.value }
    }
  } finally {
    ahead.close()
  }
}

/** A stretch too short to hold an open time is no gap. */
function isGap(interval: Interval, gap: Window): boolean {
  if (gap.from >= gap.to) return false
  if (!hasKnownGrid(interval)) return gap.to - gap.from >= intervalStep(interval)
  return slotCount(interval, gap) > 0
}

/** Gives each gap its reason: are there rows before it, and after it? */
async function explain<P extends PageRows>(
  { window, ask, options }: Walk<P>,
  { pages, gaps }: Found<P>,
  hasRowsBefore: boolean,
): Promise<Gap[]> {
  const first = pages[0]?.keys[0]
  const explained: Gap[] = []
  for (const gap of gaps) {
    const hasBefore =
      hasRowsBefore ||
      (first !== undefined && first < gap.from) ||
      (await hasRow({ endTime: floorDiv(gap.from - 1n, 1_000n), limit: 1 }, ask, options))
    const hasAfter =
      gap.to < window.to ||
      (await hasRow({ startTime: floorDiv(gap.to + 999n, 1_000n), limit: 1 }, ask, options))
    const reason = hasAfter ? 'outage' : 'after-delisting'
    explained.push({ ...gap, reason: hasBefore ? reason : 'before-listing' })
  }
  return explained
}

async function hasRow<P extends PageRows>(
  params: PageParams,
  ask: AskPage<P>,
  { signal }: WalkOptions,
): Promise<boolean> {
  if (params.endTime !== undefined && params.endTime < 0n) return false
  const page = await ask(params, () => undefined, signal)
  return page.rowCount > 0
}

function chunkAt(interval: Interval, from: Micros, window: Window, limit: number): Window {
  const to = slotsAfter(interval, from, limit)
  return { from, to: to < window.to ? to : window.to }
}

/**
 * Asks for a chunk until each of its slots is there or was asked for twice, or an answer fails to come. `undefined`
 * when its first answer was empty.
 *
 * @throws what the first answer failed with; later failures are in what was found.
 */
async function fillChunk<P extends PageRows>(
  chunk: Window,
  interval: Interval,
  ask: AskPage<P>,
  { limit, signal }: WalkOptions,
): Promise<Found<P> | undefined> {
  const pages: P[] = []
  const gaps: Window[] = []
  const holes: (Window & { asks: number })[] = [{ ...chunk, asks: 0 }]
  for (let hole = holes.shift(); hole !== undefined; hole = holes.shift()) {
    const page = await askWindow(hole, limit, ask, signal).catch((error: unknown) => ({ error }))
    if ('error' in page) {
      if (pages.length === 0) throw page.error
      const reached = [hole, ...holes].reduce((min, { from }) => earliest(min, from), chunk.to)
      return { pages, gaps: inTime(gaps.filter(({ to }) => to <= reached)), reached, failure: page }
    }
    if (page.rowCount === 0) {
      if (pages.length === 0) return undefined
      const asks = hole.asks + 1
      if (asks >= ASKS_MIN) gaps.push({ from: hole.from, to: hole.to })
      else holes.unshift({ ...hole, asks })
      continue
    }
    pages.push(page)
    const last = micros(page.keys[page.rowCount - 1] ?? 0n)
    const asks = hole.asks + 1
    for (const missing of missingSlots(interval, hole, page.keys)) {
      // Rows after a missing slot were sent, so it was passed over; what follows the last row may be cut by the page.
      if (missing.from > last) holes.push({ ...missing, asks: 0 })
      else if (asks >= ASKS_MIN) gaps.push(missing)
      else holes.push({ ...missing, asks })
    }
  }
  return { pages, gaps: inTime(gaps), reached: chunk.to }
}

function inTime(gaps: readonly Window[]): readonly Window[] {
  return gaps.toSorted((a, b) => (a.from < b.from ? -1 : 1))
}

async function askWindow<P extends PageRows>(
  window: Window,
  limit: number,
  ask: AskPage<P>,
  signal?: AbortSignal,
): Promise<P> {
  const startTime = floorDiv(window.from + 999n, 1_000n)
  const endTime = floorDiv(window.to - 1n, 1_000n)
  return ask(
    { startTime, endTime, limit },
    (page) => {
      checkInside(page, window)
    },
    signal,
  )
}

/** The exchange adjusts parameters that it finds out of range (CHANGELOG 2024-12-09): what it sends must be what was asked. */
function checkInside(page: PageRows, { from, to }: Window): void {
  for (const key of [page.keys[0], page.keys[page.rowCount - 1]]) {
    if (key === undefined || (from <= key && key < to)) continue
    throw new DataError(
      `asked for klines from ${formatMicros(from)} to ${formatMicros(to)}, got one of ${formatMicros(micros(key))}`,
    )
  }
}

/**
 * Where rows go on after an empty chunk at `window.from`: the slot of the first row found, or the window's end. Asks
 * until two answers agree, so that the stretch before it was asked for twice.
 */
async function nextOpen<P extends PageRows>(
  window: Window,
  { interval, ask, options: { signal } }: Walk<P>,
): Promise<Micros> {
  let seen: Micros | undefined
  for (;;) {
    const page = await askWindow(window, 1, ask, signal)
    const key = page.keys[0]
    const open = key === undefined ? window.to : micros(key)
    if (open === seen) {
      const slot = hasKnownGrid(interval) ? gridFloor(interval, open) : open
      return key === undefined ? window.to : latest(window.from, slot)
    }
    seen = open
  }
}

/**
 * The rows of several pages of one chunk in the order of their keys, as far as they are proven, of equal keys the later
 * asked; each gap with the rows before it.
 */
function* inOrder<P extends PageRows>(
  { pages, reached, failure }: Found<P>,
  gaps: readonly Gap[],
): Generator<Step<P>> {
  const [page] = pages
  const isWhole = pages.length === 1 && failure === undefined
  const runs = isWhole ? [] : splitRuns(pages, reached)
  if (isWhole) yield { page, first: 0, end: page?.rowCount ?? 0, reached, gaps }
  else if (runs.length === 0) yield emptyStep(reached, gaps)
  let gapsTold = 0
  for (const [index, run] of runs.entries()) {
    const isLast = index === runs.length - 1
    const next = runs[index + 1]
    const until = isLast ? reached : micros(next?.page.keys[next.first] ?? reached)
    // Not all at the end, lest what is stored up to `until` claims rows that are known to be absent.
    const told = isLast
      ? gaps.slice(gapsTold)
      : gaps.slice(gapsTold).filter(({ to }) => to <= until)
    gapsTold += told.length
    yield { ...run, reached: until, gaps: told }
  }
}

type Run<P> = { readonly page: P; readonly first: number; end: number }

function splitRuns<P extends PageRows>(pages: readonly P[], reached: Micros): Run<P>[] {
  const rows = new Map<bigint, { page: P; row: number }>()
  for (const page of pages)
    for (let row = 0; row < page.rowCount; row++) rows.set(page.keys[row] ?? 0n, { page, row })
  const keys = BigInt64Array.from(rows.keys())
    .filter((key) => key < reached)
    .sort()
  const runs: Run<P>[] = []
  for (const key of keys) {
    const entry = rows.get(key)
    if (entry === undefined) continue
    const last = runs.at(-1)
    if (last?.page === entry.page && last.end === entry.row) last.end += 1
    else runs.push({ page: entry.page, first: entry.row, end: entry.row + 1 })
  }
  return runs
}
