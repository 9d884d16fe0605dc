/** When a run gives a sign of life: now and then while it moves, soon when it stands still. */

import type { Tally } from './tally.ts'

/** How often {@link Pulse.isDue} is to be asked, in milliseconds. */
export const PULSE_MS = 10_000

/** Between signs of life while rows come, or while it is known until when none will. */
const CALM_MS = 30_000

/** Decides whether a sign of life is due. */
export class Pulse {
  readonly #tally: Tally
  readonly #everyMs: number
  #rows = 0
  #beatMs: number

  /** @param everyMs - While all goes well. */
  constructor(tally: Tally, nowMs: number, everyMs: number = CALM_MS) {
    this.#tally = tally
    this.#everyMs = everyMs
    this.#beatMs = nowMs
  }

  /** Is one due? Then the time to the next counts from now. */
  isDue(nowMs: number): boolean {
    const { rows } = this.#tally
    const isStill = rows === this.#rows && this.#tally.waiting(nowMs) === undefined
    this.#rows = rows
    if (!isStill && nowMs - this.#beatMs < this.#everyMs) return false
    this.#beatMs = nowMs
    return true
  }
}
