/** Pauses. */

/**
 * A pause of all requests: for our own share of the limits (`budget`), or since the exchange wants none: after a 429
 * (`limit`), a ban or the firewall's refusal (`ban`), or while it does not answer (`overload`).
 */
export type Wait = {
  readonly reason: 'budget' | 'limit' | 'ban' | 'overload'
  readonly ms: number
  /** The reason in words. */
  readonly message: string
}

/** Shorter pauses are pacing, and are reported to nobody. */
export const WAIT_MS_MIN = 1_000
