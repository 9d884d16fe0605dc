/**
 * Klines of a market that answers with the newest rows of a window, and takes no window longer than some days: requested
 * as if it answered with the oldest ones. Whatever fits into one page is the same either way. Everything else is searched
 * by windows that fit, first by days. It works the same if the market answers with the oldest rows after all.
 *
 * @see developers.binance.com, COIN-M, "Kline/Candlestick Data": of a window, the newest `limit` rows are sent; start and
 * end are at most 200 days apart (-4088); a start alone means 200 days from there.
 */

import { floorDiv, micros, parseMicros, type Micros } from '../base/time.ts'
import { intervalStep, type Interval } from '../binance/interval.ts'
import type { Page } from '../rows/page.ts'
import type { AskPage } from './walk.ts'

const DAY_MS = 86_400_000n
/** Futures have been traded since 2019-09; nothing before has to be searched. */
const FIRST_MS = parseMicros('2019-06-01') / 1_000n
/** Most rows of a page. */
const ROWS_MAX = 499n

/** What the search goes by. */
type SearchOptions = {
  readonly interval: Interval
  readonly daysMax: number
  /** The server's clock. */
  readonly now: () => Micros
}

/** A window of open times in milliseconds, both ends inclusive. */
type MillisWindow = { readonly startTime: bigint; readonly endTime: bigint }

/**
 * Requests that may name any window, or none.
 *
 * @param ask - Requests klines of the interval. `askDays` requests those of a day.
 */
export function oldestFirst(
  ask: AskPage,
  askDays: AskPage,
  { interval, daysMax, now }: SearchOptions,
): AskPage {
  const step = intervalStep(interval) / 1_000n
  const spanOf = (one: bigint): bigint => {
    const rows = one * ROWS_MAX
    const days = BigInt(daysMax) * DAY_MS
    return (rows < days ? rows : days) - 1n
  }
  return async (params, check, signal) => {
    const { startTime, limit } = params
    if (startTime === undefined) return ask(params, check, signal)
    const endTime = millis(params.endTime) ?? now() / 1_000n
    const start = millis(startTime) ?? 0n
    const isWhole = endTime - start <= spanOf(step) && (endTime - start) / step < BigInt(limit)
    if (isWhole) return ask({ ...params, startTime: start, endTime }, check, signal)
    const search = async (own: AskPage, span: bigint, window: MillisWindow): Promise<Page> => {
      let page: Page
      let from = window.startTime
      do {
        const to = least(from + span, window.endTime)
        page = await own({ startTime: from, endTime: to, limit: Number(ROWS_MAX) }, check, signal)
        from = to + 1n
      } while (page.rowCount === 0 && from <= window.endTime)
      return page
    }
    const window = { startTime: start > FIRST_MS ? start : least(FIRST_MS, endTime), endTime }
    if (step >= DAY_MS) return search(ask, spanOf(step), window)
    // Rows of a day show where to look: its first rows are in it, and none are before.
    let days = { ...window, startTime: floorDiv(window.startTime, DAY_MS) * DAY_MS }
    for (;;) {
      const found = await searchDays(askDays, spanOf(DAY_MS), days, signal)
      if (found === undefined) return ask(lastSlot(window), check, signal)
      const day = { startTime: found, endTime: least(found + DAY_MS - 1n, endTime) }
      const from = day.startTime > window.startTime ? day.startTime : window.startTime
      const page = await search(ask, spanOf(step), { ...day, startTime: from })
      if (page.rowCount > 0 || day.endTime >= endTime) return page
      days = { ...days, startTime: found + DAY_MS }
    }
  }
}

/** The first day of a window that has a kline. */
async function searchDays(
  ask: AskPage,
  span: bigint,
  { startTime, endTime }: MillisWindow,
  signal: AbortSignal | undefined,
): Promise<bigint | undefined> {
  for (let from = startTime; from <= endTime; from += span + 1n) {
    const to = least(from + span, endTime)
    const limit = Number(ROWS_MAX)
    const page = await ask({ startTime: from, endTime: to, limit }, () => undefined, signal)
    const first = page.keys[0]
    if (first !== undefined) return floorDiv(micros(first) / 1_000n, DAY_MS) * DAY_MS
  }
  return undefined
}

/** A page without rows is an answer too: that of the window's end. */
function lastSlot({ endTime }: MillisWindow): {
  startTime: bigint
  endTime: bigint
  limit: number
} {
  return { startTime: endTime, endTime, limit: 1 }
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}

const MICROS_MIN = 10n ** 14n

function millis(time: bigint | undefined): bigint | undefined {
  return time !== undefined && time >= MICROS_MIN ? time / 1_000n : time
}
