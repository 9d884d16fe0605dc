/** Aggregate trades, the trades they consist of, and block trades, each computed from its place alone. */

import { micros } from '../base/time.ts'
import { TradeCalendar } from './calendar.ts'
import { decimalText, power, productText } from './decimal.ts'
import { DAY } from './day.ts'
import { fraction, mix } from './hash.ts'
import type { Market } from './market.ts'
import type { SymbolOptions } from './options.ts'
import type { AggTrade, Trade } from './rows.ts'
import { firstPlace, type Sequence } from './source.ts'

/**
 * How many trades each of eight consecutive aggregate trades consists of; always fourteen together, so that the first
 * trade of any of them is known without counting.
 */
const SPLITS: readonly (readonly number[])[] = [
  [1, 1, 1, 1, 1, 1, 1, 7],
  [1, 3, 1, 2, 1, 4, 1, 1],
  [2, 2, 2, 2, 2, 2, 1, 1],
  [5, 1, 1, 1, 3, 1, 1, 1],
]
const BLOCK = 8
const BLOCK_TRADES = 14

/** An aggregate trade before it is formatted: whole units, plain numbers. */
type Fill = {
  readonly time: number
  readonly price: number
  readonly quantity: number
  readonly firstTrade: number
  readonly tradeCount: number
  readonly isBuyerMaker: boolean
}

/** The aggregate trades of a market. */
export class GeneratedAggTrades implements Sequence<AggTrade> {
  readonly #market: Market
  readonly #calendar: TradeCalendar
  readonly #firstId: bigint
  readonly #firstTradeId: bigint
  /** Where ids jump, ascending, and by how much in total up to there. */
  readonly #jumps: readonly { readonly place: number; readonly skipped: bigint }[]

  constructor(market: Market, options: SymbolOptions) {
    this.#market = market
    this.#calendar = new TradeCalendar(market, options)
    this.#firstId = BigInt(options.firstAggTradeId ?? 0)
    this.#firstTradeId = BigInt(options.firstTradeId ?? 0)
    let skipped = 0n
    this.#jumps = [...(options.idGaps ?? [])]
      .sort((a, b) => Number(a.at - b.at))
      .map(({ at, skip }) => {
        skipped += BigInt(skip)
        return { place: this.placeOfTime(Number(at)), skipped }
      })
  }

  count(now: number): number {
    return this.placeOfTime(now + 1)
  }

  placeOfTime(time: number): number {
    return this.#calendar.placeOfTime(time)
  }

