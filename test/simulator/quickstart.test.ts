import { describe, expect, test } from 'vitest'
import { Secret } from '../../src/base/secret.ts'
import { parseMicros } from '../../src/base/time.ts'
import { INTERVALS } from '../../src/binance/interval.ts'
import { signer } from '../../src/pull/sign.ts'
import {
  Exchange,
  QUICKSTART_BUSY_DAY,
  QUICKSTART_KEY,
  QUICKSTART_OUTAGE,
  QUICKSTART_WIDE_SYMBOL,
  QUICKSTART_WINDOW,
  quickstartExchange,
  trueAggTrades,
  trueKlines,
} from '../../src/simulator/index.ts'
import { ask, NOW, rows } from '../support/simulator.ts'

const exchange = new Exchange(quickstartExchange())
const hours = (symbol: string): number =>
  trueKlines(exchange, { symbol, interval: '1h', window: QUICKSTART_WINDOW, now: NOW }).length

describe('the exchange of the quickstart', () => {
  test('has a week of klines; an outage of four hours in one symbol', () => {
    expect(hours('BTCUSDT')).toBe(168)
    expect(hours(QUICKSTART_WIDE_SYMBOL)).toBe(168)
    expect(hours('ETHUSDT')).toBe(164)
    const outage = { symbol: 'ETHUSDT', window: QUICKSTART_OUTAGE, now: NOW }
    expect(trueKlines(exchange, { ...outage, interval: '1m' })).toEqual([])
    expect([...trueAggTrades(exchange, outage)]).toEqual([])
  })

  test('has a day of 60,000 aggTrades, 3,000 of them in one microsecond', () => {
    const from = parseMicros(QUICKSTART_BUSY_DAY)
    const window = { from, to: parseMicros('2026-11-05') }
    const perTime = new Map<bigint, number>()
    for (const { time } of trueAggTrades(exchange, { symbol: 'BTCUSDT', window, now: NOW }))
      perTime.set(time, (perTime.get(time) ?? 0) + 1)
    expect([...perTime.values()].reduce((sum, count) => sum + count)).toBe(60_000)
    expect(Math.max(...perTime.values())).toBeGreaterThanOrEqual(3_000)
  })

  test('has an account, so that account datasets can be tried', () => {
    const key = new Secret(QUICKSTART_KEY)
    const sign = signer({ apiKey: key, kind: 'hmac', key, label: 'mine' })
    for (const path of ['myTrades', 'allOrders', 'myAllocations']) {
      const { query, headers } = sign('symbol=BTCUSDT&limit=3', NOW)
      expect(ask(exchange, `${path}?${query}`, { headers }).json).toHaveLength(3)
    }
  })

  test('answers for every interval of every symbol', () => {
    for (const symbol of ['BTCUSDT', 'ETHUSDT', QUICKSTART_WIDE_SYMBOL]) {
      for (const interval of INTERVALS) {
        const query = `klines?symbol=${encodeURIComponent(symbol)}&interval=${interval}&limit=2`
        expect(rows(exchange, query), `${symbol} ${interval}`).toHaveLength(2)
      }
    }
  })
})
