import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fromMillis, micros, parseMicros } from '../../src/base/time.ts'
import {
  Exchange,
  trueAggTrades,
  type AggTrade,
  type ExchangeOptions,
  type Kline,
} from '../../src/simulator/index.ts'
import {
  ask,
  exchangeWith,
  NOW,
  opens,
  rows,
  type WireAggTrade,
  type WireTrade,
} from '../support/simulator.ts'

const HOUR = 3_600_000
const START = Date.UTC(2024, 2, 5)
const us = (ms: number): number => ms * 1000
const hours = (from: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => us(START + (from + i) * HOUR))

describe('klines by time', () => {
  const exchange = exchangeWith()

  test('without times: the newest, the unfinished one included', () => {
    const found = opens(exchange, 'interval=1h&limit=3')
    expect(found.at(-1)).toBe(Number(NOW))
    expect(found).toHaveLength(3)
  })

  test('startTime: the oldest from there, itself included', () => {
    expect(opens(exchange, `interval=1h&limit=3&startTime=${START}`)).toEqual(hours(0, 3))
    expect(opens(exchange, `interval=1h&limit=3&startTime=${START + 1}`)).toEqual(hours(1, 3))
  })

  test('endTime: the newest up to there, itself included', () => {
    expect(opens(exchange, `interval=1h&limit=3&endTime=${START}`)).toEqual(hours(-2, 3))
    expect(opens(exchange, `interval=1h&limit=3&endTime=${START - 1}`)).toEqual(hours(-3, 3))
  })

  test('both: the oldest from startTime, not beyond endTime', () => {
    const query = `interval=1h&startTime=${START}&endTime=${START + 4 * HOUR}`
    expect(opens(exchange, query)).toEqual(hours(0, 5))
    expect(opens(exchange, `${query}&limit=2`)).toEqual(hours(0, 2))
    expect(opens(exchange, `interval=1h&startTime=${START + HOUR}&endTime=${START}`)).toEqual([])
  })

  test('500 unless asked, never more than the cap', () => {
    expect(opens(exchange, `interval=1m&startTime=${START}`)).toHaveLength(500)
    expect(opens(exchange, `interval=1m&startTime=${START}&limit=5000`)).toHaveLength(1000)
    const capped = exchangeWith({}, { pageRows: 7 })
    expect(opens(capped, `interval=1m&startTime=${START}&limit=1000`)).toHaveLength(7)
    expect(opens(capped, `interval=1m&startTime=${START}`)).toHaveLength(7)
  })

  test('times in ms and in µs are the same question; a time in seconds is adjusted to the beginning', () => {
    const inMs = opens(exchange, `interval=1h&limit=3&startTime=${START}`)
    expect(opens(exchange, `interval=1h&limit=3&startTime=${us(START)}`)).toEqual(inMs)
    const [first] = opens(exchange, `interval=1h&limit=3&startTime=${START / 1000}`)
    expect(first).toBe(us(Date.UTC(2017, 7, 17)))
  })

  test('an outage makes no short page: rows go on behind it', () => {
    const outages = [{ from: fromMillis(START + HOUR), to: fromMillis(START + 30 * HOUR) }]
    const found = opens(exchangeWith({ outages }), `interval=1h&limit=3&startTime=${START}`)
    expect(found).toEqual([...hours(0, 1), ...hours(30, 2)])
    const before = opens(
      exchangeWith({ outages }),
      `interval=1h&limit=2&endTime=${START + 29 * HOUR}`,
    )
    expect(before).toEqual(hours(-1, 2))
  })

  test('flaky rows are left out of the first answers that would hold them', () => {
    const window = { from: fromMillis(START + HOUR), to: fromMillis(START + 2 * HOUR) }
    const flaky = exchangeWith({ flaky: [{ window, times: 2 }] })
    const query = `interval=1h&startTime=${START}&endTime=${START + 2 * HOUR}`
    opens(flaky, `interval=1h&startTime=${START + 5 * HOUR}&endTime=${START + 6 * HOUR}`)
    expect(opens(flaky, query)).toHaveLength(2)
    expect(opens(flaky, query)).toHaveLength(2)
    expect(opens(flaky, query)).toEqual(hours(0, 3))
  })

  test('the body is byte for byte an array of twelve', () => {
    const row: Kline = {
      openTime: micros(1_700_000_000_000_000n),
      open: '1.00000000',
      high: '4.00000000',
      low: '0.50000000',
      close: '2.00000000',
      volume: '28367292769.36000000',
      closeTime: micros(1_700_003_599_999_999n),
      quoteVolume: '9.00000000',
      tradeCount: 7,
      takerVolume: '1.00000000',
      takerQuoteVolume: '2.00000000',
    }
    const literal = exchangeWith({ rows: { klines: { '1h': [row] } } })
    const query = 'klines?symbol=BTCUSDT&interval=1h'
    expect(ask(literal, query).text).toBe(
      '[[1700000000000000,"1.00000000","4.00000000","0.50000000","2.00000000","28367292769.36000000",1700003599999999,"9.00000000",7,"1.00000000","2.00000000","0"]]',
    )
    const ms = { headers: { 'x-mbx-time-unit': 'millisecond' } }
    expect(ask(literal, query, ms).text).toContain('[[1700000000000,')
    expect(ask(literal, query, ms).text).toContain(',1700003599999,')
    expect(ask(literal, 'uiKlines?symbol=BTCUSDT&interval=1h').json).toHaveLength(1)
  })

  test('a given row is not served before it opens', () => {
    const [row] = exchangeWith()
      .historyOf('BTCUSDT')
      .klines.ask('1h', {
        from: us(START),
        to: us(START),
        now: Number(NOW),
        limit: 1,
        newest: false,
        without: [],
      })
    const literal = exchangeWith({ rows: { klines: { '1h': [row!] } } })
    expect(opens(literal, 'interval=1h', { now: micros(row!.openTime - 1n) })).toEqual([])
    expect(opens(literal, 'interval=1h', { now: row!.openTime })).toEqual([us(START)])
  })

  test('given and computed rows answer alike', () => {
    const generated = exchangeWith()
    const all = generated.historyOf('BTCUSDT').klines.ask('1h', {
      from: us(START),
      to: us(START + 48 * HOUR),
      now: Number(NOW),
      limit: Infinity,
      newest: false,
      without: [],
    })
    const literal = exchangeWith({ rows: { klines: { '1h': all } } })
    const offset = fc.integer({ min: 0, max: 47 })
    fc.assert(
      fc.property(offset, offset, fc.integer({ min: 1, max: 60 }), (from, to, limit) => {
        const query = `interval=1h&limit=${limit}&startTime=${START + from * HOUR + 1}&endTime=${START + to * HOUR}`
        expect(opens(literal, query)).toEqual(opens(generated, query))
      }),
    )
  })
})

