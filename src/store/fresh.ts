/** What of a series may have changed soon after it was stored, and is asked for once more by the next run. */

import type { RecordBatch } from 'apache-arrow'
import { union, type Coverage } from '../base/coverage.ts'
import type { Gap } from '../base/gap.ts'
import { floorDiv, latest, micros, type Micros, type Window } from '../base/time.ts'
import { gridFloor, intervalStep } from '../binance/interval.ts'
import type { SeriesKey } from '../binance/series.ts'
import { int64Values } from '../rows/batch.ts'

/** Rows that are younger than this many intervals are asked for once more by the next run. */
const FRESH_INTERVALS = 2n

/**
 * The clock that {@link freshPart} goes by where rows are taken `settle` after their close: the last of them is young
 * however long that is, since no later one was asked for.
 */
export function youthClock({ interval }: SeriesKey, now: Micros, settle: bigint): Micros {
  const step = interval === undefined ? settle : intervalStep(interval)
  return settle > step ? micros(now - settle + step) : now
}

/** The part of a series that is young enough to change yet; klines only. */
export function freshPart(key: SeriesKey, window: Window, now: Micros): Coverage {
  if (key.interval === undefined) return []
  const from = gridFloor(key.interval, micros(now - FRESH_INTERVALS * intervalStep(key.interval)))
  return from >= window.to ? [] : [{ from: latest(from, window.from), to: window.to }]
}

/**
 * The slots before stretches that nothing confirms to be empty: a host that lags behind its clock has no later rows yet,
 * and the last one as it was while that was open.
 */
export function lastSlots({ interval }: SeriesKey, gaps: readonly Gap[]): Coverage {
  if (interval === undefined) return []
  return gaps
    .filter(({ reason }) => reason === 'unconfirmed')
    .map(({ from }) => ({ from: gridFloor(interval, micros(from - 1n)), to: from }))
}

type Order = { readonly time: Micros; readonly status: string }

function ordersOf(batch: RecordBatch): Order[] {
  const at = batch.schema.fields.findIndex(({ name }) => name === 'time')
  const times = int64Values(batch, at)
  const statuses = batch.getChild('status')
  return Array.from(times, (time, row) => ({
    time: micros(time),
    status: String(statuses?.get(row)),
  }))
}

/** Orders change after they are made: when to ask again for those of a batch that are open. */
export function openOrdersIn(batch: RecordBatch): Coverage {
  return openOrderWindows(ordersOf(batch))
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
