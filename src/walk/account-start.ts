/**
 * Where the walk over an account's rows begins. A time finds the first row, in windows of at most a day, which is the
 * most that Binance searches at once. Where such an answer is empty, ids show whether it can be trusted.
 */

import { DataError } from '../base/errors.ts'
import {
  earliest,
  floorDiv,
  formatMicros,
  micros,
  type Micros,
  type Partition,
  type Window,
} from '../base/time.ts'
import { INTERLEAVE } from '../binance/disorder.ts'
import type { AccountCursor } from '../binance/dataset.ts'
import type { IdRow } from './id-end.ts'
import { checkFrom, idRow } from './id-run.ts'
import { askTwice, type AskPage, type WalkOptions } from './walk.ts'
import type { Page } from '../rows/page.ts'

/** Options of an account walk. */
export type AccountWalkOptions = WalkOptions & {
  readonly cursor: AccountCursor
  /** The server's clock before the run; newer rows may still come. */
  readonly now: Micros
  /** Up to where an earlier run asked for the whole window and got nothing; default: none did. */
  readonly askedUntil?: Micros | undefined
  /** The partition length that rows are grouped by. */
  readonly partition: Partition
  /**
   * The id after the last stored row, where the coverage reaches the window and that row is older than it by more than
   * {@link INTERLEAVE}. Then no row of the window has a lower id, and no request by time is needed. For myTrades only.
   */
  readonly nextId?: bigint | undefined
}

/** A day less a millisecond. Windows overlap by one: an end in ms may or may not include all of that millisecond. */
const WINDOW_MS = 86_400_000n - 1n
/** The lowest possible ids. The examples in the documentation count allocations from 0. */
const FIRST_ID: Readonly<Record<AccountCursor, bigint>> = {
  fromId: 1n,
  orderId: 1n,
  fromAllocationId: 0n,
}

/**
 * Rows from `id` on, perhaps preceded by some with lower ids.
 *
 * It is not documented whether `fromAllocationId` is inclusive. So the id before is requested: an answer that ends with
 * it proves that ids are inclusive, and may have been cut there.
 */
export async function rowsFrom(id: bigint, ask: AskPage, options: CursorOptions): Promise<Page> {
  if (options.cursor !== 'fromAllocationId') return askFrom(id, ask, options)
  const { limit, signal } = options
  if (id === 0n) return askTwice({ startTime: 0n, limit }, ask, () => undefined, signal)
  const page = await askFrom(id - 1n, ask, options)
  return page.keys[page.rowCount - 1] === id - 1n ? askFrom(id, ask, options) : page
}

type CursorOptions = Pick<AccountWalkOptions, 'cursor' | 'limit' | 'signal'>

async function askFrom(
  id: bigint,
  ask: AskPage,
  { cursor, limit, signal }: CursorOptions,
): Promise<Page> {
  const check = (page: Page): void => {
    checkFrom(page, id)
  }
  return askTwice({ [cursor]: id, limit }, ask, check, signal)
}

/** Where an account walk begins. */
export type AccountStart = {
  /** The lowest id of the window's rows, or a lower one; `undefined` when the window has no row. */
  readonly id: bigint | undefined
  /** If it has no row: do later rows prove it? */
  readonly isPassed: boolean
  /** Was no row ever returned, by time or by id? */
  readonly isNever?: boolean
  /** If it has no row and no later row is known: the newest row of all, if there is one. */
  readonly newest?: IdRow | undefined
}

const NONE: AccountStart = { id: undefined, isPassed: true }

/**
 * Finds where to begin. Only the lowest id is taken from answers by time: near the end of their day, rows may be
 * missing between those returned. An empty answer is trusted only where ids agree.
 */
