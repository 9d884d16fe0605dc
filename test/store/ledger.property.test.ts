/** The laws of the manifest's algebra: coverage only grows, answers replace what was known, nothing is lost. */

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { covers, intersect, subtractAll, union, type Coverage } from '../../src/base/coverage.ts'
import { isKnown, type Gap } from '../../src/base/gap.ts'
import { micros, type Window } from '../../src/base/time.ts'
import {
  answeredPart,
  cover,
  emptyManifest,
  joinGaps,
  type Answered,
} from '../../src/store/ledger.ts'
import { REASONS, type Manifest } from '../../src/store/manifest.ts'

const SPAN = 30
const RUNS = { numRuns: 2_000 }
const EMPTY = emptyManifest(
  { market: 'spot', dataset: 'klines', symbol: 'BTCUSDT', interval: '1m' },
  'string',
  'day',
)

function windowIn(from: number, to: number): fc.Arbitrary<Window> {
  return fc
    .tuple(fc.integer({ min: from, max: to - 1 }), fc.integer({ min: 1, max: to - from }))
    .map(([begin, length]) => ({
      from: micros(BigInt(begin)),
      to: micros(BigInt(Math.min(to, begin + length))),
    }))
}

/** An answer: a window, and disjoint gaps in it. */
const answer: fc.Arbitrary<Answered> = windowIn(0, SPAN).chain((window) =>
  fc
    .tuple(
      fc.array(
        fc.tuple(
          windowIn(Number(window.from), Number(window.to)),
          fc.constantFrom<Gap['reason']>(...REASONS),
        ),
        { maxLength: 3 },
      ),
      fc.array(windowIn(Number(window.from), Number(window.to)), { maxLength: 1 }),
    )
    .map(([list, fresh]) => {
      let taken: Coverage = []
      const gaps: Gap[] = []
      for (const [part, reason] of list) {
        for (const free of subtractAll([part], taken)) gaps.push({ ...free, reason })
        taken = union(taken, [part])
      }
      return { window, gaps, fresh }
    }),
)
const answers = fc.array(answer, { maxLength: 8 })

const after = (list: readonly Answered[]): Manifest => list.reduce(cover, EMPTY)

test('coverage only grows, by exactly what was answered', () => {
  fc.assert(
    fc.property(answers, answer, (list, next) => {
      const before = after(list)
      const { coverage } = cover(before, next)
      expect(coverage).toEqual(union(before.coverage, answeredPart(next)))
      for (const window of before.coverage) expect(covers(coverage, window)).toBe(true)
    }),
    RUNS,
  )
})

test('the same answer twice is the answer once', () => {
  fc.assert(
    fc.property(answers, answer, (list, next) => {
      const once = cover(after(list), next)
      expect(cover(once, next)).toEqual(once)
    }),
    RUNS,
  )
})

test('known gaps are covered, the others are not, and none overlap', () => {
  fc.assert(
    fc.property(answers, (list) => {
      const { coverage, gaps } = after(list)
      for (const [index, gap] of gaps.entries()) {
        if (isKnown(gap)) expect(covers(coverage, gap)).toBe(true)
        else expect(intersect(coverage, [gap])).toEqual([])
        if (index > 0) expect(gaps[index - 1]!.to <= gap.from).toBe(true)
      }
    }),
    RUNS,
  )
})

test('an answer says all that is known of its time; the rest of what was known stays', () => {
  fc.assert(
    fc.property(answers, answer, (list, next) => {
      const before = after(list)
      const { gaps } = cover(before, next)
      const told = union(next.gaps.filter(isKnown))
      const answered = answeredPart(next)
      const known = union(gaps.filter(isKnown))
      expect(intersect(known, answered)).toEqual(intersect(told, answered))
      const outside = subtractAll(union(before.gaps.filter(isKnown)), answered)
      expect(subtractAll(known, answered)).toEqual(outside)
    }),
    RUNS,
  )
})

test('what was not answered and not covered is missing and says why', () => {
  fc.assert(
    fc.property(answers, answer, (list, next) => {
      const before = after(list)
      const { gaps } = cover(before, next)
      for (const gap of next.gaps.filter((one) => !isKnown(one)))
        for (const part of subtractAll([gap], before.coverage))
          expect(covers(union(gaps.filter((one) => one.reason === gap.reason)), part)).toBe(true)
    }),
    RUNS,
  )
})

test('what is young is covered', () => {
  fc.assert(
    fc.property(answers, (list) => {
      const honest = list.map((one) => ({ ...one, fresh: intersect(one.fresh, answeredPart(one)) }))
      const { coverage, fresh } = after(honest)
      for (const window of fresh) expect(covers(coverage, window)).toBe(true)
    }),
    RUNS,
  )
})

test('joining gaps loses no moment, and joining again changes nothing', () => {
  fc.assert(
    fc.property(answers, (list) => {
      const gaps = list.flatMap((one) => one.gaps)
      const disjoint = after(list).gaps
      expect(joinGaps(disjoint)).toEqual(disjoint)
      expect(union(joinGaps(gaps))).toEqual(union(gaps))
    }),
    RUNS,
  )
})
