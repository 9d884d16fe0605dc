/** Failures of the windows of one series: one that cannot be fetched does not keep the others from being fetched. */

import { UnreachableError } from '../base/errors.ts'
import { isFatal } from './outcome.ts'

/** Remembers the first failure while the work goes on. */
export class Failures {
  #first: { readonly error: unknown } | undefined
  #unreachable = 0

  /** Did nobody answer twice in a row? Then the next one would find nobody either. */
  get isHopeless(): boolean {
    return this.#unreachable > 1
  }

  /** Runs one part of the work; what ends the whole run is thrown, another failure is kept for {@link report}. */
  async *keep<T>(work: AsyncGenerator<T, void, void>): AsyncGenerator<T, void, void> {
    try {
      yield* work
      this.#unreachable = 0
    } catch (error) {
      if (isFatal(error)) throw error
      this.#first ??= { error }
      this.#unreachable = error instanceof UnreachableError ? this.#unreachable + 1 : 0
    }
  }

  /** Throws the first failure, if there was one. */
  report(): void {
    if (this.#first !== undefined) throw this.#first.error
  }
}
