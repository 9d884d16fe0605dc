import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fromMillis, micros, parseMicros, toMillis, type Micros } from '../../src/base/time.ts'
import type { LimitOptions, LimitRule } from '../../src/simulator/index.ts'
import { ask, exchangeWith, type Asked } from '../support/simulator.ts'

const MINUTE = parseMicros('2026-11-20T12:00')
const at = (seconds: number): Micros => micros(MINUTE + BigInt(Math.round(seconds * 1e6)))
const weight = (
  limit: number,
  interval: LimitRule['interval'] = 'MINUTE',
  intervalNum = 1,
): LimitRule => ({
  rateLimitType: 'REQUEST_WEIGHT',
  interval,
  intervalNum,
  limit,
})
const withLimits = (limits: LimitOptions, clockSkewMs = 0) =>
  exchangeWith({}, { limits, clockSkewMs })
const PING = 'ping'
const KLINES = 'klines?symbol=BTCUSDT&interval=1h&limit=1'
const used = ({ headers }: Asked): string | undefined => headers['x-mbx-used-weight-1m']

describe('weight', () => {
  test('adds up within a minute of the server and starts anew with the next', () => {
    const exchange = withLimits({})
    expect(used(ask(exchange, KLINES, { now: at(0) }))).toBe('2')
    expect(used(ask(exchange, 'aggTrades?symbol=BTCUSDT&limit=1', { now: at(59.9) }))).toBe('6')
    expect(used(ask(exchange, 'historicalTrades?symbol=BTCUSDT&limit=1', { now: at(60) }))).toBe(
      '25',
    )
    expect(used(ask(exchange, 'exchangeInfo', { now: at(61) }))).toBe('45')
    expect(exchange.log.weight).toBe(51)
    expect(exchange.log.maxUsage()).toBe(45)
  })

  test('the minute is that of the server, not that of the machine', () => {
    const exchange = withLimits({}, -7_000)
    ask(exchange, PING, { now: at(1) })
    expect(used(ask(exchange, PING, { now: at(6.9) }))).toBe('2')
    expect(used(ask(exchange, PING, { now: at(7) }))).toBe('1')
  })

  test('failed requests cost what they cost', () => {
    const exchange = withLimits({})
    const failed = ask(exchange, 'klines?symbol=NOPE&interval=1h', { now: at(0) })
    expect(failed.status).toBe(400)
    expect(used(failed)).toBe('2')
  })

  test('each address has its own', () => {
    const exchange = withLimits({ rules: [weight(2)] })
    ask(exchange, KLINES, { now: at(0), ip: '192.0.2.1' })
    expect(ask(exchange, KLINES, { now: at(0), ip: '192.0.2.2' }).status).toBe(200)
    expect(ask(exchange, KLINES, { now: at(0), ip: '192.0.2.1' }).status).toBe(429)
  })

  test('weights and rules can be other ones, and change in the course of time', () => {
    const exchange = withLimits({
      weights: { '/api/v3/klines': 10 },
      changes: [
        { at: at(60), weights: { '/api/v3/klines': 3 } },
        { at: at(120), rules: [weight(5)] },
      ],
    })
    expect(used(ask(exchange, KLINES, { now: at(0) }))).toBe('10')
    expect(used(ask(exchange, KLINES, { now: at(60) }))).toBe('3')
    ask(exchange, KLINES, { now: at(120) })
    expect(ask(exchange, KLINES, { now: at(121) }).status).toBe(429)
    expect(ask(exchange, 'exchangeInfo', { now: at(180) }).status).toBe(429)
  })

  test('a limit that shrinks within a window counts what was used before', () => {
    const exchange = withLimits({ changes: [{ at: at(30), rules: [weight(5)] }] })
    for (const second of [0, 1]) ask(exchange, KLINES, { now: at(second) })
    expect(ask(exchange, PING, { now: at(31) }).status).toBe(200)
    expect(ask(exchange, PING, { now: at(32) }).status).toBe(429)
  })

  test('every rule has its header; the legacy one is that of the minute', () => {
    const exchange = withLimits({
      rules: [weight(50, 'SECOND', 10), weight(6_000), weight(9e5, 'DAY')],
    })
    ask(exchange, KLINES, { now: at(0) })
    const { headers } = ask(exchange, KLINES, { now: at(10) })
    expect(headers).toMatchObject({
      'x-mbx-used-weight-10s': '2',
      'x-mbx-used-weight-1m': '4',
      'x-mbx-used-weight-1d': '4',
      'x-mbx-used-weight': '4',
    })
  })

  test('others on the address count too', () => {
    const exchange = withLimits({ rules: [weight(100)], othersWeight: 97 })
    expect(used(ask(exchange, KLINES, { now: at(0) }))).toBe('99')
    expect(ask(exchange, KLINES, { now: at(1) }).status).toBe(429)
    expect(used(ask(exchange, KLINES, { now: at(60) }))).toBe('99')
  })

  test.each([
    ['missing', undefined],
    ['garbage', 'NaN'],
    ['lower', '1'],
  ] as const)('headers can be %s', (weightHeaders, told) => {
    expect(used(ask(withLimits({ weightHeaders }), KLINES))).toBe(told)
  })
})

