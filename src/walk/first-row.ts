/** The first row of an id walk: which id belongs to a moment, and whether everything from there on is available. */

import { DataError } from '../base/errors.ts'
import { formatMicros, micros, type Micros } from '../base/time.ts'
import type { Page } from '../rows/page.ts'
import { isBeforeMillis } from './id-end.ts'
import { idRow } from './id-run.ts'
import { lookBack, type FirstRow } from './look-back.ts'
import { askTwice, type AskPage, type WalkOptions } from './walk.ts'

/** Finds the first row at or after `from`. */
export type FindFirst = (from: Micros) => Promise<FirstRow>

/**
 * Finds the first aggregate trade at or after a moment, by time, then looks back from it: the row before it is
 * available, and none of the rows shortly before it is at or after the moment.
 */
export function findByTime(ask: AskPage, options: WalkOptions): FindFirst {
  const { limit, signal } = options
  return async (from) => {
    const startTime = from / 1_000n
    const check = (page: Page): void => {
      checkSince(page, micros(startTime * 1_000n))
    }
    const page = await askTwice({ startTime, limit }, ask, check, signal)
    const id = page.keys[0]
    return id === undefined ? noneSince(ask, signal) : lookBack(id, from, ask, options)
  }
}

/** Options for finding the first trade: also how to read a page of aggregate trades. */
type TradeOptions = WalkOptions & {
  /** The column `first_trade_id` of a page of aggTrades. */
  readonly firstTradeIdsOf: (page: Page) => BigInt64Array
}

/**
 * Finds the first trade at or after a moment. Trades can be requested only by id, so the first aggregate trade at or
 * after the moment gives an id. Trades before that id are searched backwards until an older one shows that none is left
 * out: an aggregate trade carries the time of its first trade, and may be missing or invalid.
 *
 * @see binance-spot-api-docs, rest-api.md, "Old trade lookup"; CHANGELOG, 2022-04-12: aggregate trades whose `f` and
 * `l` are -1 are invalid.
 */
export function findTrade(
  askAggTrades: AskPage,
  askTrades: AskPage,
  options: TradeOptions,
): FindFirst {
  const { signal } = options
  return async (from) => {
    let id = await firstTradeSince(from, askAggTrades, options)
    if (id === undefined) {
      const none = await noneSince(askTrades, signal)
      if (none.newest === undefined || isBeforeMillis(none.newest.time, from)) return none
      // Aggregate trades are missing.
      id = none.newest.id
    }
    return lookBack(await backTo(from, id, askTrades, signal), from, askTrades, options)
  }
}

/** Rows of one probe of {@link findBlockTrade}: a page costs the same weight however long it is. */
const PROBE_ROWS = 100

/**
 * Finds the first block trade at or after a moment, by id alone: from the oldest one available, in steps that double,
 * then by bisection. Ids may begin anywhere and need not be contiguous.
 *
 * The oldest is what the exchange returns when asked from id 0 on. Nothing shows that there ever was an older one, so
 * it counts as the first.
 *
 * @see binance-spot-api-docs, rest-api.md, "Historical block trades": `fromId` is mandatory.
 */
export function findBlockTrade(ask: AskPage, { limit, signal }: WalkOptions): FindFirst {
  return async (from) => {
    const probe = prober(Math.min(limit, PROBE_ROWS), ask, signal)
    const oldest = await probe(0n)
    if (oldest.rowCount === 0) return { id: undefined, isProven: true, hasRowsBefore: false }
    const first = firstSince(oldest, from)
    if (first < oldest.rowCount)
      return { id: oldest.keys[first], isProven: true, hasRowsBefore: first > 0 }
    let newest = idRow(oldest, oldest.rowCount - 1)
    let low = newest.id
    for (let step = 1n; ; step *= 2n) {
      const page = await probe(low + step)
      const row = firstSince(page, from)
      const last = page.keys[page.rowCount - 1]
      if (last !== undefined && row === page.rowCount) {
        // A page may span far more ids than the step: double what it spanned.
        if (last - low > step) step = last - low
        low = last
        newest = idRow(page, page.rowCount - 1)
        continue
      }
      // Either the page has the first row itself, or it lies between the last older row and here.
      const id =
        row > 0 ? page.keys[row] : await bisect(probe, from, { low, high: low + step }, page)
      return { id, isProven: true, hasRowsBefore: true, ...(id === undefined && { newest }) }
    }
  }
}

