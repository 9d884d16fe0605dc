import { describe, expect, it } from 'vitest'
import type { SeriesKey } from '../../src/binance/series.ts'
import {
  escapeValue,
  manifestPath,
  parsePeriodName,
  parseSeriesPath,
  partitionPath,
  seriesPath,
  unescapeValue,
} from '../../src/store/layout.ts'

const klines: SeriesKey = { market: 'spot', dataset: 'klines', symbol: 'BTCUSDT', interval: '1m' }
const aggTrades: SeriesKey = { market: 'spot', dataset: 'aggTrades', symbol: 'BTCUSDT' }
const myTrades: SeriesKey = {
  market: 'spot',
  dataset: 'myTrades',
  symbol: 'BTCUSDT',
  account: 'main',
}

describe('paths of the lake', () => {
  it.each([
    [klines, '2024-03', 'spot/klines/interval=1m/symbol=BTCUSDT/period=2024-03/data.parquet'],
    [aggTrades, '2024-03-01', 'spot/aggTrades/symbol=BTCUSDT/period=2024-03-01/data.parquet'],
    [
      { ...klines, interval: '1M' } as const,
      '2024',
      'spot/klines/interval=1mo/symbol=BTCUSDT/period=2024/data.parquet',
    ],
    [myTrades, '2024-03', 'spot/account=main/myTrades/symbol=BTCUSDT/period=2024-03/data.parquet'],
  ])('are those of the contract: %#', (key, period, path) => {
    expect(partitionPath(key, period)).toBe(path)
    expect(parseSeriesPath(seriesPath(key))).toEqual(key)
  })

  it('put the manifest beside the partitions', () => {
    expect(manifestPath(klines)).toBe('spot/klines/interval=1m/symbol=BTCUSDT/_series.json')
  })

  it.each([
    ['币安人生USDT', '币安人生USDT'],
    ['A.B-C_D', 'A.B-C_D'],
    ['..', '..'],
    ['a/b\\c', 'a%2Fb%5Cc'],
    ['a=b:c*d?e', 'a%3Db%3Ac%2Ad%3Fe'],
    ['"#%\'[]^{', '%22%23%25%27%5B%5D%5E%7B'],
    ['\u0000\n\u001f\u007f', '%00%0A%1F%7F'],
    ['e\u0301', '\u00e9'],
  ])('write %j as %j', (value, escaped) => {
    expect(escapeValue(value)).toBe(escaped)
    expect(unescapeValue(escaped)).toBe(value.normalize('NFC'))
  })

  it.each(['', '\ud800', 'a\udc00'])('refuse the symbol %j', (symbol) => {
    expect(() => seriesPath({ ...klines, symbol })).toThrow(RangeError)
  })

  it('refuse a key that has too much or too little', () => {
    const { interval, ...noInterval } = klines
    const { account, ...noAccount } = myTrades
    for (const key of [noInterval, noAccount, { ...aggTrades, interval }, { ...klines, account }])
      expect(() => seriesPath(key as SeriesKey)).toThrow(RangeError)
  })

  it.each(['2024-13', '2024-02-30', 'x', '', '2024-03/../..'])('refuse the period %j', (period) => {
    expect(() => partitionPath(klines, period)).toThrow(RangeError)
    expect(parsePeriodName(`period=${period}`)).toBeUndefined()
  })

  it('know a period by its name', () => {
    expect(parsePeriodName('period=2024-03')).toBe('2024-03')
    expect(parsePeriodName('2024-03')).toBeUndefined()
  })

  it.each([
    'spot',
    'spot/klines',
    'spot/klines/symbol=BTCUSDT',
    'spot/klines/interval=1M/symbol=BTCUSDT',
    'spot/klines/interval=7m/symbol=BTCUSDT',
    'spot/klines/interval=1m/symbol=',
    'spot/klines/interval=1m/symbol=a%2fb',
    'spot/klines/interval=1m/symbol=%41',
    'spot/klines/interval=1m/symbol=BTCUSDT/period=2024-03',
    'spot/candles/interval=1m/symbol=BTCUSDT',
    'spot/aggTrades/interval=1m/symbol=BTCUSDT',
    'spot/account=main/aggTrades/symbol=BTCUSDT',
    'spot/myTrades/symbol=BTCUSDT',
    'futures/aggTrades/symbol=BTCUSDT',
    '_lock',
  ])('take %j for no series', (path) => {
    expect(parseSeriesPath(path)).toBeUndefined()
  })
})
