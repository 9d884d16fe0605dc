/**
 * The walk over an account's own trades and orders of one symbol. A time finds the first row, in windows of at most a
 * day, which is all that Binance looks through at once; from there on the cursor is an id, so that no page cap and no
 * burst can hide a row.
 *
 * Ids and times may part a little: an order may get its id before and its time after another. So rows are regrouped:
 * all rows of one partition come before all of the next, and within a partition keys increase.
 *
 * @see binance-spot-api-docs, rest-api.md, "Account trade list" and "All orders": ids and times are inclusive, the
 * time between startTime and endTime can't be longer than 24 hours, and ids are never sent together with times.
 */

import { union, type Coverage } from '../base/coverage.ts'
import { DataError } from '../base/errors.ts'
import {
  earliest,
  floorDiv,
  formatMicros,
  latest,
  micros,
  periodOf,
  periodWindow,
  type Micros,
  type Partition,
  type Window,
} from '../base/time.ts'
import type { AccountCursor } from '../binance/dataset.ts'
import {
  askTwice,
  emptyStep,
  type AskPage,
  type PageRows,
  type Step,
  type WalkOptions,
} from './walk.ts'

/** How an account walk goes. */
type AccountWalkOptions = WalkOptions & {
  readonly cursor: AccountCursor
  /** How long the partitions last that rows are grouped by. */
  readonly partition: Partition
  /**
   * The id after the last stored row, where the coverage reaches the window and that row is older than it by more than
   * {@link INTERLEAVE}, so that no row of the window has a lower id: no time is asked for. For myTrades only.
   */
  readonly nextId?: bigint | undefined
}

/** A day less a millisecond: windows overlap by one, since an end in ms may or may not mean all of it. */
const WINDOW_MS = 86_400_000n - 1n
/** Rows may come later than rows with a later time, but not later than this. In microseconds. */
export const INTERLEAVE = 3_600_000_000n
/** No id is lower. Allocations are counted from 0 in the documents' examples. */
const FIRST_ID: Readonly<Record<AccountCursor, bigint>> = {
  fromId: 1n,
  orderId: 1n,
  fromAllocationId: 0n,
}

/**
 * Walks the rows in `window`.
 *
 * Each step has rows of one partition only; partitions come in their order, keys increase within each. `reached` is
 * held back by an hour until that is past, so that no earlier row can follow. Times without rows are no gaps.
 *
 * @throws DataError when rows come that were not asked for, or ids and times part by more than an hour.
 */
export async function* walkAccount<P extends PageRows>(
  window: Window,
  ask: AskPage<P>,
  options: AccountWalkOptions,
): AsyncGenerator<Step<P>, void, void> {
  const regroup = new Regroup<P>(window, options.partition)
  for await (const { page, from } of pagesOf(window, ask, options)) {
    yield* regroup.take(page, from)
    if (regroup.isDone) break
  }
  yield* regroup.finish()
}

/** Pages by id, from the first row of the window on; of each only the rows from its id on are new. */
async function* pagesOf<P extends PageRows>(
  window: Window,
  ask: AskPage<P>,
  options: AccountWalkOptions,
): AsyncGenerator<{ readonly page: P; readonly from: bigint }, void, void> {
  const { cursor, limit, signal, nextId } = options
  const found = nextId === undefined ? await firstId(window, ask, options) : undefined
  let next = nextId ?? found
  while (next !== undefined) {
    const page: P = await rowsFrom(next, ask, { cursor, limit, signal })
    const last = page.keys[page.rowCount - 1]
    if (last === undefined && next === found)
      throw new DataError(`there were rows from id ${found} on, and then none, asked for twice`)
    if (last === undefined) return
    yield { page, from: next }
    next = last + 1n
  }
}

/**
 * Rows from `id` on, perhaps after some with lower ids.
 *
 * Whether `fromAllocationId` is inclusive is not documented. So the id before is asked for; an answer that ends with
 * it proves that ids are inclusive, and may have been cut there.
 */
