/** The coverage algebra against sets of single moments, and its laws. */

import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  clip,
  covers,
  intersect,
  subtract,
  subtractAll,
  union,
  type Coverage,
} from '../../src/base/coverage.ts'
import { micros, type Window } from '../../src/base/time.ts'

const SPAN = 24
const RUNS = { numRuns: 2_000 }

const window: fc.Arbitrary<Window> = fc
  .tuple(fc.integer({ min: 0, max: SPAN - 1 }), fc.integer({ min: 1, max: SPAN }))
  .map(([from, length]) => ({
    from: micros(BigInt(from)),
    to: micros(BigInt(Math.min(SPAN, from + length))),
  }))
const windows = fc.array(window, { maxLength: 7 })
const coverage = windows.map((list) => union(list))

/** The moments that windows hold: the model that everything is compared with. */
function moments(list: readonly Window[]): Set<bigint> {
  const held = new Set<bigint>()
  for (const { from, to } of list) for (let time: bigint = from; time < to; time++) held.add(time)
  return held
}

function expectCanonical(list: Coverage): void {
  for (const { from, to } of list) expect(from < to).toBe(true)
  for (const [index, { from }] of list.entries())
    if (index > 0) expect(list[index - 1]!.to < from).toBe(true)
}

const sorted = (held: Set<bigint>): bigint[] => [...held].sort((a, b) => (a < b ? -1 : 1))

test('union holds what either holds, in canonical form', () => {
  fc.assert(
    fc.property(windows, windows, (a, b) => {
      const joined = union(a, b)
      expectCanonical(joined)
      expect(sorted(moments(joined))).toEqual(sorted(new Set([...moments(a), ...moments(b)])))
      expect(union(b, a)).toEqual(joined)
      expect(union(joined, joined)).toEqual(joined)
      expect(union(joined)).toEqual(joined)
    }),
    RUNS,
  )
})

test('union is associative', () => {
  fc.assert(
    fc.property(windows, windows, windows, (a, b, c) => {
      expect(union(union(a, b), c)).toEqual(union(a, union(b, c)))
    }),
    RUNS,
  )
})

test('subtract leaves what is wanted and not held, in canonical form', () => {
  fc.assert(
    fc.property(window, coverage, (wanted, have) => {
      const missing = subtract(wanted, have)
      expectCanonical(missing)
      const held = moments(have)
      expect(sorted(moments(missing))).toEqual(
        sorted(moments([wanted])).filter((time) => !held.has(time)),
      )
      expect(union(missing, have)).toEqual(union([wanted], have))
      expect(intersect(missing, have)).toEqual([])
      expect(covers(have, wanted)).toBe(missing.length === 0)
    }),
    RUNS,
  )
})

test('intersect holds what both hold; clip is intersect with one window', () => {
  fc.assert(
    fc.property(coverage, coverage, window, (a, b, one) => {
      const both = intersect(a, b)
      expectCanonical(both)
      const held = moments(b)
      expect(sorted(moments(both))).toEqual(sorted(moments(a)).filter((time) => held.has(time)))
      expect(intersect(b, a)).toEqual(both)
      expect(clip(a, one)).toEqual(intersect(a, [one]))
      expect(union(subtractAll(a, b), both)).toEqual(a)
    }),
    RUNS,
  )
})

test('a plan carried out leaves nothing to plan', () => {
  fc.assert(
    fc.property(coverage, coverage, (wanted, have) => {
      const done = union(have, subtractAll(wanted, have))
      expect(subtractAll(wanted, done)).toEqual([])
    }),
    RUNS,
  )
})
