import { expect, test } from 'vitest'
import { micros, parseMicros } from '../../src/base/time.ts'
import { LateRows, withoutRepeated } from '../../src/walk/archive/late-rows.ts'
import type { Page } from '../../src/rows/page.ts'
import { aggTradeAt } from '../support/histories.ts'
import { memFiles } from '../support/mem-files.ts'
import { pageOfRows } from '../support/stored-series.ts'

const KEY = { market: 'spot', dataset: 'aggTrades', symbol: 'BTCUSDT' } as const
const MIDNIGHT = parseMicros('2025-03-06')

/** Rows, each an id and its seconds from midnight. */
function page(...rows: readonly (readonly [id: number, seconds: number])[]): Page {
  return pageOfRows(
    { files: memFiles(), key: KEY, partition: 'day' },
    rows.map(([id, seconds]) =>
      aggTradeAt(BigInt(id), micros(MIDNIGHT + BigInt(seconds * 1_000_000))),
    ),
  )
}

const idsOf = ({ keys }: Page): number[] => [...keys].map(Number)

test('late rows go among the rows of the page that they belong to, once each', () => {
  const late = new LateRows(KEY, [page([3, 1], [6, 2]), page([8, 3], [20, 4])])
  expect(idsOf(late.mergedInto(page([1, 0])))).toEqual([1])
  expect(idsOf(late.mergedInto(page([4, 1], [6, 2], [7, 3])))).toEqual([3, 4, 6, 7])
  expect(idsOf(late.mergedInto(page([9, 5])))).toEqual([8, 9])
  expect(idsOf(late.take()!)).toEqual([20])
  expect(late.take()).toBeUndefined()
  const next = page([21, 6])
  expect(late.mergedInto(next)).toBe(next)
})

test('without late rows a page passes as it is', () => {
  const only = page([1, 0])
  expect(new LateRows(KEY, []).mergedInto(only)).toBe(only)
})

test('rows of the time before that the file before told are left out, others never', () => {
  const sent = page([4, -2], [5, 1], [6, -1], [7, -1], [8, 2])
  const left = (lastId: bigint | undefined): number[] =>
    idsOf(withoutRepeated(KEY, sent, { lastId, from: MIDNIGHT }))
  expect(left(6n)).toEqual([5, 7, 8])
  expect(left(3n)).toEqual([4, 5, 6, 7, 8])
  expect(left(undefined)).toEqual([4, 5, 6, 7, 8])
})
