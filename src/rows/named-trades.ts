/** The trades that rows of aggregate trades name, as far as it matters whether each follows the one before. */

import type { RecordBatch } from 'apache-arrow'
import { micros, type Micros } from '../base/time.ts'
import { columnIndex, type Dataset } from '../binance/dataset.ts'
import { int64Values } from './batch.ts'
import { halvesOf } from './int64.ts'

/** Two consecutive rows that do not join: the earlier and the later of their times, and how many ids lie between. */
export type Break = { readonly first: Micros; readonly last: Micros; readonly ids: number }

/** A trade, and the time of the row that names it. */
export type Trade = { readonly id: bigint; readonly time: bigint }

/** What consecutive rows name. Plain data. */
export type NamedTrades = {
  /** The first trade of the first row that names any, and the last one of the last. */
  readonly first: Trade | undefined
  readonly last: Trade | undefined
  /** Where a row does not begin with the trade after the last one of the row before. */
  readonly breaks: readonly Break[]
  /** Rows that name none: invalidated records have no trades (CHANGELOG 2022-04-12); the chain goes on across them. */
  readonly dummies: number
}

/** Do rows of `dataset` name trades? */
export function namesTrades({ columns }: Dataset): boolean {
  return columns.some(({ name }) => name === 'first_trade_id')
}

/** The trades that rows name; `undefined` for a dataset whose rows name none. */
export function namedTrades(
  dataset: Dataset,
  batch: RecordBatch,
  times: BigInt64Array,
): NamedTrades | undefined {
  if (!namesTrades(dataset)) return undefined
  const firsts = int64Values(batch, columnIndex(dataset, 'first_trade_id'))
  const lasts = int64Values(batch, columnIndex(dataset, 'last_trade_id'))
  const [first, last] = [halvesOf(firsts), halvesOf(lasts)]
  const breaks: Break[] = []
  let [firstRow, lastRow, dummies] = [-1, -1, 0]
  let [low, high] = [0, 0]
  for (let row = 0; row < firsts.length; row++) {
    const firstHigh = first[2 * row + 1] ?? 0
    if (firstHigh < 0) {
      dummies++
      continue
    }
    // Exact where it matters: only a difference of 1 has to be distinguished.
    const distance = (firstHigh - high) * 4294967296 + (((first[2 * row] ?? 0) >>> 0) - low)
    if (firstRow < 0) firstRow = row
    else if (distance !== 1) breaks.push(breakOf(times[lastRow], times[row]))
    low = (last[2 * row] ?? 0) >>> 0
    high = last[2 * row + 1] ?? 0
    lastRow = row
  }
  const trade = (ids: BigInt64Array, row: number): Trade | undefined =>
    row < 0 ? undefined : { id: ids[row] ?? 0n, time: times[row] ?? 0n }
  return { first: trade(firsts, firstRow), last: trade(lasts, lastRow), breaks, dummies }
}

/** The break between rows of two times, in whichever order these are. */
export function breakOf(before = 0n, after = 0n, ids = 0n): Break {
  const [first, last] = before < after ? [before, after] : [after, before]
  return { first: micros(first), last: micros(last), ids: Number(ids) }
}
