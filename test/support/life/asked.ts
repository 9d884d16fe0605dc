/** Since when each stretch of a series is covered: what a sound host served by then must be there. */

import { clip, subtractAll, type Coverage } from '../../../src/base/coverage.ts'
import { earliest, type Micros, type Window } from '../../../src/base/time.ts'

type Piece = Window & { readonly at: Micros }

/** When what is covered was asked for, series by series. */
export class Asked {
  readonly #pieces = new Map<string, readonly Piece[]>()

  /**
   * Takes in what is covered now.
   *
   * @param at - When what was not covered before was asked for, at the earliest.
   */
  update(name: string, covered: Coverage, at: Micros): void {
    const before = this.#pieces.get(name) ?? []
    const kept = before.flatMap((piece) =>
      clip(covered, piece).map((part) => ({ ...part, at: piece.at })),
    )
    const gained = subtractAll(covered, union(kept)).map((part) => ({ ...part, at }))
    this.#pieces.set(name, [...kept, ...gained])
  }

  /** When `time` was asked for; `undefined` when it is not covered. */
  at(name: string, time: Micros): Micros | undefined {
    const pieces = this.#pieces.get(name)?.filter(({ from, to }) => from <= time && time < to) ?? []
    return pieces
      .map(({ at }) => at)
      .reduce<Micros | undefined>((a, b) => (a === undefined ? b : earliest(a, b)), undefined)
  }
}

function union(pieces: readonly Piece[]): Coverage {
  return pieces.toSorted((a, b) => (a.from < b.from ? -1 : 1))
}
