import { describe, expect, test } from 'vitest'
import { estimate, paceOf, type Stored } from '../../src/plan/estimate.ts'
import type { SeriesKey } from '../../src/binance/series.ts'
import { window } from '../support/cli-values.ts'

const TRADES: SeriesKey = { market: 'spot', dataset: 'aggTrades', symbol: 'BTCUSDT' }
const KLINES: SeriesKey = {
  market: 'spot',
  dataset: 'klines',
  symbol: 'BTCUSDT',
  interval: '1m',
}
const ORDERS: SeriesKey = { market: 'spot', dataset: 'allOrders', symbol: 'BTCUSDT' }
const NOTHING: Stored = { covered: [], gaps: [], rows: 0, bytes: 0 }
const DAY = window('2024-01-01', '2024-01-02')

describe('how dense a series is', () => {
  test('is guessed where the lake has no rows of it', () => {
    expect(paceOf(TRADES, NOTHING)).toEqual({ rowsPerDay: 1_000_000, rowBytes: 8, isGuess: true })
    const empty = { ...NOTHING, covered: [DAY] }
    expect(paceOf(TRADES, empty)).toMatchObject({ rowsPerDay: 1_000_000, isGuess: true })
  })

  test('is reckoned by the stored rows of the time that has rows', () => {
    const stored = {
      covered: [window('2023-01-01', '2024-01-03')],
      gaps: [window('2023-01-01', '2024-01-01')],
      rows: 5_000,
      bytes: 60_000,
    }
    expect(paceOf(TRADES, stored)).toEqual({ rowsPerDay: 2_500, rowBytes: 12, isGuess: false })
  })

  test('is not reckoned by less than an hour', () => {
    const few = {
      covered: [window('2024-01-01', '2024-01-01T00:59')],
      rows: 1,
      bytes: 900,
      gaps: [],
    }
    expect(paceOf(TRADES, few)).toMatchObject({ rowsPerDay: 1_000_000, isGuess: true })
    const hour = { ...few, covered: [window('2024-01-01', '2024-01-01T01:00')] }
    expect(paceOf(TRADES, hour)).toMatchObject({ rowsPerDay: 24, isGuess: false })
  })

  test('of klines is known by their grid', () => {
    expect(paceOf(KLINES, NOTHING)).toMatchObject({ rowBytes: 45, isGuess: false })
  })
})

describe('what windows will cost', () => {
  test('of klines: rows on the grid, a request a thousand', () => {
    expect(estimate(KLINES, [DAY], paceOf(KLINES, NOTHING))).toEqual({
      requests: 2,
      weight: 4,
      rows: 1_440,
      bytes: 64_800,
    })
  })

  test('of trades: by their pace, and one request at least for each window', () => {
    const pace = { rowsPerDay: 2_500, rowBytes: 12, isGuess: false }
    const half = window('2024-01-03', '2024-01-03T12:00')
    expect(estimate(TRADES, [DAY, half], pace)).toEqual({
      requests: 5,
      weight: 20,
      rows: 3_750,
      bytes: 45_000,
    })
  })

  test('of an account: one request at least for each day, since no more may be asked at once', () => {
    const month = window('2024-01-01', '2024-02-01')
    expect(estimate(ORDERS, [month], paceOf(ORDERS, NOTHING))).toMatchObject({
      requests: 31,
      weight: 620,
    })
  })
})