describe('aggTrades', () => {
  const options = { firstAggTradeId: 500, firstTradeId: 900 }
  const exchange = exchangeWith(options)
  const truth = (from: number, to: number): AggTrade[] => [
    ...trueAggTrades(exchange, {
      symbol: 'BTCUSDT',
      window: { from: fromMillis(from), to: fromMillis(to) },
      now: NOW,
    }),
  ]
  const page = (query: string, own: Exchange = exchange): number[] =>
    rows<WireAggTrade>(own, `aggTrades?symbol=BTCUSDT&${query}`).map(({ a }) => a)
  const ids = (trades: readonly AggTrade[]): number[] => trades.map(({ id }) => Number(id))

  test('fromId is inclusive, and pages by id join', () => {
    expect(page('fromId=0&limit=2')).toEqual([500, 501])
    expect(page('fromId=1000&limit=3')).toEqual([1000, 1001, 1002])
    expect(page('fromId=99999999999999999')).toEqual([])
  })

  test('the four modes', () => {
    const day = truth(START, START + 24 * HOUR)
    const [first, second] = [day[0]!, day[1]!]
    expect(page(`startTime=${first.time}&limit=2`)).toEqual(ids([first, second]))
    expect(page(`endTime=${first.time}&limit=1`)).toEqual(
      ids(day.filter(({ time }) => time === first.time).slice(-1)),
    )
    expect(page(`startTime=${START}&endTime=${START + HOUR}`)).toEqual(
      ids(truth(START, START + HOUR)),
    )
    const newest = page('limit=2')
    expect(newest[1]).toBe(newest[0]! + 1)
    expect(page(`fromId=${newest[1]! + 1}`)).toEqual([])
  })

  test('with both times and more rows than fit: the first, or the last where the switch says so', () => {
    const day = ids(truth(START, START + 24 * HOUR))
    const query = `startTime=${START}&endTime=${START + 24 * HOUR - 1}&limit=10`
    expect(page(query)).toEqual(day.slice(0, 10))
    expect(page(query, exchangeWith(options, { bothTimes: 'last' }))).toEqual(day.slice(-10))
  })

  test('an endTime in ms is that instant, or the whole millisecond where the switch says so', () => {
    const at = parseMicros('2024-03-05T00:00:00.000500')
    const trade = {
      price: '1.00000000',
      quantity: '1.00000000',
      isBuyerMaker: true,
      isBestMatch: true,
    }
    const row: AggTrade = { ...trade, id: 1n, firstTradeId: 1n, lastTradeId: 1n, time: at }
    const query = `startTime=${START - 1}&endTime=${START}`
    const symbol = { rows: { aggTrades: [row] } }
    expect(page(query, exchangeWith(symbol))).toEqual([])
    expect(page(query, exchangeWith(symbol, { msEndTime: 'wholeMs' }))).toEqual([1])
    const inMicros = `startTime=${us(START)}&endTime=${us(START)}`
    expect(page(inMicros, exchangeWith(symbol, { msEndTime: 'wholeMs' }))).toEqual([])
  })

  test('what REST no longer has is answered from where it begins', () => {
    const cut = exchangeWith({ ...options, restHistoryFrom: 2_000n })
    expect(page('fromId=1&limit=1', cut)).toEqual([2_000])
    expect(page('startTime=1&limit=1', cut)).toEqual([2_000])
    expect(page('fromId=2001&limit=1', cut)).toEqual([2_001])
    const [agg] = rows<WireAggTrade>(cut, 'aggTrades?symbol=BTCUSDT&fromId=2000&limit=1')
    const [trade] = rows<WireTrade>(cut, 'historicalTrades?symbol=BTCUSDT&fromId=1&limit=1')
    expect(trade!.id).toBe(agg!.f)
  })

  test('flaky rows are left out of the first answer that would hold them', () => {
    const window = { from: fromMillis(START), to: fromMillis(START + HOUR) }
    const shy = exchangeWith({ ...options, flaky: [{ window, times: 1 }] })
    const query = `startTime=${START - HOUR}&endTime=${START + 2 * HOUR}`
    const all = page(query)
    const hidden = new Set(ids(truth(START, START + HOUR)))
    expect(hidden.size).toBeGreaterThan(10)
    expect(page(query, shy)).toEqual(all.filter((id) => !hidden.has(id)))
    expect(page(query, shy)).toEqual(all)
  })

  test('the shape, and ids beyond 2^53', () => {
    const row: AggTrade = {
      id: 9_007_199_254_740_993n,
      price: '1.00000000',
      quantity: '2.00000000',
      firstTradeId: -1n,
      lastTradeId: -1n,
      time: micros(1_700_000_000_000_001n),
      isBuyerMaker: true,
      isBestMatch: false,
    }
    const literal = exchangeWith({ rows: { aggTrades: [row] } })
    expect(ask(literal, 'aggTrades?symbol=BTCUSDT&fromId=9007199254740993').text).toBe(
      '[{"a":9007199254740993,"p":"1.00000000","q":"2.00000000","f":-1,"l":-1,"T":1700000000000001,"m":true,"M":false}]',
    )
  })

  test('nothing later than the server knows', () => {
    const now = fromMillis(START)
    const found = rows<WireAggTrade>(exchange, 'aggTrades?symbol=BTCUSDT&limit=1', { now })
    expect(found[0]!.T).toBeLessThanOrEqual(Number(now))
    const ahead = rows(exchange, `aggTrades?symbol=BTCUSDT&startTime=${START + 1}`, { now })
    expect(ahead).toEqual([])
  })
})

