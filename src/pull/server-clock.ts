/** The server's clock, as far as it can be known from here: what is final, and which limit window it is, it decides. */

import type { Clock } from '../base/ports.ts'
import { fromMillis, latest, micros, toMillis, type Micros } from '../base/time.ts'
import type { Offset } from './clock-witness.ts'

/** The wall and the monotonic clock may part by this before a sleep or a jump of the machine is suspected. */
const DRIFT_MS_MAX = 1_000
/** A reading is used no longer than this. */
const AGE_MS_MAX = 600_000
/** Clocks run apart by no more than this share of the time: NTP slews by 500 millionths at most. */
const DRIFT_SHARE = 0.000_5
/** A new reading may take back as much of the one before, in microseconds. */
const READING_SLACK = 5_000_000n

/** Follows the server's clock by the monotonic one, from readings of `/api/v3/time`. */
export class ServerClock {
  readonly #clock: Clock
  #offsetMs: number
  #uncertaintyMs = Number.POSITIVE_INFINITY
  #readMonotonicMs = Number.NEGATIVE_INFINITY
  #readWallMs = 0
  /** When the reading was taken, by the monotonic clock. */
  #readMs = 0
  /** What another witness allows to be taken for past, as an offset. */
  #notAfterMs = Number.POSITIVE_INFINITY
  #given = micros(-(2n ** 62n))

  constructor(clock: Clock) {
    this.#clock = clock
    this.#offsetMs = toMillis(clock.now()) - clock.monotonicMs()
  }

  /**
   * Takes a clock for the server's, as of now.
   *
   * @param notAfterMs - Another clock, as an offset: what lies after it is not taken for past.
   */
  trust({ leastMs, mostMs }: Offset, notAfterMs: number = Number.POSITIVE_INFINITY): void {
    this.#offsetMs = (leastMs + mostMs) / 2
    this.#uncertaintyMs = (mostMs - leastMs) / 2
    this.#notAfterMs = notAfterMs
    this.#readMs = this.#clock.monotonicMs()
    this.#readMonotonicMs = this.#readMs
    this.#readWallMs = toMillis(this.#clock.now())
  }

  /** Makes a new reading due: what is known of the server's clock was found to be wrong. */
  forget(): void {
    this.#readMonotonicMs = Number.NEGATIVE_INFINITY
  }

  /** Is a new reading due: none yet, an old one, or the machine slept or its clock jumped since? */
  isStale(): boolean {
    const elapsed = this.#clock.monotonicMs() - this.#readMonotonicMs
    if (elapsed > AGE_MS_MAX) return true
    const wall = toMillis(this.#clock.now()) - this.#readWallMs
    return Math.abs(wall - elapsed) > DRIFT_MS_MAX
  }

  /** Was the server's clock ever read? Before that, the machine's stands in. */
  isKnown(): boolean {
    return Number.isFinite(this.#uncertaintyMs)
  }

  /** Milliseconds since the epoch by the server's clock, with fractions. */
  nowMs(): number {
    return this.at(this.#clock.monotonicMs())
  }

  /** What the server's clock showed at a moment of the monotonic one. */
  at(monotonicMs: number): number {
    return monotonicMs + this.#offsetMs
  }

  /** How far {@link nowMs} may be off, either way; grows with the age of the reading. */
  uncertaintyMs(): number {
    if (!this.isKnown()) return 0
    const ageMs = this.#clock.monotonicMs() - this.#readMs
    return this.#uncertaintyMs + ageMs * DRIFT_SHARE
  }

  /** The latest moment that is surely past on the server, by every clock that is believed. */
  past(): Micros {
    const allowedMs = this.#clock.monotonicMs() + this.#notAfterMs
    return wholeMillis(Math.min(this.nowMs() - this.uncertaintyMs(), allowedMs))
  }

  /** {@link past}, for whoever goes on to rest on it. */
  now(): Micros {
    const now = this.past()
    this.#given = latest(this.#given, now)
    return now
  }

  /** Did somebody rest on a moment that, as is known since, has not been? */
  get wasAhead(): boolean {
    return this.#given > this.past() + READING_SLACK
  }

  /** The latest moment that is surely past by the server's own clock: what it holds time stamps against. */
  stamp(): Micros {
    return wholeMillis(this.nowMs() - this.uncertaintyMs())
  }
}

function wholeMillis(ms: number): Micros {
  return micros(fromMillis(Math.floor(ms)))
}
