import { expect, test } from 'vitest'
import { IdSet, type IdRange } from '../../src/walk/archive/id-set.ts'

const ids = (...values: readonly number[]): BigInt64Array =>
  BigInt64Array.from(values.map((value) => BigInt(value)))
const range = (first: number, last: number): IdRange => ({
  first: BigInt(first),
  last: BigInt(last),
})

test('a range is in the set when each of its ids is, over however many pages', () => {
  const set = new IdSet()
  for (const page of [ids(3, 4, 5), ids(), ids(6, 7), ids(9, 11, 12), ids(13)]) set.take(page)
  for (const [first, last] of [
    [3, 7],
    [5, 6],
    [9, 9],
    [11, 13],
  ] as const)
    expect(set.has(range(first, last)), `${first} to ${last}`).toBe(true)
  for (const [first, last] of [
    [2, 3],
    [7, 9],
    [8, 8],
    [9, 11],
    [13, 14],
  ] as const)
    expect(set.has(range(first, last)), `${first} to ${last}`).toBe(false)
})

test('of more holes than are kept the last ranges are known, and nothing is claimed of the others', () => {
  const set = new IdSet()
  const count = 50_000
  set.take(BigInt64Array.from({ length: count }, (_, index) => BigInt(2 * index)))
  const last = 2 * (count - 1)
  expect([set.has(range(last, last)), set.has(range(last - 1_000, last - 1_000))]).toEqual([
    true,
    true,
  ])
  expect([set.has(range(0, 0)), set.has(range(last - 1, last - 1))]).toEqual([false, false])
})
