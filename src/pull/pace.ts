/**
 * The pace within a limit: how much of a window may be spent at once, and how fast the rest. A whole window spent at
 * its very end and another at the start of the next both respect every limit, yet together are twice the limit within
 * seconds.
 *
 * @see binance-spot-api-docs, rest-api.md, "HTTP Return Codes": 403 when the firewall's limit is violated. That limit
 * is not documented.
 */

import type { Clock } from '../base/ports.ts'

/** A limit is used no faster than this many times its average rate. */
export const BURST = 3
/** The share of a window's limit that may be spent at once. */
export const AT_ONCE = 0.2

/** The limit per window, and the length of the window. */
export type PaceLimit = { readonly cap: number; readonly windowMs: number }

/** Milliseconds of a window in which `cost` may be spent, from the first on. */
function paceMs(cost: number, { cap, windowMs }: PaceLimit): number {
  return Math.max(0, (cost / cap - AT_ONCE) / BURST) * windowMs
}

/**
 * Milliseconds until `cost` more is spent, if nothing but the limit holds it up.
 *
 * @param used - What is spent of the current window, `atMs` after it began.
 */
export function spendingMs(
  cost: number,
  limit: PaceLimit,
  { used, atMs }: { readonly used: number; readonly atMs: number },
): number {
  const { cap, windowMs } = limit
  const free = Math.max(0, cap - used)
  if (cost <= free) return Math.max(0, paceMs(used + cost, limit) - atMs, paceMs(cost, limit))
  const later = cost - free
  const windows = Math.ceil(later / cap) - 1
  return windowMs - atMs + windows * windowMs + paceMs(later - windows * cap, limit)
}

/** A bucket that drains at a steady rate; a request that would overflow it waits. */
export class Pace {
  readonly #clock: Clock
  #level = 0
  #atMs: number

  constructor(clock: Clock) {
    this.#clock = clock
    this.#atMs = clock.monotonicMs()
  }

  /** Milliseconds until `cost` may be spent; a cost larger than the bucket waits until it is empty. */
  waitMs(cost: number, { cap, windowMs }: PaceLimit): number {
    const perMs = (BURST * cap) / windowMs
    const nowMs = this.#clock.monotonicMs()
    this.#level = Math.max(0, this.#level - (nowMs - this.#atMs) * perMs)
    this.#atMs = nowMs
    const over = this.#level - Math.max(0, AT_ONCE * cap - cost)
    return over > 0 ? Math.ceil(over / perMs) : 0
  }

  /** Books what is spent; a negative cost gives it back. */
  spend(cost: number): void {
    this.#level = Math.max(0, this.#level + cost)
  }
}
