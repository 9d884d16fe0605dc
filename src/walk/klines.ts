/**
 * The walk over klines: windows of a page each, several at once, in order. The cursor moves to the last open time + 1,
 * never by the interval, since real open times leave the grid after outages. A missing slot is requested again, and
 * then needs more evidence than empty answers. A long empty stretch is skipped.
 *
 * @see binance-spot-api-docs, rest-api.md, "Kline/Candlestick data": startTime and endTime are inclusive on open time
 * (recorded: BTCUSDT 1h, endTime=1593572400000).
 */

import { DataError } from '../base/errors.ts'
import { earliest, formatMicros, latest, micros, type Micros, type Window } from '../base/time.ts'
import {
  gridFloor,
  hasKnownGrid,
  intervalStep,
  slotCount,
  type Interval,
} from '../binance/interval.ts'
import { type Step, emptyStep } from '../rows/step.ts'
import type { Page } from '../rows/page.ts'
import { askWindow, chunkAt, fillChunk, type Chunk, type KlineWalk } from './kline-chunk.ts'
import { KlineEvidence, type OtherEvidence } from './kline-evidence.ts'
import { inOrder, type Found } from './kline-steps.ts'
import { ReadAhead, type AskPage, type WalkOptions } from './walk.ts'

/** Options of a kline walk, with the evidence for stretches without rows. */
export type KlineWalkOptions = WalkOptions & { readonly otherEvidence: OtherEvidence }

/** How often an empty answer is tried again when the next one contradicts it. */
const CONTRADICTIONS_MAX = 3

/**
 * Walks the klines that open in `window`, oldest first. A failure is thrown after everything proven before it was
 * returned.
 *
 * @throws DataError when the exchange sends rows that were not requested.
 */
export async function* walkKlines(
  window: Window,
  interval: Interval,
  ask: AskPage,
  options: KlineWalkOptions,
): AsyncGenerator<Step, void, void> {
  const { otherEvidence, hasRowsBefore, signal } = options
  const walk = { window, interval, ask, options, now: otherEvidence.now }
  const evidence = new KlineEvidence(ask, { ...otherEvidence, hasRowsBefore }, signal)
  let cursor = window.from
  let contradictions = 0
  while (cursor < window.to) {
    for await (const found of fullChunks(walk, cursor)) {
      for (const page of found.pages) evidence.see(page)
      const { gaps, failure = found.failure } = await evidence.explain(found.gaps)
      if (found.reached > cursor) yield* inOrder(found, cursor, gaps)
      if (failure !== undefined) throw failure.error
      cursor = found.reached
      contradictions = 0
    }
    if (cursor >= window.to) return
    // The chunk at the cursor came back empty: find where rows continue.
    const next = await nextOpen({ from: cursor, to: window.to }, walk, evidence)
    if (next > cursor) {
      const gap = { from: cursor, to: next }
      const { gaps, failure } = await evidence.explain(isGap(interval, gap) ? [gap] : [])
      yield emptyStep(next, gaps)
      if (failure !== undefined) throw failure.error
      cursor = next
    } else if (++contradictions > CONTRADICTIONS_MAX) {
      // The exchange names a row here but does not send it: leave the chunk missing, so that the rest can still be
      // stored.
      const { to } = chunkAt({ since: cursor, from: cursor }, walk)
      yield emptyStep(to, [{ from: cursor, to, reason: 'unconfirmed' }])
      cursor = to
      contradictions = 0
    }
  }
}

function contradiction(at: Micros): DataError {
  return new DataError(`klines from ${formatMicros(at)} on: the answers contradict each other`)
}

/**
 * The chunks from `cursor` on, in order, until one comes back empty.
 *
 * A page may be cut within its last slot, since klines may overlap. So the request for a chunk begins within the last
 * slot of the one before, and that slot is held back until the rest of it is known. This costs no request.
 */
async function* fullChunks(walk: KlineWalk, cursor: Micros): AsyncGenerator<Found, void, void> {
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
  let held: readonly Page[] = []
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
      // Where the slot before was requested twice and is a gap.
      if (found.pages.some(({ keys }) => (keys[0] ?? reached) < reached))
        throw contradiction(reached)
      const pages = [...held, ...found.pages]
      yield { ...found, pages }
      const next = found.reached
      // A row after the chunk only proves the last one.
      held =
        next < chunk.to
          ? pages.filter(({ keys, rowCount }) => (keys[rowCount - 1] ?? reached) >= next)
          : []
      reached = next
    }
  } finally {
    ahead.close()
  }
}

/** A slot whose rest did not come with the next chunk, because that is empty. */
async function wholeSlot(slot: Window, held: readonly Page[], walk: KlineWalk): Promise<Found> {
  const chunk = { ...slot, since: slot.from, stands: slot.to, next: slot.to, until: slot.to }
  const rest = await fillChunk(chunk, walk)
  return { reached: slot.to, gaps: [], ...rest, pages: [...held, ...(rest?.pages ?? [])] }
}

/** A stretch too short to hold an open time is not a gap. */
function isGap(interval: Interval, gap: Window): boolean {
  if (gap.from >= gap.to) return false
  if (!hasKnownGrid(interval)) return gap.to - gap.from >= intervalStep(interval)
  return slotCount(interval, gap) > 0
}

/**
 * Where rows continue after an empty chunk at `window.from`: the slot of the first row that either of two answers
 * found, or the window's end. So the stretch before it was requested twice.
 */
async function nextOpen(window: Window, walk: KlineWalk, evidence: KlineEvidence): Promise<Micros> {
  return earliest(await firstSlot(window, walk, evidence), await firstSlot(window, walk, evidence))
}

async function firstSlot(
  window: Window,
  { interval, ask, options: { signal } }: KlineWalk,
  evidence: KlineEvidence,
): Promise<Micros> {
  const page = await askWindow(window, 1, ask, signal)
  evidence.see(page)
  const open = page.keys[0]
  if (open === undefined) return window.to
  const slot = hasKnownGrid(interval) ? gridFloor(interval, micros(open)) : micros(open)
  return latest(window.from, slot)
}
