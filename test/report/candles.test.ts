import { describe, expect, test } from 'vitest'
import { fromMillis, parseMicros, type Window } from '../../src/base/time.ts'
import { NUMBERS, type Numbers } from '../../src/binance/dataset.ts'
import { DATASETS } from '../../src/binance/market.ts'
import type { Interval } from '../../src/binance/interval.ts'
import { bucketStep, CANDLE_COLUMNS, CandleBuckets, newest } from '../../src/report/candles.ts'
import { decodePage } from '../../src/rows/scan.ts'

type Row = readonly [
  minute: number,
  open: string,
  high: string,
  low: string,
  close: string,
  volume: string,
]

const START = Date.UTC(2024, 0, 1)
const ROWS: readonly Row[] = [
  [0, '10.00000000', '12.00000000', '9.50000000', '11.00000000', '1.50000000'],
  [1, '11.00000000', '11.50000000', '8.25000000', '9.00000000', '0.00000000'],
  [4, '9.00000000', '9.00000000', '9.00000000', '9.00000000', '28367292769.36000000'],
  [5, '9.00000001', '20.00000000', '9.00000001', '19.00000000', '2.00000000'],
]

function buckets(numbers: Numbers, step: bigint): ReturnType<CandleBuckets['finish']> {
  const json = ROWS.map(([minute, open, high, low, close, volume]) => {
    const opens = START + minute * 60_000
    return [opens, open, high, low, close, volume, opens + 59_999, '0', 0, '0', '0', '0']
  })
  const body = new TextEncoder().encode(JSON.stringify(json))
  const { batch } = decodePage(DATASETS.klines, numbers, body, 'ms')
  const made = new CandleBuckets('1m', step)
  made.add(batch.select([...CANDLE_COLUMNS]))
  return made.finish()
}

describe('candles', () => {
  test.each(NUMBERS)('of several rows in one, from %s', (numbers) => {
    expect(buckets(numbers, 300_000_000n)).toEqual({
      step: 300,
      rows: 4,
      first: START / 1000,
      apart: [[300, 1]],
      open: [10, 9],
      high: [12, 20],
      low: [8.25, 9],
      close: [9, 19],
      volume: [28_367_290_000, 2],
    })
  })

  test('of one row each are the rows; where there is none, there is none', () => {
    const made = buckets('float64', 60_000_000n)
    expect(made?.first).toBe(START / 1000)
    expect(made?.apart).toEqual([
      [60, 1],
      [180, 1],
      [60, 1],
    ])
    expect(made?.high).toEqual([12, 11.5, 9, 20])
  })

  test('of nothing are nothing', () => {
    expect(new CandleBuckets('1m', 1n).finish()).toBeUndefined()
  })
})

describe('the length of a candle', () => {
  const week: Window = { from: parseMicros('2024-01-01'), to: parseMicros('2024-01-08') }
  test.each<[Interval, number, number]>([
    ['1m', 20_000, 60],
    ['1m', 1_500, 600],
    ['1m', 100, 7_200],
    ['1s', 1_000, 900],
    ['1h', 1_000, 3_600],
    ['1h', 20, 43_200],
    ['3d', 1, 259_200],
    ['1w', 1, 604_800],
    ['1M', 1, 2_678_400],
  ])('%s, at most %i of them: %i s', (interval, max, seconds) => {
    expect(bucketStep(interval, week, max)).toBe(BigInt(seconds) * 1_000_000n)
  })

  test('keeps to the number of candles that is allowed', () => {
    for (const days of [1, 30, 365, 3650])
      for (const max of [10, 150, 1500]) {
        const to = fromMillis(START + days * 86_400_000)
        const window = { from: fromMillis(START), to }
        const step = bucketStep('1m', window, max)
        if (step < 28n * 86_400_000_000n)
          expect(Number((window.to - window.from) / step)).toBeLessThan(max)
      }
  })
})

test('the newest rows are those at the end', () => {
  const window = { from: parseMicros('2024-01-01'), to: parseMicros('2024-02-01') }
  expect(newest(window, '1h', 24)).toEqual({ from: parseMicros('2024-01-31'), to: window.to })
  expect(newest(window, '1d', 50)).toEqual(window)
})
