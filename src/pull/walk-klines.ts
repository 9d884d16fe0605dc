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
  type Interval,
} from '../binance/interval.ts'
import { askWindow, chunkAt, fillChunk, type Chunk, type Walk } from './kline-chunk.ts'
import { inOrder, type Found } from './kline-steps.ts'
import {
  emptyStep,
  ReadAhead,
  type AskPage,
  type PageParams,
  type PageRows,
  type Step,
  type WalkOptions,
} from './walk.ts'

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
    for await (const found of fullChunks(walk, cursor)) {
      if (found.reached > cursor)
        yield* inOrder(found, cursor, await explain(walk, found, hasRowsBefore))
      if (found.failure !== undefined) throw found.failure.error
      hasRowsBefore = true
      cursor = found.reached
      contradictions = 0
    }
    if (cursor >= window.to) return
    // The chunk at the cursor came back empty: find where rows go on.
    const next = await nextOpen({ from: cursor, to: window.to }, walk)
    if (next <= cursor && ++contradictions > CONTRADICTIONS_MAX) throw contradiction(cursor)
    const gap = { from: cursor, to: next }
    cursor = next
    const gaps = isGap(interval, gap)
      ? await explain(walk, { pages: [], gaps: [gap], reached: gap.to }, hasRowsBefore)
      : []
    if (gap.from < gap.to) yield emptyStep(cursor, gaps)
  }
}

function contradiction(at: Micros): DataError {
  return new DataError(`klines from ${formatMicros(at)} on: the answers contradict each other`)
}

/**
 * What is in the chunks from `cursor` on, in order, until one comes back empty.
 *
 * A page may be cut within its last slot, since klines may overlap. So the asking for a chunk begins within the last
 * slot of the one before, and that slot is held back until the rest of it is known: this costs no request.
 */
async function* fullChunks<P extends PageRows>(
  walk: Walk<P>,
  cursor: Micros,
): AsyncGenerator<Found<P>, void, void> {
  const { window, options } = walk
  const ahead = new ReadAhead(
    (chunk: Chunk, signal) => fillChunk(chunk, walk, signal),
    options.readAhead,
    options.signal,
  )
  let at = { since: cursor, from: cursor }
  const nextChunk = (): Chunk | undefined => {
    if (at.from >= window.to) return undefined
    const chunk = chunkAt(at, walk)
    at = { since: chunk.next, from: chunk.to }
    return chunk
  }
  let held: readonly P[] = []
  let reached = cursor
  try {
    for (;;) {
      const taken = await ahead.take(nextChunk)
      if (taken === undefined) return
      const { task: chunk, value: found } = taken
      if (found === undefined) {
        const slot = { from: reached, to: chunk.from }
        if (held.length > 0) yield await wholeSlot(slot, held, walk)
        return
      }
      // Where the slot before was asked for twice and is a gap.
      if (found.pages.some(({ keys }) => (keys[0] ?? reached) < reached))
        throw contradiction(reached)
      const pages = [...held, ...found.pages]
      yield { ...found, pages }
      const next = found.reached
      held = pages.filter(({ keys, rowCount }) => (keys[rowCount - 1] ?? reached) >= next)
      reached = next
    }
  } finally {
    ahead.close()
  }
}

/** A slot whose rest did not come with the next chunk, since that is empty. */
async function wholeSlot<P extends PageRows>(
  slot: Window,
  held: readonly P[],
  walk: Walk<P>,
): Promise<Found<P>> {
  const chunk = { ...slot, since: slot.from, stands: slot.to, next: slot.to }
  const rest = await fillChunk(chunk, walk)
  return { reached: slot.to, gaps: [], ...rest, pages: [...held, ...(rest?.pages ?? [])] }
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

/**
 * Where rows go on after an empty chunk at `window.from`: the slot of the first row that either of two answers found, or
 * the window's end. So the stretch before it was asked for twice.
 */
async function nextOpen<P extends PageRows>(window: Window, walk: Walk<P>): Promise<Micros> {
  return earliest(await firstSlot(window, walk), await firstSlot(window, walk))
}

async function firstSlot<P extends PageRows>(
  window: Window,
  { interval, ask, options: { signal } }: Walk<P>,
): Promise<Micros> {
  const page = await askWindow(window, 1, ask, signal)
  const open = page.keys[0]
  if (open === undefined) return window.to
  const slot = hasKnownGrid(interval) ? gridFloor(interval, micros(open)) : micros(open)
  return latest(window.from, slot)
}