export async function firstId(
  window: Window,
  ask: AskPage,
  options: AccountWalkOptions,
): Promise<AccountStart> {
  const { from, to } = window
  const first = await askDay(window, ask, options)
  if (first.page.rowCount > 0)
    return { id: await nearId(first, window, ask, options), isPassed: false }
  // An account has a beginning: usually nothing came before the window, and one request shows it.
  const oldest = await rowsFrom(FIRST_ID[options.cursor], ask, options)
  if (oldest.rowCount === 0) {
    const newest = await newestOf(undefined, ask, options)
    if (newest === undefined) return { id: undefined, isPassed: false, isNever: true }
    const id = first.to < to ? await idByDays({ from: first.to, to }, ask, options) : undefined
    return { id, isPassed: false, newest }
  }
  const [begin, last] = [idRow(oldest, 0), idRow(oldest, oldest.rowCount - 1)]
  if (begin.time >= to + INTERLEAVE) return NONE
  if (begin.time >= from) return { id: FIRST_ID[options.cursor], isPassed: false }
  const near = firstNear(oldest, from)
  if (near !== undefined) return { id: near, isPassed: false }
  // Allocations are few, and their newest one cannot be requested.
  if (options.cursor === 'fromAllocationId') return { id: last.id, isPassed: false }
  const found = first.to < to ? await idByDays({ from: first.to, to }, ask, options) : undefined
  if (found !== undefined)
    return {
      id: await idBetween({ low: last.id, high: found }, from, ask, options),
      isPassed: false,
    }
  const newest = await newestOf(last.id, ask, options)
  if (newest === undefined || newest.time < from) return { id: undefined, isPassed: false, newest }
  const bounds = { low: last.id, high: newest.id }
  return { id: await idBetween(bounds, from, ask, options), isPassed: false }
}

/** The first id of `window`, found by asking day by day. */
async function idByDays(
  window: Window,
  ask: AskPage,
  options: AccountWalkOptions,
): Promise<bigint | undefined> {
  for (let { from } = window; from < window.to;) {
    const day = await askDay({ from, to: window.to }, ask, options)
    if (day.page.rowCount > 0) return nearId(day, window, ask, options)
    from = day.to
  }
  return undefined
}

type Day = { readonly page: Page; readonly to: Micros }

/** The first id of a day. Near the day's end, a row of the next day may have an earlier id. */
async function nearId(
  { page, to }: Day,
  window: Window,
  ask: AskPage,
  options: AccountWalkOptions,
): Promise<bigint | undefined> {
  const { id, time } = idRow(page, 0)
  if (time + INTERLEAVE < to || to >= window.to) return id
  const near = await askDay({ from: time, to: window.to }, ask, options)
  return near.page.keys[0] ?? id
}

/**
 * The first id above `low` whose row is not older than `from` by more than {@link INTERLEAVE}. Found by bisection,
 * since ids show what answers by time left out. The row of `high` qualifies.
 */
async function idBetween(
  bounds: { readonly low: bigint; readonly high: bigint },
  from: Micros,
  ask: AskPage,
  options: AccountWalkOptions,
): Promise<bigint> {
  let { low, high } = bounds
  while (high - low > 1n) {
    const middle = low + (high - low) / 2n
    const page = await rowsFrom(middle, ask, options)
    const near = firstNear(page, from)
    if (near !== undefined && near !== page.keys[0]) return near
    if (near === undefined && page.rowCount > 0) low = idRow(page, page.rowCount - 1).id
    else high = middle
  }
  return high
}

function firstNear({ keys, times, rowCount }: Page, from: Micros): bigint | undefined {
  for (let row = 0; row < rowCount; row++)
    if ((times[row] ?? 0n) >= from - INTERLEAVE) return keys[row]
  return undefined
}

/**
 * The newest row that the exchange returns. Allocations are returned oldest first, so for them it is the last row from
 * a known id on.
 */
export async function newestOf(
  known: bigint | undefined,
  ask: AskPage,
  options: Pick<AccountWalkOptions, 'cursor' | 'limit' | 'signal'>,
): Promise<IdRow | undefined> {
  const { cursor, signal } = options
  const page =
    cursor === 'fromAllocationId'
      ? await rowsFrom(known ?? FIRST_ID[cursor], ask, options)
      : await ask({ limit: 1 }, () => undefined, signal)
  return page.rowCount === 0 ? undefined : idRow(page, page.rowCount - 1)
}

/** Requests as much of `window` as one request may span; the answer holds up to `to`. */
async function askDay(window: Window, ask: AskPage, { limit, signal }: WalkOptions): Promise<Day> {
  const startTime = floorDiv(window.from, 1_000n)
  const last = floorDiv(window.to + 999n, 1_000n)
  const endTime = last - startTime <= WINDOW_MS ? last : startTime + WINDOW_MS
  const asked = { from: micros(startTime * 1_000n), to: micros((endTime + 1n) * 1_000n) }
  const check = (rows: Page): void => {
    checkInside(rows, asked)
  }
  const page = await askTwice({ startTime, endTime, limit }, ask, check, signal)
  return { page, to: earliest(window.to, micros(endTime * 1_000n)) }
}

function checkInside({ times }: Page, { from, to }: Window): void {
  for (const time of times) {
    if (from <= time && time < to) continue
    throw new DataError(
      `asked for rows from ${formatMicros(from)} to ${formatMicros(to)}, got one at ${formatMicros(micros(time))}`,
    )
  }
}
