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
  #turn: Promise<unknown> = Promise.resolve()

  constructor(clock: Clock, options: RequestPoolOptions) {
    this.#clock = clock
    this.#options = options
    this.#limit = Math.max(1, Math.floor(options.limit))
  }

  /** So many in a span. */
  get limit(): number {
    return this.#limit
  }

  /** Resolves when one more request may be sent, and counts it. */
  async reserve(signal?: AbortSignal): Promise<void> {
    const turn = this.#turn.then(() => this.#admit(signal))
    this.#turn = turn.catch(() => undefined)
    return turn
  }

  /** After a 429: nobody knows how the exchange counts. */
  slowDown(): void {
    this.#limit = Math.max(1, this.#limit >> 1)
  }

  async #admit(signal?: AbortSignal): Promise<void> {
    for (;;) {
      signal?.throwIfAborted()
      const nowMs = this.#clock.monotonicMs()
      this.#sentMs = this.#sentMs.filter((at) => at + this.#options.windowMs > nowMs)
      const oldest = this.#sentMs.at(-this.#limit)
      if (oldest === undefined) break
      const ms = Math.ceil(oldest + this.#options.windowMs - nowMs) + 1
      const message = `${this.#sentMs.length} requests of ${this.#limit} in ${this.#options.windowMs / 1_000} s`
      if (ms > WAIT_MS_MIN) this.#options.onWait({ reason: 'budget', ms, message })
      await this.#clock.sleep(ms, signal)
    }
    this.#sentMs.push(this.#clock.monotonicMs())
  }
}
