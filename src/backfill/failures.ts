/** Failures of the windows of one series: one that cannot be fetched does not keep the others from being fetched. */

import { clip, type Coverage } from '../base/coverage.ts'
import { DamageError, isChanged, isFatal, UnreachableError } from '../base/errors.ts'
import type { Window } from '../base/time.ts'

/** Remembers what failed while the work goes on. */
export class Failures {
  readonly #failed: { readonly window: Window; readonly error: unknown }[] = []
  #unreachable = 0

  /** Did nobody answer twice in a row? Then the next one would find nobody either. */
  get isHopeless(): boolean {
    return this.#unreachable > 1
  }

  /**
   * Works at one window; what ends the whole run or the series is thrown, another failure is kept for {@link report}.
   */
  async *keep<T>(
    window: Window,
    work: AsyncGenerator<T, void, void>,
  ): AsyncGenerator<T, void, void> {
    try {
      yield* work
      this.#unreachable = 0
    } catch (error) {
      // Of a series that somebody else writes, what is in memory is not what is in the lake.
      if (isFatal(error) || isChanged(error)) throw error
      this.#failed.push({ window, error })
      this.#unreachable = error instanceof UnreachableError ? this.#unreachable + 1 : 0
    }
  }

  /** Throws the first failure whose window nobody else filled. @param open - What is still to be asked for. */
  report(open: Coverage): void {
    const unfilled = this.#failed.find(
      ({ window, error }) => error instanceof DamageError || clip(open, window).length > 0,
    )
    if (unfilled !== undefined) throw unfilled.error
  }
}
