/** Measures how long something goes on, that may go on several times at once. */

import type { Clock } from '../base/ports.ts'

/** Counts the time while at least one work goes on, without pauses. */
export class Stopwatch {
  readonly #clock: Clock
  #atWork = 0
  #sinceMs = 0
  #countedMs = 0
  #pauseUntilMs = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** `work` counts from its first step to its end. */
  async *during<T>(work: AsyncGenerator<T, void, void>): AsyncGenerator<T, void, void> {
    this.#count()
    this.#atWork += 1
    try {
      yield* work
    } finally {
      this.#count()
      this.#atWork -= 1
    }
  }

  /** The next so many milliseconds do not count. */
  pause(ms: number): void {
    this.#count()
    this.#pauseUntilMs = Math.max(this.#pauseUntilMs, this.#clock.monotonicMs() + ms)
  }

  /** What was counted so far. */
  seconds(): number {
    this.#count()
    return this.#countedMs / 1_000
  }

  #count(): void {
    const nowMs = this.#clock.monotonicMs()
    const fromMs = Math.max(this.#sinceMs, Math.min(this.#pauseUntilMs, nowMs))
    if (this.#atWork > 0) this.#countedMs += nowMs - fromMs
    this.#sinceMs = nowMs
  }
}
