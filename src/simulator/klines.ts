/** Klines computed only from the seed, the interval and the open time. */

import { micros } from '../base/time.ts'
import type { Interval } from '../binance/interval.ts'
import { decimalText, power, productText } from './decimal.ts'
import { gridOf, type Grid } from './grid.ts'
import { fraction, mix, seedOf } from './hash.ts'
import type { Market, MarketOutage } from './market.ts'
import type { Kline } from './rows.ts'
import { firstPlace, type KlineAsk, type KlineSource } from './source.ts'

const DAY = 86_400e6
const MINUTE = 60e6
/** How late a kline closes that opened off the grid (observed: 1518321600999). */
const LATE_CLOSE = 999_000

/** One kline's place in time: from its open to its inclusive close, in the slot that ends at `end`. */
type Slot = { readonly open: number; readonly end: number; readonly close: number }

/** The volume and count within a slot, in whole units. */
type Traded = { readonly volume: number; readonly count: number }

/** Prices of a slot in ticks. */
type Prices = {
  readonly open: number
  readonly high: number
  readonly low: number
  readonly close: number
}

/** The klines of a market. */
export class GeneratedKlines implements KlineSource {
  readonly #market: Market
  readonly #salt: number
  readonly #seeds = new Map<Interval, number>()

  /** @param salt - makes the values, but not the slots, differ from another source of the same market. */
  constructor(market: Market, salt: number) {
    this.#market = market
    this.#salt = salt
  }

  ask(interval: Interval, ask: KlineAsk): Kline[] {
    return ask.newest ? this.#backward(interval, ask) : this.#forward(interval, ask)
  }

