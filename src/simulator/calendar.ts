/** All days of a symbol's aggregate trades: which place belongs to which day. Ordinary days cost nothing. */

import { UsageError } from '../base/errors.ts'
import { parseMicros } from '../base/time.ts'
import { DAY, HOUR_WEIGHTS, profileOf, TradingDay, type DayBurst, type Profile } from './day.ts'
import { mix } from './hash.ts'
import type { Market } from './market.ts'
import type { Burst, SymbolOptions } from './options.ts'
import { firstPlace, type Span } from './source.ts'

/** A special day, and the number of trades up to and including it. */
type Special = { readonly day: number; readonly count: number; readonly surplus: number }

/** The position of a trade in its day. */
type DayPlace = { readonly day: number; readonly start: number; readonly trades: TradingDay }

/** The days of a market. */
export class TradeCalendar {
  readonly #market: Market
  readonly #options: SymbolOptions
  readonly #firstDay: number
  readonly #usual: Profile
  readonly #specials: readonly Special[]
  #last: DayPlace | undefined

  /** @throws UsageError when a count is not a whole number, hours are not 24, or bursts overlap or lie outside trading. */
  constructor(market: Market, options: SymbolOptions) {
    this.#market = market
    this.#options = options
    this.#firstDay = Math.floor(market.listedAt / DAY)
    checkCounts(market, options)
    this.#usual = profileOf(options.hourWeights ?? HOUR_WEIGHTS, [])
    let surplus = 0
    this.#specials = this.#specialDays().map((day) => {
      const { count } = this.#dayAt(day)
      surplus += count - market.aggTradesPerDay
      return { day, count, surplus }
    })
  }

  /** The number of trades before the day. */
  startOf(day: number): number {
    if (day <= this.#firstDay) return 0
    const place = firstPlace(this.#specials.length, (i) => (this.#specials[i]?.day ?? 0) < day)
    const surplus = this.#specials[place - 1]?.surplus ?? 0
    return (day - this.#firstDay) * this.#market.aggTradesPerDay + surplus
  }

  /** The number of trades before `time`. */
  placeOfTime(time: number): number {
    const bounded = Math.min(time, this.#market.delistedAt)
    if (bounded <= this.#market.listedAt) return 0
    const day = Math.floor(bounded / DAY)
    const { start, trades } = this.#placeOf(day)
    return start + trades.placeOfTime(bounded - day * DAY)
  }

  /** The time of the trade at `place`. */
  timeAt(place: number): number {
    const { day, start, trades } = this.#dayOf(place)
    return day * DAY + trades.timeAt(place - start)
  }

  #dayOf(place: number): DayPlace {
    const last = this.#last
    if (last !== undefined && place >= last.start && place < last.start + last.trades.count)
      return last
    // The first day that starts after `place`; the one before it holds `place`.
    const day = firstPlace(200_000, (i) => this.startOf(this.#firstDay + i) <= place)
    return this.#placeOf(this.#firstDay + day - 1)
  }

  #placeOf(day: number): DayPlace {
    if (this.#last?.day === day) return this.#last
    this.#last = { day, start: this.startOf(day), trades: this.#dayAt(day) }
    return this.#last
  }

  #dayAt(day: number): TradingDay {
    const { hourWeights = HOUR_WEIGHTS, aggTradesOn = {} } = this.#options
    const from = day * DAY
    const closed = this.#closedIn(from)
    const date = new Date(from / 1000).toISOString().slice(0, 10)
    return new TradingDay({
      seed: mix(this.#market.seed ^ 0x7a2d, day),
      calm: aggTradesOn[date] ?? this.#market.aggTradesPerDay,
      profile: closed.length === 0 ? this.#usual : profileOf(hourWeights, closed),
      bursts: this.#burstsIn(from),
    })
  }

  #closedIn(from: number): readonly Span[] {
    const { listedAt, delistedAt, outages } = this.#market
    const all = [{ from: 0, to: listedAt }, ...outages, { from: delistedAt, to: Infinity }]
    return all
      .filter((span) => span.from < from + DAY && span.to > from)
      .map((span) => ({ from: Math.max(0, span.from - from), to: Math.min(DAY, span.to - from) }))
  }

  #burstsIn(from: number): readonly DayBurst[] {
    return (this.#options.bursts ?? [])
      .map(({ at, count, spreadMicros: spread = 1 }) => ({ at: Number(at) - from, count, spread }))
      .filter(({ at }) => at >= 0 && at < DAY)
      .sort((a, b) => a.at - b.at)
  }

  #specialDays(): readonly number[] {
    const { listedAt, delistedAt, outages } = this.#market
    const days = new Set([Math.floor(listedAt / DAY)])
    if (delistedAt !== Infinity) days.add(Math.floor(delistedAt / DAY))
    for (const { from, to } of outages) {
      for (let day = Math.floor(from / DAY); day * DAY < to; day++) days.add(day)
    }
    for (const { at } of this.#options.bursts ?? []) days.add(Math.floor(Number(at) / DAY))
    for (const date of Object.keys(this.#options.aggTradesOn ?? {}))
      days.add(Math.floor(Number(parseMicros(date)) / DAY))
    return [...days].filter((day) => day >= this.#firstDay).sort((a, b) => a - b)
  }
}

function checkCounts(market: Market, options: SymbolOptions): void {
  const counts = [
    market.aggTradesPerDay,
    ...Object.values(options.aggTradesOn ?? {}),
    ...(options.bursts ?? []).map(({ count }) => count),
  ]
  if (!counts.every((count) => Number.isSafeInteger(count) && count >= 0))
    throw new UsageError('numbers of aggTrades must be whole and not negative')
  const { hourWeights } = options
  if (hourWeights !== undefined && (hourWeights.length !== 24 || Math.max(...hourWeights) <= 0))
    throw new UsageError('hourWeights must have 24 numbers, at least one above 0')
  checkBursts(market, options.bursts ?? [])
}

function checkBursts(market: Market, bursts: readonly Burst[]): void {
  const isTraded = (time: number): boolean =>
    time >= market.listedAt &&
    time < market.delistedAt &&
    !market.outages.some(({ from, to }) => time >= from && time < to)
  const sorted = bursts
    .map(({ at, spreadMicros = 1 }) => ({ at: Number(at), spread: spreadMicros }))
    .sort((a, b) => a.at - b.at)
  sorted.forEach(({ at, spread }, i) => {
    const next = sorted[i + 1]?.at ?? Infinity
    if (!isTraded(at) || at + spread > next || (at % DAY) + spread > DAY)
      throw new UsageError(
        'each burst must lie in trading time and within one day, and bursts must not overlap',
      )
  })
}
