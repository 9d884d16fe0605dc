/** One day of aggregate trades: how many there are, and when each of them happens. */

import { fraction, mix } from './hash.ts'
import { firstPlace, type Span } from './source.ts'

/** A day in microseconds. */
export const DAY = 86_400e6
const HOUR = 3_600e6

/** A part of a day with constant density; `before` is the share of the day's trades that come earlier. */
type Stretch = Span & { readonly before: number; readonly density: number }

/** The distribution of a day's trades; empty when there can be none. */
export type Profile = readonly Stretch[]

/** A burst within a day, times from the day's start. */
export type DayBurst = { readonly at: number; readonly count: number; readonly spread: number }

/** A calm day, UTC: little trading at night, much in the afternoon. */
export const HOUR_WEIGHTS: readonly number[] = [
  1, 0.9, 0.8, 0.7, 0.6, 0.6, 0.8, 1, 1.2, 1.2, 1.1, 1, 1.2, 1.6, 2, 2, 1.8, 1.5, 1.3, 1.2, 1.1, 1,
  1, 1,
]

/** Distributes trades by `weights` (24 hours) over a day without the `closed` spans. */
export function profileOf(weights: readonly number[], closed: readonly Span[]): Profile {
  const open: { from: number; to: number; weight: number }[] = []
  for (let hour = 0; hour < 24; hour++) {
    const weight = weights[hour] ?? 1
    let from = hour * HOUR
    const end = from + HOUR
    for (const span of closed) {
      if (span.to <= from || span.from >= end) continue
      if (span.from > from) open.push({ from, to: span.from, weight })
      from = Math.min(end, span.to)
    }
    if (from < end) open.push({ from, to: end, weight })
  }
  const used = open.filter(({ weight }) => weight > 0)
  const total = used.reduce((sum, { from, to, weight }) => sum + (to - from) * weight, 0)
  let before = 0
  return used.map(({ from, to, weight }) => {
    const density = weight / total
    const stretch = { from, to, before, density }
    before += (to - from) * density
    return stretch
  })
}

/** Consecutive trades of a day: calm ones, from the `first`th on, or those of a burst. */
type TradeRun = {
  readonly start: number
  readonly first: number
  readonly burst: DayBurst | undefined
}

/** The trades of one day, by their place in it. */
export class TradingDay {
  readonly count: number
  readonly #seed: number
  readonly #calm: number
  readonly #profile: Profile
  readonly #runs: readonly TradeRun[]

  constructor(options: {
    readonly seed: number
    readonly calm: number
    readonly profile: Profile
    readonly bursts: readonly DayBurst[]
  }) {
    this.#seed = options.seed
    this.#profile = options.profile
    this.#calm = options.profile.length === 0 ? 0 : options.calm
    const runs: TradeRun[] = []
    let start = 0
    let first = 0
    for (const burst of options.bursts) {
      const calmBefore = firstPlace(this.#calm, (place) => this.#calmTime(place) < burst.at)
      runs.push({ start, first, burst: undefined })
      start += calmBefore - first
      first = calmBefore
      runs.push({ start, first, burst })
      start += burst.count
    }
    runs.push({ start, first, burst: undefined })
    this.#runs = runs
    this.count = start + this.#calm - first
  }

  /** The time of the trade at `place`, from the day's start; never earlier than the one before. */
  timeAt(place: number): number {
    let index = this.#runs.length - 1
    while (index > 0 && (this.#runs[index]?.start ?? 0) > place) index--
    const run = this.#runs[index]
    if (run === undefined) throw new RangeError(`no trade at ${place}`)
    const inRun = place - run.start
    if (run.burst !== undefined)
      return run.burst.at + Math.floor((inRun * run.burst.spread) / run.burst.count)
    const burst = this.#runs[index - 1]?.burst
    // A calm trade never falls into the burst before it.
    const floor = burst === undefined ? 0 : burst.at + burst.spread - 1
    return Math.max(floor, this.#calmTime(run.first + inRun))
  }

  /** The first place whose time is `time` or later. */
  placeOfTime(time: number): number {
    return firstPlace(this.count, (place) => this.timeAt(place) < time)
  }

  #calmTime(place: number): number {
    // About half of all trades come in groups of four that share one microsecond, like the fills of one large order.
    const group = place - (place % 4)
    const isGrouped = fraction(mix(this.#seed, group)) < 0.5
    const own = isGrouped ? group : place
    const share = (own + fraction(mix(this.#seed ^ 0x5bd1, own))) / this.#calm
    return timeOfShare(this.#profile, share)
  }
}

function timeOfShare(profile: Profile, share: number): number {
  let index = profile.length - 1
  while (index > 0 && (profile[index]?.before ?? 0) > share) index--
  const stretch = profile[index]
  if (stretch === undefined) throw new RangeError('a day without trades has no times')
  const time = stretch.from + Math.floor((share - stretch.before) / stretch.density)
  return Math.min(stretch.to - 1, time)
}
