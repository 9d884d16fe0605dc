import { describe, expect, test } from 'vitest'
import { attentionTo } from '../../src/report/attention.ts'
import { ticks } from '../../src/report/bars.ts'
import type { ReportDocument, ReportSeries } from '../../src/report/document.ts'
import { seriesId } from '../../src/report/series-id.ts'
import { age } from '../../src/report/text.ts'
import { madeUpSeries } from '../support/report.ts'

function found(
  series: readonly Partial<ReportSeries>[],
  runs: ReportDocument['runs'] = [],
): readonly string[] {
  const whole = series.map((one, index) => ({
    ...madeUpSeries(`klines S${index} 1d`, { days: 1, candles: 0 }).series,
    ...one,
  }))
  const document = { made: '2026-01-01T00:00:00Z', by: 'test', candleNote: '', series: whole, runs }
  return attentionTo(document).map(({ words }) => words)
}

describe('what needs attention', () => {
  test('is nothing where all is whole', () => {
    expect(found([{}, {}])).toEqual([])
  })

  test('comes in the order of its weight', () => {
    const lacking = { standing: 'incomplete' } as const
    expect(
      found(
        [
          { to: '2025-12-28T00:00Z' },
          { ...lacking, isUnconfirmed: true },
          lacking,
          lacking,
          { ...lacking, isDamaged: true },
        ],
        [{ started: '2026-01-01T00:00:00Z', job: 'majors', exit: 3, words: '1 series missing' }],
      ),
    ).toEqual([
      '1 series cannot be read: run verify',
      '2 series lack rows that were asked for',
      '1 series with empty answers that nothing confirms yet: the next run asks again',
      '1 series ends days before the newest of the lake',
      'the last run (majors, 2026-01-01T00:00:00Z) ended with 3: 1 series missing',
    ])
  })

  test.each<[string, Partial<ReportSeries>]>([
    ['a delisted one', { to: '2020-01-01T00:00Z', isEnded: true }],
    ['one of a long interval', { to: '2025-12-01T00:00Z', interval: '1M' }],
    ['one without rows', {}],
  ])('%s is not behind', (_, one) => {
    expect(found([one, {}])).toEqual([])
  })
})

test('a series has one name in links, whatever its symbol', () => {
  const key = { market: 'spot', dataset: 'klines', interval: '1h' } as const
  expect(seriesId({ ...key, symbol: 'BTCUSDT' })).toBe('klines/BTCUSDT/1h')
  expect(seriesId({ ...key, symbol: 'A/1h%2F' })).toBe('klines/A%2F1h%252F/1h')
  expect(seriesId({ market: 'spot', dataset: 'myTrades', symbol: 'A', account: 'me' })).toBe(
    'account=me/myTrades/A',
  )
})

describe('the axis of bars', () => {
  const DAY = 86_400_000_000n
  const from = Date.UTC(2018, 5, 1) / 86_400_000
  test.each([
    [3000, ['2019', '2021', '2023', '2025']],
    [400, ['2018-06', '2018-10', '2019-02']],
    [7, ['2018-06-01', '2018-06-04']],
  ])('of %i days', (count, labels) => {
    expect(ticks({ first: from, count, step: DAY }).map(({ label }) => label)).toEqual(labels)
  })
})

test.each([
  ['2026-01-01T00:00:00Z', '0 seconds ago'],
  ['2025-12-31T23:58:00Z', '2 minutes ago'],
  ['2025-12-31T00:00:00Z', '24 hours ago'],
  ['2025-12-30T00:00:00Z', '2 days ago'],
  ['2026-02-01T00:00:00Z', 'not yet over'],
])('%s was %s', (iso, words) => {
  expect(age(iso, '2026-01-01T00:00:00Z')).toBe(words)
})
