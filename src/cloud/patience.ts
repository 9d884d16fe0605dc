/** How often something is tried, and how long is waited in between. */

import { setTimeout } from 'node:timers/promises'

/** The pauses between tries. */
export type Patience = {
  readonly tries: number
  /** Waits before the try after the `failed`-th. */
  readonly pause: (failed: number) => Promise<void>
}

const TRIES = 8
const FIRST_MS = 50
const LONGEST_MS = 5_000

/** Full jitter: everybody who was refused at once comes back at another moment. */
export function jitterMs(failed: number, chance: number): number {
  return chance * Math.min(LONGEST_MS, FIRST_MS * 2 ** failed)
}

/** What a person waits for as well. */
export const PATIENT: Patience = {
  tries: TRIES,
  pause: async (failed) => {
    await setTimeout(jitterMs(failed, Math.random()))
  },
}
