/** The server's clock, as far as it can be known from here: what is final, and which limit window it is, it decides. */

import { TransportError } from '../base/errors.ts'
import type { Clock } from '../base/ports.ts'
import { fromMillis, micros, toMillis, type Micros } from '../base/time.ts'

/** The wall and the monotonic clock may part by this before a sleep or a jump of the machine is suspected. */
const DRIFT_MS_MAX = 1_000
/** A reading is used no longer than this. */
const AGE_MS_MAX = 600_000
/** Clocks run apart by no more than this share of the time: NTP slews by 500 millionths at most. */
const DRIFT_SHARE = 0.000_5

/** Follows the server's clock by the monotonic one, from readings of `/api/v3/time`. */
export class ServerClock {
  readonly #clock: Clock
  #offsetMs: number
  #uncertaintyMs = Number.POSITIVE_INFINITY
  #readMonotonicMs = Number.NEGATIVE_INFINITY
  #readWallMs = 0
  /** When the reading was taken, by the monotonic clock. */
  #readMs = 0

  constructor(clock: Clock) {
    this.#clock = clock
    this.#offsetMs = toMillis(clock.now()) - clock.monotonicMs()
  }

  /** Takes a reading: the server said `server` between the two monotonic moments. */
  observe(server: Micros, sentMs: number, receivedMs: number): void {
    this.#offsetMs = Number(server) / 1_000 - (sentMs + receivedMs) / 2
    // A millisecond more, since the server's reading may have been cut to whole milliseconds.
    this.#uncertaintyMs = (receivedMs - sentMs) / 2 + 1
    this.#readMonotonicMs = receivedMs
    this.#readMs = receivedMs
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

  /** The latest moment that is surely past on the server. */
  now(): Micros {
    const ms = this.nowMs() - this.uncertaintyMs()
    return micros(fromMillis(Math.floor(ms)))
  }
}

/** Reads the body of `/api/v3/time`, in whichever unit it came. @throws TransportError when it is something else */
export function readServerTime(body: Uint8Array): Micros {
  const match = /^\s*\{\s*"serverTime"\s*:\s*(\d{13}|\d{16})\s*\}\s*$/.exec(
    new TextDecoder().decode(body),
  )
  if (match?.[1] === undefined) throw new TransportError('/api/v3/time: not a server time')
  const value = BigInt(match[1])
  return micros(match[1].length === 13 ? value * 1_000n : value)
}
