/** A history of given rows, found by bisection. */

import type { Interval } from '../binance/interval.ts'
import type { LiteralRows } from './options.ts'
import type { Kline } from './rows.ts'
import {
  firstPlace,
  type History,
  type KlineAsk,
  type KlineSource,
  type Sequence,
} from './source.ts'

class LiteralKlines implements KlineSource {
  readonly #rows: Partial<Readonly<Record<Interval, readonly Kline[]>>>

  constructor(rows: Partial<Readonly<Record<Interval, readonly Kline[]>>>) {
    this.#rows = rows
  }

  ask(interval: Interval, { from, to, now, limit, newest, without }: KlineAsk): Kline[] {
    const rows = this.#rows[interval] ?? []
    const open = (place: number): number => Number(rows[place]?.openTime)
    const first = firstPlace(rows.length, (place) => open(place) < from)
    const last = firstPlace(rows.length, (place) => open(place) <= Math.min(to, now))
    const found: Kline[] = []
    const step = newest ? -1 : 1
    let place = newest ? last - 1 : first
    for (; place >= first && place < last && found.length < limit; place += step) {
      const row = rows[place]
      if (row === undefined) break
      const isLeftOut = without.some((span) => open(place) >= span.from && open(place) < span.to)
      if (!isLeftOut) found.push(row)
    }
    return newest ? found.reverse() : found
  }
}

class LiteralSequence<
  Row extends { readonly id: bigint; readonly time: bigint },
> implements Sequence<Row> {
  readonly #rows: readonly Row[]

  constructor(rows: readonly Row[]) {
    this.#rows = rows
  }

  count(now: number): number {
    return this.placeOfTime(now + 1)
  }

  at(place: number): Row {
    const row = this.#rows[place]
    if (row !== undefined) return row
    throw new RangeError(`no row at ${place} of ${this.#rows.length}`)
  }

  placeOfTime(time: number): number {
    return firstPlace(this.#rows.length, (place) => this.at(place).time < time)
  }

  placeOfId(id: bigint): number {
    return firstPlace(this.#rows.length, (place) => this.at(place).id < id)
  }
}

/** The history of `rows`, which must ascend. */
export function literalHistory(rows: LiteralRows): History {
  return {
    klines: new LiteralKlines(rows.klines ?? {}),
    uiKlines: new LiteralKlines(rows.uiKlines ?? rows.klines ?? {}),
    aggTrades: new LiteralSequence(rows.aggTrades ?? []),
    trades: new LiteralSequence(rows.trades ?? []),
    blockTrades: new LiteralSequence(rows.blockTrades ?? []),
  }
}
