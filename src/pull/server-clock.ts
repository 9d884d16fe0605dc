/** The server's clock, as far as it can be known here: it decides what is final, and which limit window it is. */

import type { Clock } from '../base/ports.ts'
import { fromMillis, latest, micros, toMillis, type Micros } from '../base/time.ts'
import type { Offset } from './clock-check.ts'

/** How far the wall and the monotonic clock may drift apart before a sleep or a clock jump is suspected. */
const DRIFT_MS_MAX = 1_000
/** A reading is used no longer than this. */
const AGE_MS_MAX = 600_000
/** The maximum drift between clocks, as a share of the time: NTP slews by 500 millionths at most. */
const DRIFT_SHARE = 0.000_5
/** How far a new reading may go back behind the one before, in microseconds. */
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
  /** The latest time that another clock confirms as past, as an offset. */
  #notAfterMs = Number.POSITIVE_INFINITY
  #given = micros(-(2n ** 62n))

  constructor(clock: Clock) {
    this.#clock = clock
    this.#offsetMs = toMillis(clock.now()) - clock.monotonicMs()
  }

  /**
   * Uses this reading as the server's clock from now on.
   *
   * @param notAfterMs - Another clock, as an offset: time after it does not count as past.
   */
  trust({ leastMs, mostMs }: Offset, notAfterMs: number = Number.POSITIVE_INFINITY): void {
    this.#offsetMs = (leastMs + mostMs) / 2
    this.#uncertaintyMs = (mostMs - leastMs) / 2
    this.#notAfterMs = notAfterMs
    this.#readMs = this.#clock.monotonicMs()
    this.#readMonotonicMs = this.#readMs
    this.#readWallMs = toMillis(this.#clock.now())
  }

  /** Makes a new reading due: the known server time turned out to be wrong. */
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

  /** Was the server's clock ever read? Until then, the machine's clock is used. */
  isKnown(): boolean {
    return Number.isFinite(this.#uncertaintyMs)
  }

  /** Milliseconds since the epoch by the server's clock, with fractions. */
  nowMs(): number {
    return this.at(this.#clock.monotonicMs())
  }

  /** The server's time at a moment of the monotonic clock. */
  at(monotonicMs: number): number {
    return monotonicMs + this.#offsetMs
  }

  /** The maximum error of {@link nowMs}, in either direction; grows with the age of the reading. */
  uncertaintyMs(): number {
    if (!this.isKnown()) return 0
    const ageMs = this.#clock.monotonicMs() - this.#readMs
    return this.#uncertaintyMs + ageMs * DRIFT_SHARE
  }

  /** The latest moment that is certainly past on the server, by every trusted clock. */
  past(): Micros {
    const allowedMs = this.#clock.monotonicMs() + this.#notAfterMs
    return wholeMillis(Math.min(this.nowMs() - this.uncertaintyMs(), allowedMs))
  }

  /** {@link past}, for callers who will rely on it. */
  now(): Micros {
    const now = this.past()
    this.#given = latest(this.#given, now)
    return now
  }

  /** Did a caller rely on a moment that, as is known now, was not past? */
  get wasAhead(): boolean {
    return this.#given > this.past() + READING_SLACK
  }

  /** The latest moment that is certainly past by the server's own clock, against which it checks timestamps. */
  stamp(): Micros {
    return wholeMillis(this.nowMs() - this.uncertaintyMs())
  }
}

function wholeMillis(ms: number): Micros {
  return micros(fromMillis(Math.floor(ms)))
}
