import { describe, expect, test } from 'vitest'
import { formatMicros, parseMicros, parseWindow } from '../../src/base/time.ts'
import { archiveColumns, headerWord } from '../../src/binance/dataset.ts'
import {
  archiveFolder,
  archivePath,
  archivePeriods,
  dailyPeriods,
  entryName,
  periodOfPath,
  publishedFrom,
} from '../../src/binance/archive.ts'
import { DATASETS } from '../../src/binance/market.ts'
import { AGG_TRADES, klines, TRADES } from '../support/archive.ts'

const periods = (
  key: Parameters<typeof archivePeriods>[0],
  from: string,
  to: string,
  now = '2026-11-20',
): string[] =>
  archivePeriods(key, parseWindow({ from, to }), parseMicros(now)).map(({ period }) => period)

describe('names', () => {
  test.each([
    [klines('1m'), '2024-03-01', 'data/spot/daily/klines/BTCUSDT/1m/BTCUSDT-1m-2024-03-01.zip'],
    [klines('1M'), '2024-03', 'data/spot/monthly/klines/BTCUSDT/1mo/BTCUSDT-1mo-2024-03.zip'],
    [AGG_TRADES, '2024-03', 'data/spot/monthly/aggTrades/BTCUSDT/BTCUSDT-aggTrades-2024-03.zip'],
    [TRADES, '2024-03-01', 'data/spot/daily/trades/BTCUSDT/BTCUSDT-trades-2024-03-01.zip'],
  ] as const)('%o %s', (key, period, path) => {
    expect(archivePath(key, period)).toBe(path)
    expect(path.startsWith(archiveFolder(key, period.length === 7 ? 'monthly' : 'daily'))).toBe(
      true,
    )
    expect(periodOfPath(path)).toBe(period)
    expect(path.endsWith(entryName(key, period).replace('.csv', '.zip'))).toBe(true)
  })

  test('a path without a day or month has no period', () => {
    expect(periodOfPath('data/spot/daily/trades/BTCUSDT/BTCUSDT-trades.zip')).toBeUndefined()
  })
})

describe('publication', () => {
  test.each([
    ['2026-05-08', '2026-05-09T00:00:00.000000Z'],
    ['2026-12-31', '2027-01-01T00:00:00.000000Z'],
    // The next month begins on a Monday, a Tuesday, a Sunday.
    ['2026-05', '2026-06-01T00:00:00.000000Z'],
    ['2026-08', '2026-09-07T00:00:00.000000Z'],
    ['2026-10', '2026-11-02T00:00:00.000000Z'],
  ])('%s from %s on', (period, from) => {
    expect(formatMicros(publishedFrom(period))).toBe(from)
  })
})

describe('which files cover a window', () => {
  test('months for months, days for what is left over', () => {
    expect(periods(AGG_TRADES, '2024-01-30', '2024-03-03')).toEqual([
      '2024-01-30',
      '2024-01-31',
      '2024-02',
      '2024-03-01',
      '2024-03-02',
    ])
  })

  test('a month of which ten days are wanted, and one of which nine are', () => {
    expect(periods(klines('1m'), '2024-01-22', '2024-02-01')).toEqual(['2024-01'])
    expect(periods(klines('1m'), '2024-01-23', '2024-02-01')).toHaveLength(9)
  })

  test('parts of days take the whole day', () => {
    expect(periods(TRADES, '2024-01-05T12:00', '2024-01-06T00:00:01')).toEqual([
      '2024-01-05',
      '2024-01-06',
    ])
  })

  test('days of a month whose file is not there yet; nothing of today', () => {
    expect(periods(TRADES, '2026-10-31', '2026-11-05', '2026-11-03T10:00')).toEqual([
      '2026-10-31',
      '2026-11-01',
      '2026-11-02',
    ])
    const october = periods(TRADES, '2026-10-01', '2026-11-01', '2026-11-01T23:59:59')
    expect([october.length, october[0], october.at(-1)]).toEqual([31, '2026-10-01', '2026-10-31'])
    expect(periods(TRADES, '2026-10-01', '2026-11-01', '2026-11-02')).toEqual(['2026-10'])
  })

  test.each(['3d', '1w', '1M'] as const)('%s is in monthly files alone', (interval) => {
    expect(periods(klines(interval), '2024-01-30', '2024-02-02')).toEqual(['2024-01', '2024-02'])
    expect(periods(klines(interval), '2026-11-01', '2026-11-20')).toEqual([])
  })

  test('the days of a month, in place of its file', () => {
    const days = dailyPeriods(
      parseWindow({ from: '2024-02-01', to: '2024-03-01' }),
      parseMicros('2024-02-10'),
    )
    expect(days.map(({ period }) => period.slice(-2))).toEqual([
      '01',
      '02',
      '03',
      '04',
      '05',
      '06',
      '07',
      '08',
      '09',
    ])
  })
})

test('every column of a dataset in the archive is in its files', () => {
  for (const kind of ['klines', 'aggTrades', 'trades'] as const) {
    const names = archiveColumns(DATASETS[kind]).flatMap(({ name }) => name ?? [])
    expect(names).toEqual(DATASETS[kind].columns.map(({ name }) => name))
    const words = archiveColumns(DATASETS[kind]).flatMap(({ headers }) => headers)
    expect(new Set(words).size).toBe(words.length)
    expect(words.map(headerWord)).toEqual(words)
  }
  expect(() => archiveColumns(DATASETS.uiKlines)).toThrow(RangeError)
})
