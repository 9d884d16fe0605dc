/**
 * The walk over an account's rows on the futures markets, window by window. An answer that may have been cut is asked for
 * again in halves, so neither the order of its rows nor which of them were sent matters, and ids need not follow times.
 * Rows of a partition are sorted by key once all of them are there.
 *
 * @see developers.binance.com, derivatives, "Account Trade List", "All Orders", "Get Income History": both times are
 * inclusive and a few days apart at most, and without times the rows of the last seven days are sent.
 */

import { clip } from '../base/coverage.ts'
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
import type { AccountCursor, Dataset } from '../binance/dataset.ts'
import { oldBefore } from '../binance/lag.ts'
import { pageOf } from '../rows/batch.ts'
import { concatBatches, inOrder } from '../rows/order.ts'
import type { Page } from '../rows/page.ts'
import { emptyStep, type Step } from '../rows/step.ts'
import { unconfirmedGaps } from './id-end.ts'
import { askTwice, type AskPage, type WalkOptions } from './walk.ts'

const DAY = 86_400_000_000n
const MILLISECOND = 1_000n
/** Requests may wait for their turn. */
const MARGIN = DAY / 24n
/** How often rows that another answer shows are requested. */
const TRIES_MAX = 3
/**
 * Most rows of an answer are a multiple of this, whatever the exchange makes of the number asked for: it takes a larger
 * one than it allows for the largest it allows, and where its time runs out, half of it is asked for.
 */
const ROUND = 25

/** Options of the walk. */
export type AccountTimeOptions = WalkOptions & {
  readonly dataset: Dataset
  /** The server's clock before the run. */
  readonly now: Micros
  readonly partition: Partition
  /** Is all of the window covered, and asked for once more? */
  readonly isCovered?: boolean
  /** The id after the last stored row before the window. */
  readonly nextId?: bigint | undefined
  /** Up to where an earlier run asked for the whole window and got nothing; default: none did. */
  readonly askedUntil?: Micros | undefined
}

/** Walks the rows in `window`, one partition after the other. @throws DataError when rows come that were not requested */
export async function* walkAccountTime(
  window: Window,
  ask: AskPage,
  options: AccountTimeOptions,
): AsyncGenerator<Step, void, void> {
  const { now, partition, dataset, isCovered = false, limit, signal } = options
  const { reachDays } = dataset
  const reach = reachDays === undefined ? window.from : reachOf(now, reachDays)
  const from = earliest(latest(window.from, reach), window.to)
  // What is stored stays as it is.
  if (window.from < from && !isCovered)
    yield emptyStep(from, [{ from: window.from, to: from, reason: 'unavailable-from-rest' }])
  if (from === window.to) return
  // Without times, those of the last seven days: another question than all that follow.
  const newest = isCovered ? undefined : await ask({ limit }, () => undefined, signal)
  const walk = new Walk(ask, newest, options)
  let settled = from
  for (let begin = from; begin < window.to;) {
    const period = periodWindow(periodOf(begin, partition))
    const part = { from: begin, to: earliest(period.to, window.to) }
    const { pages, failure, reached } = await walk.rowsOf(part)
    const last = lastTime(pages)
    // A later row shows that none is missing before it; what follows the last one is not known yet.
    if (isCovered || failure !== undefined) settled = reached
    else if (last !== undefined) settled = earliest(micros(last + MILLISECOND), part.to)
    const young = youngIn({ from: begin, to: latest(begin, settled) }, now)
    if (pages.length > 0 || isCovered) yield stepOf(dataset, pages, settled, young)
    if (failure !== undefined) throw failure.error
    begin = part.to
  }
  if (newest === undefined) return
  const known = latest(settled, await walk.knownUntil(window.to, settled, newest))
  const gaps = unconfirmedGaps({ from: known, to: window.to })
  yield { ...emptyStep(window.to, gaps), fresh: youngIn({ from: settled, to: known }, now) }
}

function reachOf(now: Micros, days: number): Micros {
  return micros(now - BigInt(days) * DAY + MARGIN)
}

function youngIn(window: Window, now: Micros): readonly Window[] {
  return clip([{ from: oldBefore(now), to: micros(2n ** 62n) }], window)
}

function lastTime(pages: readonly Page[]): bigint | undefined {
  const times = pages.flatMap((page) => [...page.times])
  return times.length === 0 ? undefined : times.reduce((a, b) => (a > b ? a : b))
}

/** The rows of some pages in the order of their keys. @throws DataError when two rows have one key */
function stepOf(
  dataset: Dataset,
  pages: readonly Page[],
  reached: Micros,
  fresh: readonly Window[],
): Step {
  if (pages.length === 0) return { ...emptyStep(reached), fresh }
  const page = inOrder(dataset, pageOf(dataset, concatBatches(pages.map(({ batch }) => batch))))
  page.keys.forEach((key, row) => {
    if (row > 0 && key === page.keys[row - 1])
      throw new DataError(`${dataset.kind}: ${dataset.key} ${key} came twice, with different rows`)
  })
  return { page, first: 0, end: page.rowCount, reached, gaps: [], fresh }
}

