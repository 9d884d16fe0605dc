/** What a run has done so far, counted from its progress; the views only print it. */

import type { Plan, Progress, Usage, Wait } from '../index.ts'
import { duration } from './human.ts'
import { library } from './library.ts'

/** One series while it runs. */
export type SeriesTally = {
  readonly name: string
  /** Planned seconds; at least a little, so that a series of unknown cost still counts. */
  readonly seconds: number
  /** 0 to 1. */
  done: number
  rows: number
  state: 'waiting' | 'active' | 'ended'
}

/** Seconds of a series of which nothing is known. */
const SECONDS_MIN = 0.01

/** By so much of its time so far a run may be late. */
const LATE_SHARE = 0.1

/** What a run said of the time that it will take. */
type Estimate = { readonly secondsLeft: number; readonly atMs: number }

/** Rows received are counted over this long for the rate. */
const RATE_MS = 10_000

/** Counts a run. Takes time as an argument everywhere, in milliseconds of one monotonic clock. */
export class Tally {
  readonly series: Map<string, SeriesTally> = new Map()
  rows = 0
  /** Has the exchange answered, so that it is known what is to be done? */
  isPlanned = false
  usage: Usage | undefined
  #startedMs: number
  #wait: (Wait & { readonly untilMs: number }) | undefined
  #left: Estimate | undefined
  /** The longest time between two estimates so far. */
  #restMs = RATE_MS
  #samples: { readonly ms: number; readonly rows: number }[]

  constructor(nowMs: number) {
    this.#startedMs = nowMs
    this.#samples = [{ ms: nowMs, rows: 0 }]
  }

  /** Counts one report. */
  apply(item: Progress, nowMs: number): void {
    switch (item.kind) {
      case 'plan':
        this.#plan(item.plan)
        this.#left = { secondsLeft: item.plan.total.minutes * 60, atMs: nowMs }
        break
      case 'rows': {
        const one = this.#one(library.seriesName(item.key))
        one.rows += item.rows
        one.done = Math.min(1, Math.max(one.done, item.done))
        one.state = 'active'
        this.rows += item.rows
        this.usage = item.usage
        this.#estimate({ secondsLeft: item.secondsLeft, atMs: nowMs })
        // Of a pause that the limits ask for, rows that were under way are not the end.
        if (this.#wait?.reason === 'overload') this.#wait = undefined
        this.#sample(nowMs)
        break
      }
      case 'series': {
        const one = this.#one(library.seriesName(item.result.key))
        one.done = 1
        one.state = 'ended'
        break
      }
      case 'wait':
        this.#wait = { ...item, untilMs: nowMs + item.ms }
        // That the own share of the limits takes time is part of the estimate.
        if (item.reason !== 'budget') this.#delay(item.ms)
        break
      case 'committed':
      case 'gap':
      case 'note':
      case 'warning':
      case 'summary':
    }
  }

  #plan({ series }: Plan): void {
    this.isPlanned = true
    for (const { key, tasks } of series) {
      const seconds = tasks.reduce((sum, { cost }) => sum + cost.seconds, 0)
      if (tasks.length > 0) this.#one(library.seriesName(key), Math.max(SECONDS_MIN, seconds))
    }
  }

  #delay(ms: number): void {
    if (this.#left === undefined) return
    this.#left = { ...this.#left, secondsLeft: this.#left.secondsLeft + ms / 1000 }
  }

  #estimate(next: Estimate): void {
    const { atMs = next.atMs } = this.#left ?? {}
    const hasWaited = this.#wait !== undefined && this.#wait.untilMs > atMs
    if (!hasWaited) this.#restMs = Math.max(this.#restMs, next.atMs - atMs)
    this.#left = next
  }

  #one(name: string, seconds = SECONDS_MIN): SeriesTally {
    const known = this.series.get(name)
    if (known !== undefined) return known
    const fresh: SeriesTally = { name, seconds, done: 0, rows: 0, state: 'waiting' }
    this.series.set(name, fresh)
    return fresh
  }

  #sample(nowMs: number): void {
    this.#samples.push({ ms: nowMs, rows: this.rows })
    while (this.#samples.length > 2 && (this.#samples[1]?.ms ?? nowMs) < nowMs - RATE_MS)
      this.#samples.shift()
  }

  /** Rows a second over the last ten seconds. */
  rate(nowMs: number): number {
    this.#sample(nowMs)
    const oldest = this.#samples[0] ?? { ms: nowMs, rows: this.rows }
    const ms = nowMs - oldest.ms
    return ms <= 0 ? 0 : ((this.rows - oldest.rows) / ms) * 1000
  }

  /** The part of the planned work that is done, 0 to 1. */
  fraction(): number {
    let total = 0
    let done = 0
    for (const one of this.series.values()) {
      total += one.seconds
      done += one.seconds * one.done
    }
    return total === 0 ? 1 : done / total
  }

  /**
   * Seconds left: by the plan, then by what the run says with its rows. Between two estimates the time counts down, but
   * not while it has become doubtful that anything moves. `undefined` when that time is long over and the run is not.
   */
  secondsLeft(nowMs: number): number | undefined {
    if (this.#left === undefined) return undefined
    const { secondsLeft, atMs } = this.#left
    const waitMs = (this.#wait?.untilMs ?? atMs) - atMs
    const passedMs = Math.min(nowMs - atMs, Math.max(this.#restMs, waitMs))
    const left = secondsLeft - passedMs / 1000
    const isLate = -left > LATE_SHARE * this.elapsedSeconds(nowMs)
    return isLate && this.fraction() < 1 ? undefined : Math.max(0, left)
  }

  /** Seconds since the start. */
  elapsedSeconds(nowMs: number): number {
    return (nowMs - this.#startedMs) / 1000
  }

  /** `limit used up (270 of 300), going on in 14 s`, while the run waits. */
  waiting(nowMs: number): string | undefined {
    if (this.#wait === undefined || this.#wait.untilMs <= nowMs) return undefined
    return waitText(this.#wait.message, this.#wait.untilMs - nowMs)
  }

  /** How many series have ended. */
  ended(): number {
    let ended = 0
    for (const { state } of this.series.values()) if (state === 'ended') ended += 1
    return ended
  }
}

/** `limit used up (270 of 300), going on in 14 s`. */
export function waitText(message: string, ms: number): string {
  return `${message}, going on in ${duration(Math.ceil(ms / 1000))}`
}

/** How often {@link Pulse.isDue} is to be asked, in milliseconds. */
export const PULSE_MS = 10_000

/** Between signs of life while rows come, or while it is known until when none will. */
const CALM_MS = 30_000

/** Decides whether a sign of life is due. */
export class Pulse {
  readonly #tally: Tally
  readonly #everyMs: number
  #rows = 0
  #beatMs: number

  /** @param everyMs - While all goes well. */
  constructor(tally: Tally, nowMs: number, everyMs: number = CALM_MS) {
    this.#tally = tally
    this.#everyMs = everyMs
    this.#beatMs = nowMs
  }

  /** Is one due? Then the time to the next counts from now. */
  isDue(nowMs: number): boolean {
    const { rows } = this.#tally
    const isStill = rows === this.#rows && this.#tally.waiting(nowMs) === undefined
    this.#rows = rows
    if (!isStill && nowMs - this.#beatMs < this.#everyMs) return false
    this.#beatMs = nowMs
    return true
  }
}
