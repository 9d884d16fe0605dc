/** One chunk of the walk over klines: requested until each of its slots is there, or is known to be empty. */

import { DataError } from '../base/errors.ts'
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
  gridCeil,
  gridFloor,
  gridNext,
  hasKnownGrid,
  slotsAfter,
  type Interval,
} from '../binance/interval.ts'
import type { Page } from '../rows/page.ts'
import { oldBefore } from '../binance/lag.ts'
import type { Found } from './kline-steps.ts'
import { missingSlots } from './slots.ts'
import { ASKS_MIN, type AskPage, type WalkOptions } from './walk.ts'

/** What stays the same during one walk. */
export type KlineWalk = {
  readonly window: Window
  readonly interval: Interval
  readonly ask: AskPage
  readonly options: WalkOptions
  /** The server's clock, read before the first request. */
  readonly now: Micros
}

/** Slots that are requested at once. */
export type Chunk = Window & {
  /** Where the request begins: in the last slot before the chunk. */
  readonly since: Micros
  /** The chunk is complete up to here: the rest of its last slot comes with the next chunk. */
  readonly stands: Micros
  /** Where the request for the next chunk begins. */
  readonly next: Micros
  /** Where the request for this one ends: after the kline that follows, if that one has to prove the last. */
  readonly until: Micros
}

/**
 * The chunk that begins at `from`: as many slots as a page has rows, or one less where the page also needs the kline
 * that follows.
 */
export function chunkAt(
  { since, from }: Pick<Chunk, 'since' | 'from'>,
  { window, interval, options: { limit }, now }: KlineWalk,
): Chunk {
  const to = earliest(slotsAfter(interval, from, limit), window.to)
  if (!hasKnownGrid(interval)) return { since, from, to, stands: to, next: to, until: to }
  if (mayGrow(to, now)) {
    const end = earliest(slotsAfter(interval, from, Math.max(1, limit - 1)), window.to)
    const until = millisecondAfter(gridCeil(interval, end))
    return { since, from, to: end, stands: end, next: end, until: until > now ? end : until }
  }
  if (to === window.to) return { since, from, to, stands: to, next: to, until: to }
  const lastSlot = latest(from, gridFloor(interval, micros(to - 1n)))
  return { since, from, to, stands: lastSlot, next: millisecondAfter(lastSlot), until: to }
}

/** May a kline that ends at `end` have been sent unfinished? No host lags farther behind its clock. */
function mayGrow(end: Micros, now: Micros): boolean {
  return end > oldBefore(now)
}

/** The next moment that a request can name. */
function millisecondAfter(time: Micros): Micros {
  return micros((floorDiv(time, 1_000n) + 1n) * 1_000n)
}

/** Missing slots, and where the request for them begins: after the last row that came before them. */
type Hole = Window & {
  readonly since: Micros
  readonly asks: number
  /** The open of the row before it, if that row may have been sent unfinished. */
  readonly last?: Micros
}

/**
 * Requests a chunk until each of its slots is there or was requested twice, or a request fails. `undefined` when its
 * first answer was empty.
 *
 * @throws what the first request failed with; later failures are in the result.
 */
export async function fillChunk(
  chunk: Chunk,
  { interval, ask, options: { limit, signal: outer }, now }: KlineWalk,
  signal: AbortSignal | undefined = outer,
): Promise<Found | undefined> {
  const pages: Page[] = []
  const gaps: Window[] = []
  const young: Window[] = []
  const holes: Hole[] = [{ ...chunk, asks: 0 }]
  for (let hole = holes.shift(); hole !== undefined; hole = holes.shift()) {
    const { since, to } = hole
    const until = to === chunk.to ? chunk.until : to
    const page = await askWindow({ from: since, to: until }, limit, ask, signal).catch(
      (error: unknown) => ({ error }),
    )
    if ('error' in page) {
      if (pages.length === 0) throw page.error
      return { pages, ...provenBefore([hole, ...holes], gaps, interval), young, failure: page }
    }
    const asks = hole.asks + 1
    if (page.rowCount === 0) {
      if (pages.length === 0) return undefined
      if (asks < ASKS_MIN) holes.unshift({ ...hole, asks })
      else if (hole.from < to) gaps.push({ from: hole.from, to })
      continue
    }
    pages.push(page)
    // Rows follow. The host of the page before may lag, and may have sent its last row unfinished.
    if (hole.last !== undefined) young.push(momentOf(hole.last))
    const last = micros(page.keys[page.rowCount - 1] ?? 0n)
    const isYoung = mayGrow(gridNext(interval, last), now)
    const rest = { since: millisecondAfter(last), asks: 0, ...(isYoung ? { last } : {}) }
    const missing = missingSlots(interval, hole, keysBefore(to, page))
    // No later row came with it.
    if (isYoung && last < to && (missing.at(-1)?.to ?? last) <= last) young.push(momentOf(last))
    for (const part of missing) {
      // Rows after a missing slot came, so it was passed over; what follows the last row may have been cut by the page
      // limit.
      if (part.from > last) holes.push({ ...part, ...rest })
      else if (asks >= ASKS_MIN) gaps.push(part)
      else holes.push({ ...part, since: part.from, asks })
    }
    const end = to === chunk.to ? chunk.next : to
    const isTailAsked = missing.at(-1)?.to === to || rest.since >= end
    if (page.rowCount >= limit && !isTailAsked) holes.push({ from: to, to, ...rest })
  }
  const reached = gaps.some(({ to }) => to === chunk.to) ? chunk.to : chunk.stands
  return { pages, gaps: inTime(gaps), young, reached }
}

function keysBefore(to: Micros, { keys, rowCount }: Page): BigInt64Array {
  let end = rowCount
  while ((keys[end - 1] ?? 0n) >= to) end--
  return keys.subarray(0, end)
}

/** The window of a kline that may have been unfinished. */
function momentOf(open: Micros): Window {
  return { from: open, to: micros(open + 1n) }
}

/** How far a chunk is complete when its `holes` were not answered. */
function provenBefore(
  holes: readonly Hole[],
  gaps: readonly Window[],
  interval: Interval,
): Pick<Found, 'gaps' | 'reached'> {
  const reached = holes
    .map(({ since }) => gridFloor(interval, since))
    .reduce((least, slot) => earliest(least, slot))
  return { gaps: inTime(gaps.filter(({ to }) => to <= reached)), reached }
}

function inTime(gaps: readonly Window[]): readonly Window[] {
  return gaps.toSorted((a, b) => (a.from < b.from ? -1 : 1))
}

/** Requests the klines that open in `window`. */
export async function askWindow(
  window: Window,
  limit: number,
  ask: AskPage,
  signal?: AbortSignal,
): Promise<Page> {
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

/**
 * The exchange adjusts parameters that it finds out of range (CHANGELOG 2024-12-09): it must return what was requested.
 */
function checkInside(page: Page, { from, to }: Window): void {
  for (const key of [page.keys[0], page.keys[page.rowCount - 1]]) {
    if (key === undefined || (from <= key && key < to)) continue
    throw new DataError(
      `asked for klines from ${formatMicros(from)} to ${formatMicros(to)}, got one at ${formatMicros(micros(key))}`,
    )
  }
}