  placeOfId(id: bigint): number {
    const sought = Number(id - this.#firstId)
    const most = Math.max(0, Math.min(Number.MAX_SAFE_INTEGER, sought))
    if (this.#jumps.length === 0) return most
    return firstPlace(most, (place) => this.#idAt(place) < id)
  }

  at(place: number): AggTrade {
    const { decimals } = this.#market
    const fill = this.fillAt(place)
    const first = this.#firstTradeId + BigInt(fill.firstTrade)
    return {
      id: this.#idAt(place),
      price: decimalText(fill.price, decimals.price),
      quantity: decimalText(fill.quantity, decimals.quantity),
      firstTradeId: first,
      lastTradeId: first + BigInt(fill.tradeCount - 1),
      time: micros(BigInt(fill.time)),
      isBuyerMaker: fill.isBuyerMaker,
      isBestMatch: true,
    }
  }

  /** The time of the trade at `place`. */
  timeAt(place: number): number {
    return this.#calendar.timeAt(place)
  }

  /** The trade at `place` in whole units. */
  fillAt(place: number): Fill {
    const { seed, path, volumePerDay, aggTradesPerDay, decimals } = this.#market
    const time = this.timeAt(place)
    const bits = mix(seed ^ 0x31f7, place)
    const { first, count } = this.splitAt(place)
    const usual = (volumePerDay / Math.max(1, aggTradesPerDay)) * power(decimals.quantity)
    const drawn = Math.round(-usual * Math.log(1 - fraction(mix(bits, 1))))
    return {
      time,
      price: Math.max(1, path.ticksAt(time) + ((bits >>> 3) % 3) - 1),
      // Each of its trades needs at least one unit.
      quantity: Math.min(Number.MAX_SAFE_INTEGER, Math.max(count, drawn)),
      firstTrade: first,
      tradeCount: count,
      isBuyerMaker: (bits & 1) === 1,
    }
  }

  /** The trades that the one at `place` consists of. */
  splitAt(place: number): { readonly first: number; readonly count: number } {
    const block = Math.floor(place / BLOCK)
    const counts = this.#splitOf(block)
    const inBlock = place - block * BLOCK
    let first = block * BLOCK_TRADES
    for (let i = 0; i < inBlock; i++) first += counts[i] ?? 0
    return { first, count: counts[inBlock] ?? 1 }
  }

  /** The aggregate trade that the trade at place `trade` belongs to. */
  placeOfTrade(trade: number): number {
    const block = Math.floor(trade / BLOCK_TRADES)
    const counts = this.#splitOf(block)
    let left = trade - block * BLOCK_TRADES
    let place = block * BLOCK
    for (const count of counts) {
      if (left < count) break
      left -= count
      place++
    }
    return place
  }

  #splitOf(block: number): readonly number[] {
    return SPLITS[(mix(this.#market.seed ^ 0x11d3, block) >>> 4) % SPLITS.length] ?? []
  }

  #idAt(place: number): bigint {
    const next = firstPlace(this.#jumps.length, (i) => (this.#jumps[i]?.place ?? 0) <= place)
    return this.#firstId + BigInt(place) + (this.#jumps[next - 1]?.skipped ?? 0n)
  }
}

/** The trades that aggregate trades consist of: same time, price and side, and together the same quantity. */
export class GeneratedTrades implements Sequence<Trade> {
  readonly #market: Market
  readonly #aggTrades: GeneratedAggTrades
  readonly #firstId: bigint

  constructor(market: Market, aggTrades: GeneratedAggTrades, options: SymbolOptions) {
    this.#market = market
    this.#aggTrades = aggTrades
    this.#firstId = BigInt(options.firstTradeId ?? 0)
  }

  count(now: number): number {
    return this.placeOfTime(now + 1)
  }

  placeOfTime(time: number): number {
    return this.#aggTrades.splitAt(this.#aggTrades.placeOfTime(time)).first
  }

  placeOfId(id: bigint): number {
    return Math.max(0, Math.min(Number.MAX_SAFE_INTEGER, Number(id - this.#firstId)))
  }

  at(place: number): Trade {
    const { decimals } = this.#market
    const fill = this.#aggTrades.fillAt(this.#aggTrades.placeOfTrade(place))
    const part = place - fill.firstTrade
    const upTo = (parts: number): number => Math.floor((fill.quantity / fill.tradeCount) * parts)
    const isLast = part === fill.tradeCount - 1
    const quantity = (isLast ? fill.quantity : upTo(part + 1)) - upTo(part)
    return {
      id: this.#firstId + BigInt(place),
      price: decimalText(fill.price, decimals.price),
      quantity: decimalText(quantity, decimals.quantity),
      quoteQuantity: productText(fill.price, quantity, decimals),
      time: micros(BigInt(fill.time)),
      isBuyerMaker: fill.isBuyerMaker,
      isBestMatch: true,
    }
  }
}

/** Block trades: few, with ids of their own. */
export class GeneratedBlockTrades implements Sequence<Trade> {
  readonly #market: Market
  readonly #apart: number

  /** @param perDay - how many a day has; 0: none. */
  constructor(market: Market, perDay: number) {
    this.#market = market
    this.#apart = perDay > 0 ? DAY / perDay : Infinity
  }

  count(now: number): number {
    return this.placeOfTime(now + 1)
  }

  placeOfTime(time: number): number {
    const { listedAt, delistedAt } = this.#market
    const bounded = Math.min(time, delistedAt)
    if (bounded <= listedAt || this.#apart === Infinity) return 0
    const most = Math.ceil((bounded - listedAt) / this.#apart) + 1
    return firstPlace(most, (place) => this.#timeAt(place) < bounded)
  }

  placeOfId(id: bigint): number {
    return Math.max(0, Math.min(Number.MAX_SAFE_INTEGER, Number(id - 1n)))
  }

  at(place: number): Trade {
    const { decimals, path, volumePerDay } = this.#market
    const time = this.#timeAt(place)
    const bits = mix(this.#market.seed ^ 0x40b1, place)
    const share = 0.001 + 0.01 * fraction(mix(bits, 1))
    const quantity = Math.max(1, Math.round(volumePerDay * share * power(decimals.quantity)))
    const price = path.ticksAt(time)
    return {
      id: BigInt(place) + 1n,
      price: decimalText(price, decimals.price),
      quantity: decimalText(quantity, decimals.quantity),
      quoteQuantity: productText(price, quantity, decimals),
      time: micros(BigInt(time)),
      isBuyerMaker: (bits & 1) === 1,
    }
  }

  #timeAt(place: number): number {
    const { seed, listedAt, outages } = this.#market
    const time = Math.floor(listedAt + (place + fraction(mix(seed ^ 0x40b2, place))) * this.#apart)
    const outage = outages.find(({ from, to }) => time >= from && time < to)
    return outage === undefined ? time : outage.to
  }
}
