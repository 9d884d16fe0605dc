/** Clients that others wrote for the real exchange, pointed at the stand-in: what they understand is in Binance's shapes. */

import { Spot, SpotRestAPI, TimeUnit } from '@binance/spot'
import { MainClient } from 'binance'
import ccxt from 'ccxt'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fromMillis, micros, parseMicros, type Window } from '../../src/base/time.ts'
import {
  quickstartExchange,
  startSimulator,
  trueAggTrades,
  trueKlines,
  type AggTrade,
  type Kline,
  type Simulator,
} from '../../src/simulator/index.ts'

const NOW = parseMicros('2026-11-20T12:00:30')
const START = Date.UTC(2026, 10, 4, 14)
const HOUR = 3_600_000
const WINDOW: Window = { from: fromMillis(START), to: fromMillis(START + 48 * HOUR) }
// Within it lie a burst of 3,000 and calm minutes on both sides.
const TRADES: Window = {
  from: fromMillis(START + 0.49 * HOUR),
  to: micros(fromMillis(START + 0.51 * HOUR)),
}

let simulator: Simulator
let klines: Kline[]
let aggTrades: AggTrade[]
beforeAll(async () => {
  simulator = await startSimulator({
    exchange: quickstartExchange(),
    clock: { now: () => NOW, sleep: () => Promise.resolve() },
  })
  const query = { symbol: 'BTCUSDT', now: NOW }
  klines = trueKlines(simulator.exchange, { ...query, interval: '1h', window: WINDOW })
  aggTrades = [...trueAggTrades(simulator.exchange, { ...query, window: TRADES })]
})
afterAll(async () => {
  await simulator.close()
})

const ms = (time: bigint): number => Number(time / 1000n)

describe('ccxt', () => {
  const client = (): InstanceType<typeof ccxt.binance> => {
    const binance = new ccxt.binance({
      enableRateLimit: false,
      options: { fetchMarkets: { types: ['spot'] }, fetchCurrencies: false },
    })
    const api = binance.urls['api'] as Record<string, string>
    for (const [name, url] of Object.entries(api))
      api[name] = url.replace(/^https:\/\/[^/]+/, simulator.url)
    return binance
  }

  test('reads markets, also one that is not ASCII', async () => {
    const binance = client()
    await binance.loadMarkets()
    expect(Object.keys(binance.markets ?? {}).sort()).toEqual([
      'BTC/USDT',
      'ETH/USDT',
      '币安人生/USDT',
    ])
    expect(binance.market('币安人生/USDT').precision).toMatchObject({ price: 0.0001, amount: 0.1 })
    await binance.close()
  })

  test('reads klines and aggTrades as they are', async () => {
    const binance = client()
    const rows = await binance.fetchOHLCV('BTC/USDT', '1h', START, 48)
    expect(rows).toEqual(
      klines.map(({ openTime, open, high, low, close, volume }) => [
        ms(openTime),
        ...[open, high, low, close, volume].map(Number),
      ]),
    )
    const trades = await binance.fetchTrades('BTC/USDT', ms(TRADES.from), 1000)
    expect(trades.map(({ id }) => id)).toEqual(aggTrades.slice(0, 1000).map(({ id }) => String(id)))
    expect(trades[5]).toMatchObject({
      price: Number(aggTrades[5]!.price),
      amount: Number(aggTrades[5]!.quantity),
      timestamp: ms(aggTrades[5]!.time),
      side: aggTrades[5]!.isBuyerMaker ? 'sell' : 'buy',
    })
    await binance.close()
  })

  test('knows an unknown symbol when it is told so', async () => {
    const binance = client()
    await binance.loadMarkets()
    const gone = { ...binance.market('BTC/USDT'), id: 'GONEUSDT', symbol: 'GONE/USDT' }
    binance.markets = { ...binance.markets, 'GONE/USDT': gone }
    await expect(binance.fetchOHLCV('GONE/USDT', '1h')).rejects.toBeInstanceOf(ccxt.BadSymbol)
    await binance.close()
  })
})

describe('binance (tiagosiebler)', () => {
  const client = (): MainClient => new MainClient({ baseUrl: simulator.url })

  test('reads klines, aggTrades and exchangeInfo', async () => {
    const rows = await client().getKlines({
      symbol: 'BTCUSDT',
      interval: '1h',
      startTime: START,
      limit: 48,
    })
    expect(rows.map(([open, , , , close, , end]) => [open, close, end])).toEqual(
      klines.map(({ openTime, close, closeTime }) => [ms(openTime), close, ms(closeTime)]),
    )
    const trades = await client().getAggregateTrades({
      symbol: 'BTCUSDT',
      fromId: Number(aggTrades[0]!.id),
      limit: 1000,
    })
    expect(trades.map(({ a, p, q, T }) => [BigInt(a), p, q, T])).toEqual(
      aggTrades
        .slice(0, 1000)
        .map(({ id, price, quantity, time }) => [id, price, quantity, ms(time)]),
    )
    const info = await client().getExchangeInfo()
    expect(info.symbols.map(({ symbol }) => symbol)).toContain('ETHUSDT')
  })

  test('throws what Binance would have it throw', async () => {
    await expect(client().getKlines({ symbol: 'NOPE', interval: '1h' })).rejects.toMatchObject({
      code: -1121,
      message: 'Invalid symbol.',
    })
  })
})

describe('@binance/spot (official)', () => {
  const client = (): Spot => {
    const rest = { apiKey: '', basePath: simulator.url, timeUnit: TimeUnit.MICROSECOND }
    // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- its README does so; the class is not exported
    return new Spot({ configurationRestAPI: rest })
  }

  test('reads klines, aggTrades and exchangeInfo', async () => {
    const rest = client().restAPI
    const rows = await (
      await rest.klines({
        symbol: 'BTCUSDT',
        interval: SpotRestAPI.KlinesIntervalEnum.INTERVAL_1h,
        startTime: START,
        limit: 48,
      })
    ).data()
    expect(rows.map((row) => [String(row[0]), row[4]])).toEqual(
      klines.map(({ openTime, close }) => [String(openTime), close]),
    )
    const trades = await (
      await rest.aggTrades({ symbol: 'BTCUSDT', fromId: aggTrades[0]!.id, limit: 10 })
    ).data()
    expect(trades.map(({ a }) => String(a))).toEqual(
      aggTrades.slice(0, 10).map(({ id }) => String(id)),
    )
    const answer = await rest.exchangeInfo({ symbols: ['BTCUSDT', 'ETHUSDT'] })
    expect((await answer.data()).symbols).toHaveLength(2)
    expect(answer.rateLimits).toBeDefined()
  })
})
