import { describe, expect, test } from 'vitest'
import { TransportError } from '../../src/base/errors.ts'
import type { HttpRequest } from '../../src/base/ports.ts'
import { micros, toMillis } from '../../src/base/time.ts'
import {
  inMemoryHttp,
  type Fault,
  type FaultOptions,
  type TransportFault,
} from '../../src/simulator/index.ts'
import { simClock } from '../support/sim-clock.ts'
import { ask, exchangeWith, NOW, rows, type WireAggTrade } from '../support/simulator.ts'

const START = Date.UTC(2024, 2, 5)
const KLINES = `klines?symbol=BTCUSDT&interval=1h&limit=4&startTime=${START}`
const withFaults = (faults: FaultOptions) => exchangeWith({}, { faults })
const withFault = (fault: Fault) => withFaults({ rules: [{ fault }] })

describe('answers', () => {
  test.each<[string, Fault, number, RegExp]>([
    ['451', { kind: 'region' }, 451, /restricted location/],
    ['404', { kind: 'status', status: 404 }, 404, /^<html>/],
    ['502', { kind: 'status', status: 502 }, 502, /Bad Gateway/],
    ['403', { kind: 'blocked' }, 403, /^<html>/],
    ['302', { kind: 'redirect' }, 302, /^$/],
    ['-1000', { kind: 'error', code: -1000 }, 500, /"code":-1000/],
    ['-1003', { kind: 'error', code: -1003 }, 503, /queued/],
    ['-1007', { kind: 'error', code: -1007 }, 504, /Timeout/],
    ['-1008', { kind: 'error', code: -1008 }, 503, /overloaded/],
    ['-1121', { kind: 'error', code: -1121 }, 400, /Invalid symbol/],
    ['an unknown code', { kind: 'error', code: -9999, status: 418 }, 418, /-9999/],
    ['nothing', { kind: 'body', body: 'empty' }, 200, /^$/],
    ['{}', { kind: 'body', body: 'object' }, 200, /^\{\}$/],
    ['null', { kind: 'body', body: 'null' }, 200, /^null$/],
    ['HTML with 200', { kind: 'body', body: 'html' }, 200, /<html>/],
    ['garbage', { kind: 'body', body: 'garbage' }, 200, /^\0/],
    ['a wrong shape', { kind: 'body', body: 'wrongShape' }, 200, /^\[\[1,2\]/],
    ['an error with 200', { kind: 'body', body: 'error' }, 200, /-1000/],
  ])('%s', (_, fault, status, body) => {
    const exchange = withFault(fault)
    const faulty = ask(exchange, KLINES)
    expect(faulty.status).toBe(status)
    expect(faulty.text).toMatch(body)
    expect(exchange.log.faults).toEqual({ [fault.kind]: 1 })
    expect(exchange.log.weight).toBe(2)
    expect(rows(exchange, KLINES)).toHaveLength(4)
  })

  test('HTML of the firewall carries no weight header and no JSON type', () => {
    const { headers } = ask(withFault({ kind: 'blocked' }), KLINES)
    expect(headers).not.toHaveProperty('x-mbx-used-weight-1m')
    expect(headers['content-type']).toBe('text/html')
  })

  test.each([
    ['limited', 429],
    ['banned', 418],
    ['blocked', 403],
  ] as const)(
    '%s lasts as long as it says, and whoever asks meanwhile is noted',
    (kind, status) => {
      const exchange = withFault({ kind, seconds: 30 })
      const later = (seconds: number) =>
        ask(exchange, KLINES, { now: micros(NOW + BigInt(seconds) * 1_000_000n) })
      expect(later(0).status).toBe(status)
      expect(exchange.log.refusals).toEqual({ limited: 0, banned: 0, blocked: 0 })
      expect(later(29).status).toBe(status)
      expect(exchange.log.refusals[kind]).toBe(1)
      expect(later(30).status).toBe(200)
      if (kind !== 'blocked')
        expect(ask(withFault({ kind, seconds: 30 }), KLINES).headers['retry-after']).toBe('30')
    },
  )
})

describe('pages', () => {
  const page = (fault: Fault): number[] =>
    rows<[number]>(withFault(fault), KLINES).map(([open]) => open)
  const true4 = page({ kind: 'closeAfter' })

  test.each<[Extract<Fault, { kind: 'page' }>['page'], number[]]>([
    ['duplicated', [...true4, ...true4]],
    ['reversed', true4.toReversed()],
    ['short', true4.slice(0, 2)],
    ['wrongUnit', true4.map((open) => open / 1000)],
    ['outOfWindow', [0, 1, 2, 3].map((i) => (Date.UTC(2017, 7, 17) + i * 3_600_000) * 1000)],
  ])('%s', (kind, expected) => {
    expect(page({ kind: 'page', page: kind })).toEqual(expected)
  })

  test('impossible', () => {
    const fault: Fault = { kind: 'page', page: 'impossible' }
    const klines = rows<string[]>(withFault(fault), KLINES)
    expect(Number(klines.at(-1)![3])).toBeGreaterThan(Number(klines.at(-1)![2]))
    const trades = rows<WireAggTrade>(withFault(fault), 'aggTrades?symbol=BTCUSDT&fromId=0')
    expect(trades.at(-1)!.p).toMatch(/^-/)
  })

  test('trades out of the window begin with the first of all', () => {
    const fault: Fault = { kind: 'page', page: 'outOfWindow' }
    for (const from of ['fromId=5000', `startTime=${START}`]) {
      const [first] = rows<WireAggTrade>(withFault(fault), `aggTrades?symbol=BTCUSDT&${from}`)
      expect(first!.a).toBe(0)
    }
  })
})

describe('the schedule', () => {
  const fault: Fault = { kind: 'status', status: 500 }
  const statuses = (faults: FaultOptions, targets: readonly string[]): number[] => {
    const exchange = withFaults(faults)
    return targets.map((target) => ask(exchange, target).status)
  }

  test('by number among those that match', () => {
    const rule = { fault, path: '/api/v3/klines', query: 'limit=4', nth: 2, times: 2 }
    expect(statuses({ rules: [rule] }, ['time', KLINES, 'time', KLINES, KLINES, KLINES])).toEqual([
      200, 200, 200, 500, 500, 200,
    ])
  })

  test('from then on, and by host', () => {
    const exchange = withFaults({ rules: [{ fault, host: 'bad', times: Infinity }] })
    const on = (host: string) => ask(exchange, 'ping', { headers: { host } }).status
    expect([on('good'), on('bad'), on('good'), on('bad')]).toEqual([200, 500, 200, 500])
  })

  test('by chance: repeatable, about as often as told, never more than so many in a row', () => {
    const random = { seed: 5, probability: 0.5, faults: [fault], inARow: 2 }
    const many = Array.from({ length: 400 }, () => 'ping')
    const first = statuses({ random }, many)
    expect(statuses({ random }, many)).toEqual(first)
    expect(statuses({ random: { ...random, seed: 6 } }, many)).not.toEqual(first)
    const hits = first.filter((status) => status === 500).length
    expect(hits).toBeGreaterThan(100)
    expect(hits).toBeLessThan(300)
    expect(first.join(' ')).not.toContain('500 500 500')
  })

  test('a request that a limit turns away uses up no fault', () => {
    const exchange = exchangeWith(
      {},
      {
        faults: { rules: [{ fault, nth: 2 }] },
        limits: {
          rules: [
            { rateLimitType: 'REQUEST_WEIGHT', interval: 'MINUTE', intervalNum: 1, limit: 1 },
          ],
        },
      },
    )
    expect(ask(exchange, 'ping').status).toBe(200)
    expect(ask(exchange, 'ping').status).toBe(429)
    expect(ask(exchange, 'ping', { now: micros(NOW + 60_000_000n) }).status).toBe(500)
  })
})

describe('without sockets', () => {
  const request = (options: Partial<HttpRequest> = {}): HttpRequest => ({
    url: `https://api.example/api/v3/${KLINES}`,
    headers: { 'accept-encoding': 'gzip' },
    timeoutMs: 10_000,
    sizeBytesMax: 1e7,
    ...options,
  })
  const carried = (fault: TransportFault | undefined, latencyMs = 0) => {
    const clock = simClock({ start: NOW })
    const exchange = withFaults({ rules: fault === undefined ? [] : [{ fault }] })
    return { clock, exchange, http: inMemoryHttp(exchange, clock, { latencyMs, ip: '192.0.2.9' }) }
  }

  test('the same page as on a socket, inflated, after the latency', async () => {
    const { http, clock, exchange } = carried(undefined, 200)
    const answer = await http.get(request())
    expect(JSON.parse(new TextDecoder().decode(answer.body))).toHaveLength(4)
    expect(answer.header('x-mbx-used-weight-1m')).toBe('2')
    expect(answer.header('content-encoding')).toBeUndefined()
    expect(clock.monotonicMs()).toBe(200)
    expect(exchange.log.entries).toMatchObject([{ host: 'api.example', ip: '192.0.2.9' }])
    expect(toMillis(exchange.log.entries[0]!.at) - toMillis(NOW)).toBe(100)
    const stream = await http.stream(request())
    const chunks: Uint8Array[] = []
    for await (const chunk of stream.chunks) chunks.push(chunk)
    expect(Buffer.concat(chunks).equals(answer.body)).toBe(true)
    await http.close()
  })

  test.each<[string, TransportFault]>([
    ['reset before the headers', { kind: 'reset' }],
    ['reset in the body', { kind: 'reset', fraction: 0.5 }],
    ['truncated gzip', { kind: 'truncatedGzip', fraction: 0.7 }],
    ['a declared length that never comes', { kind: 'wrongLength', by: 10 }],
    ['a body without end', { kind: 'hugeBody', bytes: 1e9 }],
    ['hang', { kind: 'hang' }],
    ['hang in the body', { kind: 'hang', fraction: 0.5 }],
    ['a drip slower than the deadline', { kind: 'drip', bytes: 1, everyMs: 100 }],
  ])('%s is a transport error, once, by the deadline', async (_, fault) => {
    const { http, clock } = carried(fault)
    await expect(http.get(request())).rejects.toBeInstanceOf(TransportError)
    expect(clock.monotonicMs()).toBeLessThanOrEqual(10_000)
    expect((await http.get(request())).status).toBe(200)
  })

  test.each<[string, TransportFault]>([
    ['a cut that nothing on the wire tells', { kind: 'closeDelimitedCut', fraction: 0.5 }],
    ['a declared length that is too short', { kind: 'wrongLength', by: -10 }],
  ])('%s is a short body', async (_, fault) => {
    const { http } = carried(fault)
    const { status, body } = await http.get(request())
    expect(status).toBe(200)
    expect(() => JSON.parse(new TextDecoder().decode(body)) as unknown).toThrow(SyntaxError)
  })

  test('a latency beyond the deadline', async () => {
    const { http, clock } = carried(undefined, 15_000)
    await expect(http.get(request())).rejects.toBeInstanceOf(TransportError)
    expect(clock.monotonicMs()).toBe(10_000)
  })

  test('a drip within the deadline, a size cap, an abort', async () => {
    const { http, clock } = carried({ kind: 'drip', bytes: 100, everyMs: 10 })
    expect((await http.get(request())).status).toBe(200)
    expect(clock.monotonicMs()).toBeGreaterThan(10)
    await expect(http.get(request({ sizeBytesMax: 10 }))).rejects.toBeInstanceOf(TransportError)
    const slow = carried(undefined, 1_000)
    const controller = new AbortController()
    const pending = slow.http.get(request({ signal: controller.signal }))
    controller.abort(new Error('enough'))
    await expect(pending).rejects.toThrow('enough')
    expect(slow.exchange.log.count).toBe(0)
  })
})