type Rows = {
  /** None of them is empty. */
  readonly pages: readonly Page[]
  readonly reached: Micros
  readonly failure: { readonly error: unknown } | undefined
}

/** One walk: its questions, and what it received. */
class Walk {
  readonly #ask: AskPage
  readonly #newest: Page | undefined
  readonly #options: AccountTimeOptions
  /** The highest key; an id increases with each row. */
  #last: bigint | undefined

  constructor(ask: AskPage, newest: Page | undefined, options: AccountTimeOptions) {
    this.#ask = ask
    this.#newest = newest
    this.#options = options
  }

  /** The rows of a part, as far as they came whole. */
  async rowsOf(part: Window): Promise<Rows> {
    const { windowDays = 1 } = this.#options.dataset
    const pages: Page[] = []
    let reached = part.from
    try {
      while (reached < part.to) {
        const to = earliest(micros(reached + BigInt(windowDays) * DAY), part.to)
        pages.push(...(await this.#whole({ from: reached, to })))
        reached = to
      }
    } catch (error) {
      return { pages, reached, failure: { error } }
    }
    return { pages, reached, failure: undefined }
  }

  /** The rows of a window, among them all that the answer without times has of it. */
  async #whole(window: Window): Promise<readonly Page[]> {
    for (let tries = 1; ; tries++) {
      const pages = await rowsIn(window, this.#ask, this.#options)
      const keys = new Set(pages.flatMap((page) => [...page.keys]))
      const lacking = this.#newest?.keys.find((key, row) => {
        const time = this.#newest?.times[row] ?? 0n
        return time >= window.from && time < window.to && !keys.has(key)
      })
      if (lacking === undefined) {
        for (const key of keys) if (this.#last === undefined || key > this.#last) this.#last = key
        return pages.filter(({ rowCount }) => rowCount > 0)
      }
      if (tries < TRIES_MAX) continue
      const { key } = this.#options.dataset
      throw new DataError(
        `from ${formatMicros(window.from)} to ${formatMicros(window.to)}: ${key} ${lacking} came without times, and not by time`,
      )
    }
  }

  /** Up to where answers agree that no row follows the last one. */
  async knownUntil(to: Micros, settled: Micros, newest: Page): Promise<Micros> {
    const { dataset, now, nextId, hasRowsBefore, askedUntil, limit } = this.#options
    // One that may have been cut does not say that its last row is the last of all.
    if (newest.rowCount > 0 && !mayBeCut(newest, limit)) return to
    const last = this.#last ?? (nextId === undefined ? undefined : nextId - 1n)
    if (await this.#isLast(last, dataset.cursor)) return to
    // Of what has no cursor, the answers with and without times agree, and rows were sent once.
    if (dataset.cursor === undefined && (this.#last !== undefined || hasRowsBefore)) return to
    return earliest(earliest(to, oldBefore(now)), askedUntil ?? settled)
  }

  /** Does the exchange, asked from a known row on, send that row and none after it? */
  async #isLast(id: bigint | undefined, cursor: AccountCursor | undefined): Promise<boolean> {
    const { limit, signal } = this.#options
    if (id === undefined || cursor === undefined) return false
    const page = await this.#ask({ [cursor]: id, limit }, () => undefined, signal)
    return page.rowCount > 0 && page.keys[page.rowCount - 1] === id
  }
}

/** All rows of a window. @throws DataError when one answer cannot hold those of a millisecond */
async function rowsIn(
  window: Window,
  ask: AskPage,
  options: Pick<AccountTimeOptions, 'limit' | 'signal'>,
): Promise<readonly Page[]> {
  const { limit, signal } = options
  const startTime = floorDiv(window.from + MILLISECOND - 1n, MILLISECOND)
  const endTime = floorDiv(window.to - 1n, MILLISECOND)
  if (endTime < startTime) return []
  const check = (page: Page): void => {
    checkInside(page, window)
  }
  const page = await askTwice({ startTime, endTime, limit }, ask, check, signal)
  if (!mayBeCut(page, limit)) return [page]
  if (startTime === endTime) {
    if (page.rowCount < limit) return [page]
    throw new DataError(
      `${page.rowCount} rows and perhaps more at ${formatMicros(window.from)}: no answer holds them all`,
    )
  }
  const middle = micros(((startTime + endTime) / 2n + 1n) * MILLISECOND)
  const first = await rowsIn({ from: window.from, to: middle }, ask, options)
  return [...first, ...(await rowsIn({ from: middle, to: window.to }, ask, options))]
}

function mayBeCut({ rowCount }: Page, limit: number): boolean {
  return rowCount >= limit || (rowCount > 0 && rowCount % ROUND === 0)
}

function checkInside({ times }: Page, { from, to }: Window): void {
  for (const time of times) {
    if (from <= time && time < to) continue
    throw new DataError(
      `asked for rows from ${formatMicros(from)} to ${formatMicros(to)}, got one at ${formatMicros(micros(time))}`,
    )
  }
}
