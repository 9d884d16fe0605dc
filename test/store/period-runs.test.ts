import { expect, test } from 'vitest'
import { parseMicros } from '../../src/base/time.ts'
import { periodRuns } from '../../src/store/period-runs.ts'

const at = (...texts: string[]): BigInt64Array => BigInt64Array.from(texts.map(parseMicros))

test('rows are cut where their period changes, forth and back', () => {
  const times = at(
    '2024-03-01T23:59:59.999999',
    '2024-03-02',
    '2024-03-01T23:59:59',
    '2024-03-02T12:00',
    '2024-03-02T11:00',
  )
  expect([...periodRuns(times, { first: 0, end: 5 }, 'day')]).toEqual([
    { period: '2024-03-01', first: 0, end: 1 },
    { period: '2024-03-02', first: 1, end: 2 },
    { period: '2024-03-01', first: 2, end: 3 },
    { period: '2024-03-02', first: 3, end: 5 },
  ])
  expect([...periodRuns(times, { first: 1, end: 3 }, 'month')]).toEqual([
    { period: '2024-03', first: 1, end: 3 },
  ])
})

test('times of before 1970 lie in their periods too, and no rows are no run', () => {
  const times = at('1969-12-31T23:59:59', '1970-01-01', '1969-12-31T00:00')
  expect([...periodRuns(times, { first: 0, end: 3 }, 'year')].map(({ period }) => period)).toEqual([
    '1969',
    '1970',
    '1969',
  ])
  expect([...periodRuns(times, { first: 2, end: 2 }, 'year')]).toEqual([])
})