describe('trades', () => {
  const exchange = exchangeWith({ firstTradeId: 900 })

  test('historicalTrades: from an id, or the newest', () => {
    const page = rows<WireTrade>(exchange, 'historicalTrades?symbol=BTCUSDT&fromId=1000&limit=3')
    expect(page.map(({ id }) => id)).toEqual([1000, 1001, 1002])
    expect(Object.keys(page[0]!)).toEqual([
      'id',
      'price',
      'qty',
      'quoteQty',
      'time',
      'isBuyerMaker',
      'isBestMatch',
    ])
    const newest = rows<WireTrade>(exchange, 'historicalTrades?symbol=BTCUSDT&limit=3')
    expect(rows(exchange, 'trades?symbol=BTCUSDT&limit=3')).toEqual(newest)
  })

  test('historicalBlockTrades: only from an id', () => {
    const page = rows<WireTrade>(exchange, 'historicalBlockTrades?symbol=BTCUSDT&fromId=5&limit=2')
    expect(page.map(({ id }) => id)).toEqual([5, 6])
    expect(page[0]).not.toHaveProperty('isBestMatch')
    expect(ask(exchange, 'historicalBlockTrades?symbol=BTCUSDT').json).toMatchObject({
      code: -1102,
    })
  })
})

describe('refusals', () => {
  const exchange = exchangeWith({}, { aggTradesWindowMsMax: HOUR })
  const klines = 'klines?symbol=BTCUSDT&interval=1h'

  test.each([
    ['illegal characters', 'klines?symbol=btcusdt&interval=1h', -1100],
    ['a time that is no number', `${klines}&startTime=0x10`, -1100],
    ['a negative time', `${klines}&startTime=-5`, -1100],
    ['broken encoding', 'klines?symbol=%E5%8&interval=1h', -1100],
    ['a parameter twice', `${klines}&limit=1&limit=2`, -1101],
    ['a parameter where there are none', 'time?x=1', -1101],
    ['no symbol', 'klines?interval=1h', -1102],
    ['no interval', 'klines?symbol=BTCUSDT', -1102],
    ['an unknown parameter', `${klines}&fromId=1`, -1104],
    ['an empty parameter', 'klines?symbol=&interval=1h', -1105],
    ['an interval in the wrong case', 'klines?symbol=BTCUSDT&interval=1H', -1120],
    ['an unknown symbol', 'klines?symbol=NOPE&interval=1h', -1121],
    ['an unknown symbol in exchangeInfo', 'exchangeInfo?symbol=NOPE', -1121],
    ['times too far apart', `aggTrades?symbol=BTCUSDT&startTime=1&endTime=${2 * HOUR}`, -1127],
    ['fromId with a time', 'aggTrades?symbol=BTCUSDT&fromId=1&startTime=1', -1128],
    ['no row at all', `${klines}&limit=0`, -1130],
    ['a list that is none', 'exchangeInfo?symbols=BTCUSDT', -1130],
    ['a symbol twice', 'exchangeInfo?symbols=["BTCUSDT","BTCUSDT"]', -1151],
  ])('%s', (_, target, code) => {
    const { status, json } = ask(exchange, target)
    expect(status).toBe(400)
    expect(json).toEqual({ code, msg: expect.any(String) as string })
  })

  test('a time unit that there is not, a format that there is not, a path that there is not', () => {
    const headers = { 'x-mbx-time-unit': 'NANOSECOND' }
    expect(ask(exchange, 'time', { headers }).json).toMatchObject({ code: -1194 })
    const sbe = { headers: { accept: 'application/sbe' } }
    const jsonOnly = exchangeWith({}, { sbe: 'off' })
    expect(ask(jsonOnly, 'time', sbe)).toMatchObject({ status: 406, json: { code: -1155 } })
    const either = { headers: { accept: 'application/sbe, application/json' } }
    expect(ask(exchange, 'time', either).status).toBe(200)
    expect(ask(exchange, 'nothing')).toMatchObject({ status: 404, json: undefined })
    const dataOnly = exchangeWith({}, { marketDataOnly: true })
    expect(ask(dataOnly, 'historicalTrades?symbol=BTCUSDT').status).toBe(404)
    expect(ask(dataOnly, 'trades?symbol=BTCUSDT').status).toBe(200)
  })
})

