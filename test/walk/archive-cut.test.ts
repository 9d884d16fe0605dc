import { expect, test } from 'vitest'
import { ArchiveError } from '../../src/base/errors.ts'
import { micros, parseMicros, periodWindow, type Micros } from '../../src/base/time.ts'
import { PartCut } from '../../src/walk/archive/cut.ts'
import type { Page } from '../../src/rows/page.ts'
import { aggTradeAt } from '../support/histories.ts'
import { memFiles } from '../support/mem-files.ts'
import { pageOfRows } from '../support/stored-series.ts'

const KEY = { market: 'spot', dataset: 'aggTrades', symbol: 'BTCUSDT' } as const
const DAY = periodWindow('2025-03-05')
const HOURS = 3_600_000_000
const at = (hours: number): Micros => micros(DAY.from + BigInt(hours * HOURS))

/** Rows with ids from `first` on, at these hours of the day. */
function page(first: number, ...hours: readonly number[]): Page {
  return pageOfRows(
    { files: memFiles(), key: KEY, partition: 'day' },
    hours.map((hour, row) => aggTradeAt(BigInt(first + row), at(hour))),
  )
}

const cutOf = (from: number, to: number): PartCut =>
  new PartCut({ path: 'a.zip', window: DAY, part: { from: at(from), to: at(to) } })

function idsOf(cut: PartCut, ...pages: readonly Page[]): number[] {
  return pages.flatMap((sent) =>
    cut
      .take(sent)
      .flatMap(({ page: own, first, end }) => [...(own?.keys.slice(first, end) ?? [])])
      .map(Number),
  )
}

test('a part begins with its first row and ends with its last one, whatever lies between by id', () => {
  const cut = cutOf(10, 12)
  expect(idsOf(cut, page(1, 8, 9, 10, 9, 11), page(6, 13, 11.5, 12, 13))).toEqual([3, 4, 5, 6, 7])
  expect([cut.reached, cut.isPassed]).toEqual([at(11.5), true])
})

test('time that goes back into the part after pages behind it brings these pages too', () => {
  const cut = cutOf(10, 12)
  expect(idsOf(cut, page(1, 11), page(2, 12), page(3, 13))).toEqual([1])
  expect(idsOf(cut, page(4, 11.5, 14))).toEqual([2, 3, 4])
})

test('time that goes back farther than pages are kept is an error, not a loss', () => {
  const cut = cutOf(10, 12)
  idsOf(cut, page(1, 11), page(2, 12), page(3, 12), page(4, 12))
  expect(() => cut.take(page(5, 11))).toThrow(ArchiveError)
})

test('a part as long as the file takes all rows, and puts those of the next day aside', () => {
  const cut = cutOf(0, 24)
  expect(idsOf(cut, page(1, -0.1, 0, 23), page(4, 24.1, 23.9, 24), page(7, 23.95))).toEqual([
    1, 2, 3, 5, 7,
  ])
  expect(cut.late.flatMap(({ keys }) => [...keys].map(Number))).toEqual([4, 6])
  expect([cut.reached, cut.isPassed]).toEqual([at(23.95), false])
})

test('a file without a row of the part brings none, and reaches nothing', () => {
  const cut = cutOf(10, 12)
  expect(idsOf(cut, page(1, 8, 9))).toEqual([])
  expect([cut.reached, cut.isPassed]).toEqual([at(10), false])
  expect(cut.reached).toBe(parseMicros('2025-03-05T10:00'))
})
