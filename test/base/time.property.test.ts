/** Time: exact, order-preserving conversions, and periods that tile the calendar. */

import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  formatMicros,
  fromMillis,
  micros,
  parseMicros,
  parseWindow,
  formatWindow,
  PARTITIONS,
  periodOf,
  periodWindow,
  toMillis,
  type Micros,
} from '../../src/base/time.ts'
import {
  gridCeil,
  gridFloor,
  gridNext,
  INTERVALS,
  slotCount,
  slotsAfter,
  type Interval,
} from '../../src/binance/interval.ts'
import { GridOffset } from '../../src/rows/grid.ts'

const RUNS = { numRuns: 2_000 }
const MAX = 253_402_300_799_999_999n
const moment: fc.Arbitrary<Micros> = fc.bigInt(0n, MAX).map(micros)
/** In this century, where the exchange lives. */
const recent: fc.Arbitrary<Micros> = fc
  .bigInt(946_684_800_000_000n, 4_102_444_800_000_000n)
  .map(micros)

test('a moment written is the moment read, and texts sort as moments do', () => {
  fc.assert(
    fc.property(moment, moment, (a, b) => {
      expect(parseMicros(formatMicros(a))).toBe(a)
      expect(formatMicros(a) < formatMicros(b)).toBe(a < b)
    }),
    RUNS,
  )
})

test('milliseconds become microseconds exactly, each its own, in order', () => {
  const ms = fc.integer({ min: -62_135_596_800_000, max: 253_402_300_799_999 })
  fc.assert(
    fc.property(ms, ms, (a, b) => {
      expect(fromMillis(a)).toBe(BigInt(a) * 1_000n)
      expect(toMillis(fromMillis(a))).toBe(a)
      expect(fromMillis(a) < fromMillis(b)).toBe(a < b)
    }),
    RUNS,
  )
})

test('the millisecond of a moment begins at or before it, and the next one after it', () => {
  fc.assert(
    fc.property(fc.bigInt(-(10n ** 17n), 10n ** 17n).map(micros), (time) => {
      const ms = toMillis(time)
      expect(fromMillis(ms) <= time && time < fromMillis(ms + 1)).toBe(true)
    }),
    RUNS,
  )
})

test.each([0.5, NaN, Infinity, 2 ** 53])('%d is no whole number of milliseconds', (ms) => {
  expect(() => fromMillis(ms)).toThrow(RangeError)
})

test('a window written is the window read; an empty one is refused', () => {
  fc.assert(
    fc.property(moment, moment, (from, to) => {
      if (from < to) expect(parseWindow(formatWindow({ from, to }))).toEqual({ from, to })
      else expect(() => parseWindow(formatWindow({ from, to }))).toThrow(RangeError)
    }),
    RUNS,
  )
})

test.each(PARTITIONS)('periods by %s hold their moments and tile the calendar', (partition) => {
  fc.assert(
    fc.property(recent, (time) => {
      const name = periodOf(time, partition)
      const { from, to } = periodWindow(name)
      expect(from <= time && time < to).toBe(true)
      expect(periodOf(from, partition)).toBe(name)
      expect(periodOf(micros(to - 1n), partition)).toBe(name)
      const next = periodOf(to, partition)
      expect(next > name).toBe(true)
      expect(periodWindow(next).from).toBe(to)
    }),
    RUNS,
  )
})

test.each(['2023-02-29', '2024-13', '2024-00', '24', '2024-1', '2024-01-32', ' 2024', '2024-'])(
  '%j is no period',
  (name) => {
    expect(() => periodWindow(name)).toThrow(RangeError)
  },
)

test.each(INTERVALS)('the grid of %s: floor, next and ceil agree', (interval) => {
  fc.assert(
    fc.property(recent, (time) => {
      const [floor, next, ceil] = [gridFloor, gridNext, gridCeil].map((of) => of(interval, time))
      expect(floor! <= time && time < next!).toBe(true)
      expect(gridFloor(interval, floor!)).toBe(floor)
      expect(gridNext(interval, floor!)).toBe(next)
      expect(gridFloor(interval, micros(next! - 1n))).toBe(floor)
      expect(ceil).toBe(floor === time ? time : next)
    }),
    { numRuns: 300 },
  )
})

const KNOWN = INTERVALS.filter((interval) => interval !== '3d')

test.each(KNOWN)('slots of %s are counted as they are walked', (interval: Interval) => {
  fc.assert(
    fc.property(recent, fc.integer({ min: 0, max: 40 }), fc.nat(999_999), (from, slots, more) => {
      const to = micros(slotsAfter(interval, from, slots) + BigInt(more))
      fc.pre(from < to)
      let walked = 0
      for (let slot = gridCeil(interval, from); slot < to; slot = gridNext(interval, slot)) walked++
      expect(slotCount(interval, { from, to })).toBe(walked)
    }),
    { numRuns: 200 },
  )
})

test.each(KNOWN)('offsets on the grid of %s in plain numbers are exact', (interval) => {
  const offset = new GridOffset(interval)
  fc.assert(
    fc.property(recent, fc.constantFrom(0n, 1n, -1n), (time, by) => {
      const near = micros(gridFloor(interval, time) + by)
      for (const moment of [time, near])
        expect(BigInt(offset.of(Number(moment)))).toBe(moment - gridFloor(interval, moment))
    }),
    { numRuns: 300 },
  )
})