describe('beyond a limit', () => {
  test('429 until the window ends, with the seconds to wait', () => {
    const exchange = withLimits({ rules: [weight(4)] })
    ask(exchange, KLINES, { now: at(10) })
    ask(exchange, KLINES, { now: at(11) })
    expect(exchange.log.overLimit()).toEqual([])
    const limited = ask(exchange, KLINES, { now: at(12.5) })
    expect(limited).toMatchObject({ status: 429, json: { code: -1003 } })
    expect(limited.headers['retry-after']).toBe('48')
    expect(ask(exchange, KLINES, { now: at(60) }).status).toBe(200)
    expect(exchange.log.overLimit()).toHaveLength(1)
    expect(exchange.log.refusals).toEqual({ limited: 1, banned: 0, blocked: 0 })
  })

  test('raw requests have a limit of their own', () => {
    const rules: LimitRule[] = [
      { rateLimitType: 'RAW_REQUESTS', interval: 'MINUTE', intervalNum: 5, limit: 3 },
    ]
    const exchange = withLimits({ rules })
    const statuses = [0, 60, 120, 180].map(
      (second) => ask(exchange, PING, { now: at(second) }).status,
    )
    expect(statuses).toEqual([200, 200, 200, 429])
    expect(exchange.log.maxUsage('RAW_REQUESTS')).toBe(4)
  })

  test('who goes on is banned, for longer each time, and during a ban everything is 418', () => {
    const exchange = withLimits({ rules: [weight(1)], patience: 2, banSeconds: 100 })
    const statuses = [0, 1, 2, 3].map((second) => ask(exchange, PING, { now: at(second) }).status)
    expect(statuses).toEqual([200, 429, 429, 418])
    const banned = ask(exchange, 'time', { now: at(63) })
    expect(banned).toMatchObject({ status: 418, json: { code: -1003 } })
    expect(banned.headers['retry-after']).toBe('40')
    expect(banned.text).toContain(`IP banned until ${toMillis(at(103))}`)
    expect(ask(exchange, PING, { now: at(120) }).status).toBe(200)
    const again = [121, 122, 123].map((second) => ask(exchange, PING, { now: at(second) }))
    expect(again.map(({ status }) => status)).toEqual([429, 429, 418])
    expect(again[2]!.headers['retry-after']).toBe('200')
    expect(exchange.log.refusals).toEqual({ limited: 4, banned: 3, blocked: 0 })
  })

  test('who waits is forgiven', () => {
    const exchange = withLimits({ rules: [weight(1)], patience: 1 })
    for (const minute of [0, 1, 2, 3]) {
      const now = at(minute * 60)
      expect(ask(exchange, PING, { now }).status).toBe(200)
      expect(ask(exchange, PING, { now }).status).toBe(429)
    }
  })

  test.each([
    ['missing', undefined],
    ['garbage', 'soon'],
    ['date', 'Fri, 20 Nov 2026 12:01:00 GMT'],
    ['seconds', '60'],
  ] as const)('Retry-After can be %s', (retryAfter, told) => {
    const exchange = withLimits({ rules: [weight(1)], retryAfter })
    expect(ask(exchange, KLINES, { now: at(0) }).headers['retry-after']).toBe(told)
  })

  test('no window of a client that looks at the header is ever over its limit', () => {
    const gap = fc.integer({ min: 0, max: 20_000 })
    fc.assert(
      fc.property(
        fc.array(gap, { maxLength: 200 }),
        fc.integer({ min: 2, max: 30 }),
        (gaps, limit) => {
          const exchange = withLimits({ rules: [weight(limit)], patience: 0 })
          let nowMs = toMillis(MINUTE)
          for (const gapMs of gaps) {
            nowMs += gapMs
            const told = used(ask(exchange, PING, { now: fromMillis(nowMs) }))
            if (Number(told) >= limit) nowMs += 60_000 - (nowMs % 60_000)
          }
          expect(exchange.log.overLimit()).toEqual([])
          expect(exchange.log.refusals).toEqual({ limited: 0, banned: 0, blocked: 0 })
          expect(exchange.log.count).toBe(gaps.length)
        },
      ),
    )
  })
})

describe('the log', () => {
  test('has every request as it came', () => {
    const exchange = withLimits({})
    ask(exchange, KLINES, { now: at(3), headers: { host: 'api1.example' } })
    expect(exchange.log.entries).toEqual([
      {
        at: at(3),
        ip: '192.0.2.1',
        host: 'api1.example',
        path: '/api/v3/klines',
        query: 'symbol=BTCUSDT&interval=1h&limit=1',
        weight: 2,
        status: 200,
        refusal: undefined,
        fault: undefined,
      },
    ])
  })

  test('drops the oldest beyond its bound and goes on counting', () => {
    const exchange = exchangeWith({}, { logMax: 10 })
    for (let i = 0; i < 100; i++) ask(exchange, PING, { now: at(i) })
    expect(exchange.log.entries.map((entry) => entry.at)).toEqual(
      Array.from({ length: 10 }, (_, i) => at(90 + i)),
    )
    expect(exchange.log.count).toBe(100)
  })
})
