/**
 * The pace within a limit: how much of a window may be spent at once, and how fast the rest. A whole window spent at its
 * very end and another at the beginning of the next are within every limit, and twice of it within seconds.
 *
 * @see binance-spot-api-docs, rest-api.md, "HTTP Return Codes": 403 when the firewall's limit is violated, of which no
 * number is documented.
 */

import type { Clock } from '../base/ports.ts'

/** A limit is used no faster than this many times its average rate. */
export const BURST = 3
/** Part of what a window may hold that may be spent at once. */
export const AT_ONCE = 0.2

/** What one limit may hold in a window, and how long the window is. */
export type PaceLimit = { readonly cap: number; readonly windowMs: number }

/** A bucket that runs out at a steady rate; whoever would make it flow over waits. */
export class Pace {
  readonly #clock: Clock
  #level = 0
  #atMs: number

  constructor(clock: Clock) {
    this.#clock = clock
    this.#atMs = clock.monotonicMs()
  }

  /** Milliseconds until `cost` may be spent; what is more than may be spent at once waits for an empty bucket. */
  waitMs(cost: number, { cap, windowMs }: PaceLimit): number {
    const perMs = (BURST * cap) / windowMs
    const nowMs = this.#clock.monotonicMs()
    this.#level = Math.max(0, this.#level - (nowMs - this.#atMs) * perMs)
    this.#atMs = nowMs
    const over = this.#level - Math.max(0, AT_ONCE * cap - cost)
    return over > 0 ? Math.ceil(over / perMs) : 0
  }

  /** Books what is spent, or gives it back where it is negative. */
  spend(cost: number): void {
    this.#level = Math.max(0, this.#level + cost)
  }
}
