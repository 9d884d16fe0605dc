/**
 * The walk over samples that are served for the last days only. What is older is not asked for: it is refused (-1130),
 * which is the end of history and no failure. The reach moves on with the server's clock while series wait for their
 * turn.
 *
 * @see developers.binance.com, derivatives: "Only the data of the latest 1 month is available"; ccxt, issue 23712.
 */

import { RejectedError } from '../base/errors.ts'
import { earliest, latest, micros, type Micros, type Window } from '../base/time.ts'
import { gridCeil, gridFloor, intervalStep, type Interval } from '../binance/interval.ts'
import { emptyStep, type Step } from '../rows/step.ts'
import type { Page } from '../rows/page.ts'
import { walkKlines, type KlineWalkOptions } from './klines.ts'
import { endOf, type AskPage } from './walk.ts'

const HOUR = 3_600_000_000n
const DAY = 24n * HOUR
/** Requests may wait for their turn; and days may be counted from another moment. */
const MARGIN = HOUR
/** How often in a row the start is moved by an hour. */
const MOVES_MAX = 5
/** "Parameter startTime is invalid." */
const TOO_OLD = -1130

/** Options of the walk, with how many days back rows are served. */
export type RecentWalkOptions = KlineWalkOptions & {
  /** The server's clock as it goes on. */
  readonly clock: () => Micros
  readonly reachDays: number
  /** When the symbol was listed, by its klines. */
  readonly listedAt: () => Promise<Micros | undefined>
}

/** Rows that were served when the walk began are not any more: it goes on after them. */
class PassedError extends Error {}

/** Walks the samples of `window`, as far as they are served. */
export async function* walkRecent(
  window: Window,
  interval: Interval,
  ask: AskPage,
  { clock, reachDays, listedAt, ...options }: RecentWalkOptions,
): AsyncGenerator<Step, void, void> {
  const firstSlot = async (): Promise<Micros | undefined> => {
    const listing = await listedAt()
    return listing && gridFloor(interval, listing)
  }
  const otherEvidence = { ...options.otherEvidence, listedAt: firstSlot }
  const oldest = (): Micros => micros(clock() - BigInt(reachDays) * DAY)
  const askServed = closed(ask, { interval, clock, oldest })
  let { from } = window
  let margin = MARGIN
  let refusals = 0
  while (from < window.to) {
    const served = earliest(gridCeil(interval, micros(oldest() + margin)), window.to)
    if (from < served)
      yield emptyStep(served, [{ from, to: served, reason: 'unavailable-from-rest' }])
    from = latest(from, served)
    const rest = { from, to: window.to }
    try {
      for await (const step of walkKlines(rest, interval, askServed, {
        ...options,
        otherEvidence,
      })) {
        yield step
        from = step.reached
        refusals = 0
      }
      return
    } catch (error) {
      // What comes after is served all the same.
      if (error instanceof PassedError) continue
      if (!isTooOld(error) || ++refusals > MOVES_MAX) throw error
      margin += HOUR
    }
  }
}

function isTooOld(error: unknown): boolean {
  return error instanceof RejectedError && error.exchangeCode === TOO_OLD
}

type Served = {
  readonly interval: Interval
  readonly clock: () => Micros
  /** The oldest moment that may be asked for. */
  readonly oldest: () => Micros
}

/** Most rows of a page. */
const ROWS_MAX = 500n

/**
 * Requests of which the start is never too old, and the end never open: which rows of a longer window are sent is not
 * documented.
 */
function closed(ask: AskPage, { interval, clock, oldest }: Served): AskPage {
  const span = intervalStep(interval) * ROWS_MAX
  return async (params, check, signal) => {
    const { startTime = 0n, limit } = params
    const start = micros(startTime < MICROS_MIN ? startTime * 1_000n : startTime)
    const end = latest(endOf(params) ?? clock(), micros(start + 1_000n))
    const askFrom = (from: Micros, to: Micros, rows: number): Promise<Page> => {
      if (from < oldest()) throw new PassedError('no longer served')
      return ask({ ...millis(from, to), limit: rows }, check, signal)
    }
    if (end - start <= intervalStep(interval) * BigInt(limit)) return askFrom(start, end, limit)
    let page: Page
    let from = start
    do {
      const to = earliest(micros(from + span), end)
      page = await askFrom(from, to, Number(ROWS_MAX))
      from = to
    } while (page.rowCount === 0 && from < end)
    return page
  }
}

const MICROS_MIN = 10n ** 14n

/** Both ends inclusive. */
function millis(from: Micros, to: Micros): { startTime: bigint; endTime: bigint } {
  return { startTime: (from + 999n) / 1_000n, endTime: (to - 1n) / 1_000n }
}