/** The first trade of the first valid aggregate trade at or after `from`. */
async function firstTradeSince(
  from: Micros,
  ask: AskPage,
  { limit, signal, firstTradeIdsOf }: TradeOptions,
): Promise<bigint | undefined> {
  const startTime = from / 1_000n
  const check = (page: Page): void => {
    checkSince(page, micros(startTime * 1_000n))
  }
  const probe = prober(limit, ask, signal)
  let page = await askTwice({ startTime, limit }, ask, check, signal)
  for (;;) {
    const last = page.keys[page.rowCount - 1]
    if (last === undefined) return undefined
    const id = firstTradeIdsOf(page).find((first) => first >= 0n)
    if (id !== undefined) return id
    page = await probe(last + 1n)
  }
}

/**
 * The first trade at or after `from`: that of `id` or an earlier one. Goes back in steps that double until a trade is
 * older, then bisects.
 */
async function backTo(
  from: Micros,
  id: bigint,
  ask: AskPage,
  signal: AbortSignal | undefined,
): Promise<bigint> {
  const probe = prober(1, ask, signal)
  let high = id
  for (let step = 1n; high > 0n; step *= 2n) {
    const low = high > step ? high - step : 0n
    const page = await probe(low)
    const before = page.keys[0]
    // Not available: either ids begin here, or the history does.
    if (before === undefined || before >= high) return high
    if (isBefore(page.times[0], from))
      return (await bisect(probe, from, { low: before, high })) ?? high
    if (before > low) return before
    high = before
  }
  return high
}

/**
 * The id of the first row at or after `from`, above `low` (which is older) and up to `high`. Otherwise the first of
 * `at`, the page from `high` on.
 */
async function bisect(
  probe: (id: bigint) => Promise<Page>,
  from: Micros,
  bounds: { readonly low: bigint; readonly high: bigint },
  at?: Page,
): Promise<bigint | undefined> {
  let { low, high } = bounds
  let found = at?.keys[0]
  while (high - low > 1n) {
    const middle = low + (high - low) / 2n
    const page = await probe(middle)
    const row = firstSince(page, from)
    if (row > 0 && row < page.rowCount) return page.keys[row]
    if (page.rowCount > 0 && row === page.rowCount) low = page.keys[row - 1] ?? middle
    else {
      high = middle
      found = page.keys[0] ?? found
    }
  }
  return found
}

/** Requests rows from an id on, twice when there seem to be none. */
function prober(
  limit: number,
  ask: AskPage,
  signal: AbortSignal | undefined,
): (fromId: bigint) => Promise<Page> {
  return (fromId) => {
    const check = (page: Page): void => {
      checkNotBefore(page, fromId)
    }
    return askTwice({ fromId, limit }, ask, check, signal)
  }
}

/** The first row of `page` at or after `from`; its length when there is none. */
function firstSince({ rowCount, times }: Page, from: Micros): number {
  let row = 0
  while (row < rowCount && isBefore(times[row], from)) row++
  return row
}

/** Times are searched by millisecond; the walk by id itself drops rows of that millisecond before `from`. */
function isBefore(time: bigint | undefined, from: Micros): boolean {
  return time !== undefined && isBeforeMillis(time, from)
}

/** No row was found: returns what the newest row shows about that. */
async function noneSince(ask: AskPage, signal: AbortSignal | undefined): Promise<FirstRow> {
  const page = await askTwice({ limit: 1 }, ask, () => undefined, signal)
  const newest = page.rowCount === 0 ? undefined : idRow(page, page.rowCount - 1)
  return { id: undefined, isProven: true, hasRowsBefore: newest !== undefined, newest }
}

function checkSince(page: Page, from: Micros): void {
  const time = page.times[0]
  if (time !== undefined && time < from)
    throw new DataError(
      `asked for rows from ${formatMicros(from)} on, got one at ${formatMicros(micros(time))}`,
    )
}

function checkNotBefore(page: Page, fromId: bigint): void {
  const first = page.keys[0]
  if (first !== undefined && first < fromId)
    throw new DataError(`asked for rows from id ${fromId} on, got id ${first}`)
}
