/** Requests that the exchange counts besides their weight, without telling the count: at most so many in any span. */

import type { Clock } from '../base/ports.ts'
import { WAIT_MS_MIN } from '../base/wait.ts'
import type { OnWait } from './gate.ts'

/** How many, in what span, and who hears of waits. */
export type RequestPoolOptions = {
  readonly limit: number
  readonly windowMs: number
  readonly onWait: OnWait
}

/** Admits requests by their number; first come, first served. */
export class RequestPool {
  readonly #clock: Clock
  readonly #options: RequestPoolOptions
  #limit: number
  /** When requests were sent, and when they may be forgotten; by the monotonic clock. */
  #sentMs: number[] = []
  /** By who waits. */
  readonly #turns = new WeakMap<OnWait, Promise<unknown>>()

  constructor(clock: Clock, options: RequestPoolOptions) {
    this.#clock = clock
    this.#options = options
    this.#limit = Math.max(1, Math.floor(options.limit))
  }

  /** So many in a span. */
  get limit(): number {
    return this.#limit
  }

  /**
   * Resolves when one more request may be sent, and counts it.
   *
   * @param onWait - Hears of waits, where it is not on behalf of this process.
   */
  async reserve(signal?: AbortSignal, onWait: OnWait = this.#options.onWait): Promise<void> {
    const before = this.#turns.get(onWait) ?? Promise.resolve()
    const turn = before.then(() => this.#admit(signal, onWait))
    const done = turn.catch(() => undefined)
    this.#turns.set(onWait, done)
    return turn
  }

  /** After a 429: nobody knows how the exchange counts. */
  slowDown(): void {
    this.#limit = Math.max(1, this.#limit >> 1)
  }

  /** How long ago requests were sent that count still, in milliseconds; to be {@link heard} by another process. */
  ages(): readonly number[] {
    const nowMs = this.#clock.monotonicMs()
    return this.#sentMs.map((at) => nowMs - at)
  }

  /** Takes in what another process counted, of which the own requests are a part. */
  heard(ages: readonly number[]): void {
    const nowMs = this.#clock.monotonicMs()
    if (ages.length > this.#sentMs.length) this.#sentMs = ages.map((age) => nowMs - age)
  }

  /** Counts as if all had just been sent: nobody knows what others sent. */
  fill(): void {
    this.#sentMs = Array.from({ length: this.#limit }, () => this.#clock.monotonicMs())
  }

  async #admit(signal: AbortSignal | undefined, onWait: OnWait): Promise<void> {
    for (;;) {
      signal?.throwIfAborted()
      const nowMs = this.#clock.monotonicMs()
      this.#sentMs = this.#sentMs.filter((at) => at + this.#options.windowMs > nowMs)
      const oldest = this.#sentMs.at(-this.#limit)
      if (oldest === undefined) break
      const ms = Math.ceil(oldest + this.#options.windowMs - nowMs) + 1
      const message = `${this.#sentMs.length} requests of ${this.#limit} in ${this.#options.windowMs / 1_000} s`
      if (ms > WAIT_MS_MIN) onWait({ reason: 'budget', ms, message })
      await this.#clock.sleep(ms, signal)
    }
    this.#sentMs.push(this.#clock.monotonicMs())
  }
}