describe('the rest', () => {
  test('time is the server clock, in the unit asked for, and so is the Date header', () => {
    const exchange = exchangeWith({}, { clockSkewMs: -7_000 })
    const { json, headers } = ask(exchange, 'time')
    expect(json).toEqual({ serverTime: Number(NOW) - 7_000_000 })
    expect(headers['date']).toBe('Fri, 20 Nov 2026 11:59:53 GMT')
    const inMs = ask(exchange, 'time', { headers: { 'x-mbx-time-unit': 'MILLISECOND' } })
    expect(inMs.json).toEqual({ serverTime: Number(NOW) / 1000 - 7_000 })
    expect(ask(exchange, 'ping').text).toBe('{}')
  })

  test('a symbol may be any text, percent-encoded', () => {
    const symbol = '币安人生USDT'
    const exchange = new Exchange({ symbols: [{ symbol, priceDecimals: 8, price: 0.1 }] })
    const target = `klines?symbol=${encodeURIComponent(symbol)}&interval=1h&limit=2`
    expect(rows(exchange, target)).toHaveLength(2)
    expect(ask(exchange, 'exchangeInfo').json).toMatchObject({
      symbols: [{ symbol, baseAsset: '币安人生' }],
    })
  })

  test('exchangeInfo lists symbols, rules and filters; one that it does not list still answers', () => {
    const exchange = new Exchange({
      symbols: [
        { symbol: 'BTCUSDT', priceDecimals: 2, quantityDecimals: 5 },
        { symbol: 'OLDBTC', status: 'BREAK' },
        { symbol: 'GONEUSDT', listed: false },
      ],
      limits: {
        rules: [
          { rateLimitType: 'REQUEST_WEIGHT', interval: 'SECOND', intervalNum: 10, limit: 999 },
        ],
      },
    })
    type Info = {
      symbols: { symbol: string; status: string }[]
      rateLimits: unknown[]
      serverTime: number
    }
    const info = (query: string): Info => ask(exchange, `exchangeInfo${query}`).json as Info
    expect(info('').symbols.map(({ symbol, status }) => [symbol, status])).toEqual([
      ['BTCUSDT', 'TRADING'],
      ['OLDBTC', 'BREAK'],
    ])
    expect(info('').rateLimits).toEqual([
      { rateLimitType: 'REQUEST_WEIGHT', interval: 'SECOND', intervalNum: 10, limit: 999 },
    ])
    expect(info('').serverTime).toBe(Number(NOW))
    expect(info('?symbol=OLDBTC').symbols).toHaveLength(1)
    expect(info('?symbols=%5B%22OLDBTC%22%5D&permissions=SPOT').symbols).toHaveLength(1)
    expect(info('?symbolStatus=BREAK').symbols).toHaveLength(1)
    expect(info('?symbol=BTCUSDT').symbols[0]).toMatchObject({
      baseAsset: 'BTC',
      quoteAsset: 'USDT',
      filters: expect.arrayContaining([
        expect.objectContaining({ filterType: 'PRICE_FILTER', tickSize: '0.01000000' }),
        expect.objectContaining({ filterType: 'LOT_SIZE', stepSize: '0.00001000' }),
      ]) as unknown[],
    })
    expect(rows(exchange, 'klines?symbol=GONEUSDT&interval=1h&limit=1')).toHaveLength(1)
  })

  test('gzip for those who accept it, the same bytes inside', () => {
    const exchange = exchangeWith()
    const request = {
      path: '/api/v3/klines',
      query: `symbol=BTCUSDT&interval=1h&startTime=${START}`,
      headers: {},
      ip: '192.0.2.1',
    }
    const plain = exchange.handle(request, NOW)
    const zipped = exchange.handle({ ...request, headers: { 'accept-encoding': 'gzip, br' } }, NOW)
    expect(zipped.headers['content-encoding']).toBe('gzip')
    expect(plain.headers).not.toHaveProperty('content-encoding')
    expect(gunzipSync(zipped.body).equals(plain.body)).toBe(true)
  })

  test('a page that was kept is the page that would have been made, later too', () => {
    const cached: ExchangeOptions = { symbols: [{ symbol: 'BTCUSDT' }], pageCacheEntries: 64 }
    const queries = [
      `klines?symbol=BTCUSDT&interval=1h&startTime=${START}`,
      `klines?symbol=BTCUSDT&interval=1h&endTime=${START}`,
      `klines?symbol=BTCUSDT&interval=1h&startTime=${Number(NOW) / 1000 - HOUR}`,
      `aggTrades?symbol=BTCUSDT&startTime=${Number(NOW) / 1000 - HOUR}`,
      'aggTrades?symbol=BTCUSDT&fromId=3000',
      'aggTrades?symbol=BTCUSDT&limit=5',
      'historicalTrades?symbol=BTCUSDT&fromId=10',
    ]
    const exchange = new Exchange(cached)
    for (const later of [0n, 60_000_000n, 7_200_000_000n]) {
      const now = micros(NOW + later)
      for (const query of [...queries, ...queries]) {
        const fresh = new Exchange({ ...cached, pageCacheEntries: 0 })
        expect(ask(exchange, query, { now }).text).toBe(ask(fresh, query, { now }).text)
      }
    }
  })
})
