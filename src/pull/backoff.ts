/** How long to wait before another attempt, and how many retries a run may spend. */

import type { Random } from '../base/ports.ts'

const BASE_MS = 500
const CAP_MS = 20_000
/** No backoff is longer than the firewall's quarantine; what needs more is a ban, which states its length. */
const AT_LEAST_MS_MAX = 300_000

/**
 * Delay before attempt `attempt` + 1 (attempts count from 1): random between half and all of a bound that doubles up to
 * 20 s, plus `atLeastMs`, which itself doubles up to 5 minutes.
 */
export function backoffMs(attempt: number, random: Random, atLeastMs = 0): number {
  const bound = Math.min(CAP_MS, BASE_MS * 2 ** attempt)
  const least = Math.min(AT_LEAST_MS_MAX, atLeastMs * 2 ** (attempt - 1))
  return least + (bound / 2) * (1 + random.next())
}

/**
 * The retries that a run may spend: each takes one, each success gives a part back. So a dying network cannot multiply
 * the load, while single faults never matter.
 */
export class RetryBudget {
  #tokens = 100

  /** Takes a retry; `false` when none is left. */
  take(): boolean {
    if (this.#tokens < 1) return false
    this.#tokens -= 1
    return true
  }

  /** Gives back a part of a retry. */
  succeeded(): void {
    this.#tokens = Math.min(100, this.#tokens + 0.5)
  }
}