async function rowsFrom<P extends PageRows>(
  id: bigint,
  ask: AskPage<P>,
  options: CursorOptions,
): Promise<P> {
  if (options.cursor !== 'fromAllocationId') return askFrom(id, ask, options)
  const { limit, signal } = options
  if (id === 0n) return askTwice({ startTime: 0n, limit }, ask, () => undefined, signal)
  const page = await askFrom(id - 1n, ask, options)
  return page.keys[page.rowCount - 1] === id - 1n ? askFrom(id, ask, options) : page
}

type CursorOptions = Pick<AccountWalkOptions, 'cursor' | 'limit' | 'signal'>

async function askFrom<P extends PageRows>(
  id: bigint,
  ask: AskPage<P>,
  { cursor, limit, signal }: CursorOptions,
): Promise<P> {
  const check = (page: P): void => {
    const first = page.keys[0]
    if (first !== undefined && first < id)
      throw new DataError(`asked for rows from id ${id} on, got id ${first}`)
  }
  return askTwice({ [cursor]: id, limit }, ask, check, signal)
}

/**
 * The lowest id of the rows of `window`, or a lower one; `undefined` when it has no row. Only that is taken from answers
 * by time: where their day ends, rows may be missing between those that they have.
 */
async function firstId<P extends PageRows>(
  window: Window,
  ask: AskPage<P>,
  options: AccountWalkOptions,
): Promise<bigint | undefined> {
  let from = window.from
  while (from < window.to) {
    const { page, to } = await askDay({ from, to: window.to }, ask, options)
    const time = page.times[0]
    if (time !== undefined) {
      // Near the end of its day a row may have overtaken one of the next with an earlier id.
      if (time + INTERLEAVE < to || to >= window.to) return page.keys[0]
      const near = await askDay({ from: micros(time), to: window.to }, ask, options)
      return near.page.keys[0] ?? page.keys[0]
    }
    if (from === window.from) {
      // An account begins some time: mostly nothing at all was before it, and one request tells.
      const first = FIRST_ID[options.cursor]
      const oldest = await rowsFrom(first, ask, options)
      const begin = oldest.times[0]
      if (begin === undefined || begin >= window.to + INTERLEAVE) return undefined
      if (begin >= from) return first
    }
    from = to
  }
  return undefined
}

/** Asks for as much of `window` as one request may span; `to` is how far the answer speaks. */
async function askDay<P extends PageRows>(
  window: Window,
  ask: AskPage<P>,
  { limit, signal }: WalkOptions,
): Promise<{ readonly page: P; readonly to: Micros }> {
  const startTime = floorDiv(window.from, 1_000n)
  const last = floorDiv(window.to + 999n, 1_000n)
  const endTime = last - startTime <= WINDOW_MS ? last : startTime + WINDOW_MS
  const asked = { from: micros(startTime * 1_000n), to: micros((endTime + 1n) * 1_000n) }
  const check = (rows: P): void => {
    checkInside(rows, asked)
  }
  const page = await askTwice({ startTime, endTime, limit }, ask, check, signal)
  return { page, to: earliest(window.to, micros(endTime * 1_000n)) }
}

function checkInside({ times }: PageRows, { from, to }: Window): void {
  for (const time of times) {
    if (from <= time && time < to) continue
    throw new DataError(
      `asked for rows from ${formatMicros(from)} to ${formatMicros(to)}, got one of ${formatMicros(micros(time))}`,
    )
  }
}

type Row<P> = { readonly page: P; readonly row: number; readonly time: Micros }

/** Rows in the order of their ids, regrouped by partition. */
class Regroup<P extends PageRows> {
  readonly #window: Window
  readonly #partition: Partition
  /** Rows that arrived and wait for earlier partitions to be complete, by key. */
  #held: Row<P>[] = []
  /** No row before this can come any more. */
  #settled: Micros
  #reached: Micros

