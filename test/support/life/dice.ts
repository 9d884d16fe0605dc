/** Chance that depends on a seed alone, in the words of a life. */

import { seededRandom } from '../sim-world.ts'

/** A source of chance. */
export type Dice = {
  /** In `[0, 1)`. */
  readonly next: () => number
  /** A whole number from `least` to `most`. */
  whole(least: number, most: number): number
  chance(probability: number): boolean
  pick<T>(list: readonly T[]): T
  /** Some of `list`, at least one, in its order. */
  some<T>(list: readonly T[]): readonly T[]
}

/** Dice that fall the same way for the same seed. */
export function diceOf(seed: number): Dice {
  const random = seededRandom(seed)
  const next = (): number => random.next()
  const whole = (least: number, most: number): number =>
    least + Math.floor(next() * (most - least + 1))
  const pick = <T>(list: readonly T[]): T => {
    const found = list[whole(0, list.length - 1)]
    if (found === undefined) throw new RangeError('nothing to pick from')
    return found
  }
  return {
    next,
    whole,
    pick,
    chance: (probability) => next() < probability,
    some: (list) => {
      const chosen = list.filter(() => next() < 0.4)
      return chosen.length > 0 ? chosen : [pick(list)]
    },
  }
}

/** A number of 32 bits that depends on all of `parts`: values of rows are made of it. */
export function mix(...parts: readonly (number | bigint)[]): number {
  let word = 0x9e3779b9
  for (const part of parts) {
    word = Math.imul(word ^ (Number(BigInt(part) & 0xffff_ffffn) | 0), 0x85ebca6b)
    word = Math.imul(word ^ (word >>> 13) ^ Number((BigInt(part) >> 32n) & 0xffffn), 0xc2b2ae35)
    word ^= word >>> 16
  }
  return word >>> 0
}

/** {@link mix} of a text. */
export function mixText(seed: number, text: string): number {
  return mix(seed, ...new TextEncoder().encode(text))
}