  #forward(interval: Interval, ask: KlineAsk): Kline[] {
    const grid = gridOf(interval)
    const rows: Kline[] = []
    const end = Math.min(ask.to, ask.now)
    let start = grid.floor(Math.max(ask.from, this.#market.listedAt))
    while (rows.length < ask.limit && start <= end && start < this.#market.delistedAt) {
      const slot = this.#slotAt(grid, start)
      if (typeof slot === 'number') {
        start = Math.max(grid.floor(slot), grid.next(start))
        continue
      }
      if (isAsked(slot.open, ask)) rows.push(this.#row(interval, slot, ask.now))
      start = slot.end
    }
    return rows
  }

  #backward(interval: Interval, ask: KlineAsk): Kline[] {
    const grid = gridOf(interval)
    const rows: Kline[] = []
    const first = grid.floor(Math.max(ask.from, this.#market.listedAt))
    let start = grid.floor(Math.min(ask.to, ask.now, this.#market.delistedAt - 1))
    while (rows.length < ask.limit && start >= first) {
      const slot = this.#slotAt(grid, start)
      if (typeof slot !== 'number' && isAsked(slot.open, ask))
        rows.push(this.#row(interval, slot, ask.now))
      const outage = typeof slot === 'number' ? this.#outageAt(start) : undefined
      start = grid.floor((outage === undefined ? start : Math.min(start, outage.from)) - 1)
    }
    return rows.reverse()
  }

  /** The outage that `time` lies in. */
  #outageAt(time: number): MarketOutage | undefined {
    const { outages } = this.#market
    const place = firstPlace(outages.length, (i) => (outages[i]?.to ?? 0) <= time)
    const outage = outages[place]
    return outage !== undefined && outage.from <= time ? outage : undefined
  }

  /** The kline of the slot that starts at `start`, or the end of the outage that covers it. */
  #slotAt(grid: Grid, start: number): Slot | number {
    const end = grid.next(start)
    const outage = this.#outageAt(start)
    if (outage !== undefined && outage.to >= end) return outage.to
    if (outage?.offGrid === true) return { open: outage.to, end, close: end + LATE_CLOSE + 999 }
    const next = this.#outageAt(end - 1)
    const isCutShort = next?.offGrid === true && next.from > start
    return { open: start, end, close: (isCutShort ? next.from : end) - 1 }
  }

  #row(interval: Interval, slot: Slot, now: number): Kline {
    const { decimals, idleShare } = this.#market
    const bits = mix(this.#seedOf(interval), slot.open)
    const isIdle = slot.end - slot.open <= MINUTE && fraction(mix(bits, 1)) < idleShare
    const prices = this.#prices(slot, bits, { now, isIdle })
    const traded = isIdle ? { volume: 0, count: 0 } : this.#traded(slot, bits, now)
    const volume = isIdle ? 0 : this.#corrected(interval, slot, { volume: traded.volume, now })
    const taker = Math.floor(volume * fraction(mix(bits, 2)))
    const average = prices.low + Math.floor((prices.high - prices.low + 1) * fraction(mix(bits, 3)))
    return {
      openTime: micros(BigInt(slot.open)),
      open: decimalText(prices.open, decimals.price),
      high: decimalText(prices.high, decimals.price),
      low: decimalText(prices.low, decimals.price),
      close: decimalText(prices.close, decimals.price),
      volume: decimalText(volume, decimals.quantity),
      closeTime: micros(BigInt(slot.close)),
      quoteVolume: productText(average, volume, decimals),
      tradeCount: traded.count,
      takerVolume: decimalText(taker, decimals.quantity),
      takerQuoteVolume: productText(average, taker, decimals),
    }
  }

  #seedOf(interval: Interval): number {
    const known = this.#seeds.get(interval)
    if (known !== undefined) return known
    const seed = seedOf(interval, this.#market.seed ^ this.#salt)
    this.#seeds.set(interval, seed)
    return seed
  }

  #prices(slot: Slot, bits: number, { now, isIdle }: { now: number; isIdle: boolean }): Prices {
    const { path, volatility } = this.#market
    const open = path.ticksAt(slot.open)
    if (isIdle) return { open, high: open, low: open, close: open }
    const last = path.ticksAt(slot.end)
    const swing = open * volatility * 0.5 * Math.sqrt((slot.end - slot.open) / DAY)
    const top = Math.max(open, last) + Math.floor(swing * fraction(mix(bits, 4)))
    const bottom = Math.min(open, last) - Math.floor(swing * fraction(mix(bits, 5)))
    if (now >= slot.end) return { open, high: top, low: Math.max(1, bottom), close: last }
    const share = shareOf(slot, now)
    const high = open + Math.floor((top - open) * share)
    const low = Math.max(1, open - Math.floor((open - bottom) * share))
    return { open, high, low, close: Math.min(high, Math.max(low, path.ticksAt(now))) }
  }

  #traded(slot: Slot, bits: number, now: number): Traded {
    const { volumePerDay, aggTradesPerDay, decimals } = this.#market
    const days = (slot.end - slot.open) / DAY
    const share = shareOf(slot, now)
    const busy = 0.25 + 1.5 * fraction(mix(bits, 6))
    const units = volumePerDay * days * busy * power(decimals.quantity)
    const volume = Math.min(Number.MAX_SAFE_INTEGER, Math.max(1, Math.round(units)))
    const count = Math.max(1, Math.round(aggTradesPerDay * days * busy * 1.75))
    return { volume: Math.ceil(volume * share), count: Math.ceil(count * share) }
  }

  /** The volume as of `now`: slightly less before it has settled, slightly more once it is revised. */
  #corrected(
    interval: Interval,
    slot: Slot,
    { volume, now }: { readonly volume: number; readonly now: number },
  ): number {
    const { settleMicros, revisions } = this.#market
    if (now >= slot.end && now < slot.end + settleMicros) return Math.ceil(volume * 0.99)
    const isRevised = revisions.some(
      (revision) =>
        revision.interval === interval &&
        Number(revision.openTime) === slot.open &&
        Number(revision.at) <= now,
    )
    return isRevised ? volume + 1 : volume
  }
}

/** How much of a slot has passed, above 0 and at most 1. */
function shareOf(slot: Slot, now: number): number {
  return Math.min(1, (Math.max(0, now - slot.open) + 1) / (slot.end - slot.open))
}

function isAsked(open: number, { from, to, now, without }: KlineAsk): boolean {
  if (open < from || open > Math.min(to, now)) return false
  return !without.some((span) => open >= span.from && open < span.to)
}