  constructor(window: Window, partition: Partition) {
    this.#window = window
    this.#partition = partition
    this.#settled = window.from
    this.#reached = window.from
  }

  /** Has all of the window come? */
  get isDone(): boolean {
    return this.#settled >= this.#window.to
  }

  *take(page: P, fromId: bigint): Generator<Step<P>> {
    const { from, to } = this.#window
    let newest = this.#settled + INTERLEAVE
    for (let row = 0; row < page.rowCount; row++) {
      const time = micros(page.times[row] ?? 0n)
      const id = page.keys[row] ?? 0n
      if (id >= fromId && time >= from && time < to) {
        if (time < this.#settled) throw overtaken(id, time, this.#settled)
        this.#held.push({ page, row, time })
      }
      if (time > newest) newest = time
    }
    this.#settled = latest(this.#settled, micros(newest - INTERLEAVE))
    yield* this.#flush()
  }

  /** All that is held; no more will come. */
  *finish(): Generator<Step<P>> {
    this.#settled = this.#window.to
    yield* this.#flush()
    if (this.#reached < this.#window.to) yield emptyStep(this.#window.to)
  }

  *#flush(): Generator<Step<P>> {
    while (this.#held.length > 0) {
      const first = this.#held.reduce((min, { time }) => earliest(min, time), this.#window.to)
      const period = periodWindow(periodOf(first, this.#partition))
      if (period.from > this.#settled) return
      const ready = this.#held.filter(({ time }) => time < period.to)
      this.#held = this.#held.filter(({ time }) => time >= period.to)
      const isComplete = period.to <= this.#settled
      const reached = isComplete ? earliest(period.to, this.#window.to) : this.#settled
      yield* this.#steps(ready, earliest(reached, this.#window.to))
    }
  }

  /** Runs of neighbouring rows of one page; the last one has come to `reached`. */
  *#steps(rows: readonly Row<P>[], reached: Micros): Generator<Step<P>> {
    let first = 0
    for (let next = 1; next <= rows.length; next++) {
      const [begin, before, row] = [rows[first], rows[next - 1], rows[next]]
      if (begin === undefined || before === undefined) return
      if (row?.page === before.page && row.row === before.row + 1) continue
      if (next === rows.length) this.#reached = latest(this.#reached, reached)
      yield {
        page: begin.page,
        first: begin.row,
        end: before.row + 1,
        reached: this.#reached,
        gaps: [],
      }
      first = next
    }
  }
}

function overtaken(key: bigint, time: Micros, settled: Micros): DataError {
  return new DataError(
    `ids and times part: id ${key} of ${formatMicros(time)} came after rows of an hour past ${formatMicros(settled)}`,
  )
}

/** Orders that may change yet (enums.md, "Order status"). */
const OPEN_STATUSES: ReadonlySet<string> = new Set([
  'NEW',
  'PARTIALLY_FILLED',
  'PENDING_NEW',
  'PENDING_CANCEL',
])

/** Two orders this near to each other are asked for with one request. In microseconds. */
const JOIN = 12n * 3_600_000_000n

/**
 * What to ask again of orders that were stored: windows that hold every order that was open then. The answers
 * overwrite what is stored; `update_time` tells which is newer.
 *
 * @param orders - In any order; `time` and `status` as stored.
 */
export function openOrderWindows(
  orders: Iterable<{ readonly time: Micros; readonly status: string }>,
): Coverage {
  const windows: Window[] = []
  for (const { time, status } of orders) {
    if (!OPEN_STATUSES.has(status)) continue
    const from = micros(floorDiv(time, 1_000n) * 1_000n)
    windows.push({ from, to: micros(from + 1_000n) })
  }
  const joined: Window[] = []
  for (const window of union(windows)) {
    const last = joined.at(-1)
    if (last === undefined || window.to - last.from > JOIN) joined.push(window)
    else joined[joined.length - 1] = { from: last.from, to: window.to }
  }
  return joined
}
