/**
 * The price of a symbol at any time: a sum of smooth noises whose swings grow with the square root of their period,
 * like those of a random walk. All intervals and all trades of a symbol follow the same path.
 */

import { fraction, mix } from './hash.ts'

const DAY = 86_400e6
const SECOND = 1e6
const PERIODS = [2, 15, 120, 900, 7_200, 57_600, 432_000, 3_456_000, 27_648_000].map(
  (seconds) => seconds * SECOND,
)

/** The parameters of a path. */
type PathOptions = {
  readonly seed: number
  /** The mean of all prices. */
  readonly price: number
  /** The typical swing within a day, as a share of the price. */
  readonly volatility: number
  /** Decimals of the tick. */
  readonly decimals: number
}

/** A price as a function of time. */
export class PricePath {
  readonly #octaves: readonly { seed: number; period: number; swing: number }[]
  readonly #ticks: number
  #last = { time: NaN, ticks: 0 }

  constructor({ seed, price, volatility, decimals }: PathOptions) {
    this.#ticks = price * Number(`1e${decimals}`)
    this.#octaves = PERIODS.map((period, i) => ({
      seed: mix(seed, i),
      period,
      swing: 2 * volatility * Math.sqrt(period / DAY),
    }))
  }

  /** The price at `time` (µs) in whole ticks, at least 1. */
  ticksAt(time: number): number {
    // One kline closes where the next one opens, and trades come in groups.
    if (this.#last.time !== time) this.#last = { time, ticks: this.#compute(time) }
    return this.#last.ticks
  }

  #compute(time: number): number {
    let exponent = 0
    for (const { seed, period, swing } of this.#octaves) {
      const place = time / period
      const knot = Math.floor(place)
      const from = fraction(mix(seed, knot))
      const to = fraction(mix(seed, knot + 1))
      exponent += swing * (from + (to - from) * (place - knot) - 0.5)
    }
    return Math.max(1, Math.round(this.#ticks * Math.exp(exponent)))
  }
}
