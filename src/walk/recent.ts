/**
 * The walk over samples that are served for the last days only. What is older is not asked for: it is refused (-1130),
 * which is the end of history and no failure.
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
/** How often the start is moved by an hour. */
const MOVES_MAX = 5
/** "Parameter startTime is invalid." */
const TOO_OLD = -1130

/** Options of the walk, with how many days back rows are served. */
export type RecentWalkOptions = KlineWalkOptions & {
  readonly now: Micros
  readonly reachDays: number
  /** When the symbol was listed, by its klines. */
  readonly listedAt: () => Promise<Micros | undefined>
}

/** Walks the samples of `window`, as far as they are served. */
export async function* walkRecent(
  window: Window,
  interval: Interval,
  ask: AskPage,
  { now, reachDays, listedAt, ...options }: RecentWalkOptions,
): AsyncGenerator<Step, void, void> {
  const oldest = micros(now - BigInt(reachDays) * DAY + MARGIN)
  const isNear = window.from < oldest + BigInt(MOVES_MAX) * HOUR
  const reach = gridCeil(interval, isNear ? await reachFrom(oldest, ask, options.signal) : oldest)
  const end = earliest(reach, window.to)
  if (window.from < end)
    yield emptyStep(end, [{ from: window.from, to: end, reason: 'unavailable-from-rest' }])
  const from = latest(window.from, end)
  const firstSlot = async (): Promise<Micros | undefined> => {
    const listing = await listedAt()
    return listing && gridFloor(interval, listing)
  }
  if (from < window.to)
    yield* walkKlines({ from, to: window.to }, interval, since(ask, { interval, reach, now }), {
      ...options,
      otherEvidence: { ...options.otherEvidence, listedAt: firstSlot },
    })
}

/** The first moment that is not refused. */
async function reachFrom(
  oldest: Micros,
  ask: AskPage,
  signal: AbortSignal | undefined,
): Promise<Micros> {
  for (let moved = 0; ; moved++) {
    const from = micros(oldest + BigInt(moved) * HOUR)
    const startTime = from / 1_000n
    try {
      await ask({ startTime, endTime: startTime + 1n, limit: 1 }, () => undefined, signal)
      return from
    } catch (error) {
      const isOld = error instanceof RejectedError && error.exchangeCode === TOO_OLD
      if (!isOld || moved === MOVES_MAX) throw error
    }
  }
}

type Since = { readonly interval: Interval; readonly reach: Micros; readonly now: Micros }

/** Most rows of a page. */
const ROWS_MAX = 500n

/**
 * Requests of which the start is never too old, and the end never open: which rows of a longer window are sent is not
 * documented.
 */
function since(ask: AskPage, { interval, reach, now }: Since): AskPage {
  const span = intervalStep(interval) * ROWS_MAX
  return async (params, check, signal) => {
    const { startTime = 0n, limit } = params
    const start = latest(micros(startTime < MICROS_MIN ? startTime * 1_000n : startTime), reach)
    const end = latest(endOf(params) ?? now, micros(start + 1_000n))
    if (end - start <= intervalStep(interval) * BigInt(limit))
      return ask({ ...millis(start, end), limit }, check, signal)
    let page: Page
    let from = start
    do {
      const to = earliest(micros(from + span), end)
      page = await ask({ ...millis(from, to), limit: Number(ROWS_MAX) }, check, signal)
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
