/**
 * What endpoints need from a history, whether computed, given or read from files. Times are numbers of microseconds.
 */

import type { Interval } from '../binance/interval.ts'
import type { AggTrade, Kline, Trade } from './rows.ts'

/** A half-open span in plain numbers. */
export type Span = { readonly from: number; readonly to: number }

/** A query for klines: opens in `[from, to]`, none after `now`. */
export type KlineAsk = {
  readonly from: number
  readonly to: number
  readonly now: number
  readonly limit: number
  /** If there are more than `limit`, returns the newest instead of the oldest. */
  readonly newest: boolean
  /** Rows that open in these are skipped. */
  readonly without: readonly Span[]
}

/** Klines of one symbol, ascending. */
export type KlineSource = { ask(interval: Interval, ask: KlineAsk): Kline[] }

/** Rows in order of id and time, each computed on request. */
export type Sequence<Row> = {
  /** The number of rows not later than `now`. */
  count(now: number): number
  /** The row at a place, from 0 to the count. */
  at(place: number): Row
  /** The first place whose time is `time` or later. */
  placeOfTime(time: number): number
  /** The first place whose id is `id` or higher. */
  placeOfId(id: bigint): number
}

/** The history of one symbol. */
export type History = {
  readonly klines: KlineSource
  readonly uiKlines: KlineSource
  readonly aggTrades: Sequence<AggTrade>
  readonly trades: Sequence<Trade>
  readonly blockTrades: Sequence<Trade>
}

/** The first place in `[0, count)` that is not `before`; `count` if there is none. */
export function firstPlace(count: number, before: (place: number) => boolean): number {
  let low = 0
  let high = count
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    if (before(middle)) low = middle + 1
    else high = middle
  }
  return low
}
