/** One request through the gateway: what is tried again, how, how often, and what is told. In virtual time. */

import { describe, expect, it } from 'vitest'
import { TransportError } from '../../src/base/errors.ts'
import type { Http, HttpAnswer } from '../../src/base/ports.ts'
import { DEFAULT_LIMITS } from '../../src/binance/limit.ts'
import { Gateway, type Query } from '../../src/pull/gateway.ts'
import { Exchange, type Fault, type FaultOptions } from '../../src/simulator/index.ts'
import { virtualWorld, type VirtualWorld } from '../support/virtual.ts'

const KLINES: Query = {
  path: '/api/v3/klines',
  params: [
    ['symbol', 'BTCUSDT'],
    ['interval', '1m'],
    ['startTime', 1_700_000_000_000n],
  ],
  limit: 1_000,
  weight: 2,
  hosts: 'public',
}
const rowsOf = ({ body }: HttpAnswer): number => {
  try {
    return (JSON.parse(new TextDecoder().decode(body)) as unknown[]).length
  } catch (cause) {
    throw new TransportError('not a page', { cause })
  }
}

type FaultRule = NonNullable<FaultOptions['rules']>[number]

type Opened = { gateway: Gateway; exchange: Exchange; world: VirtualWorld }

function open(
  rules: readonly FaultRule[],
  {
    signal,
    urls = ['http://one.test', 'http://two.test'],
    maxWaitMs = 600_000,
  }: { signal?: AbortSignal; urls?: string[]; maxWaitMs?: number } = {},
): Opened {
  const exchange = new Exchange({ symbols: [{ symbol: 'BTCUSDT' }], faults: { rules } })
  const world = virtualWorld(exchange, { latencyMs: 100 })
  const gateway = new Gateway(world, {
    publicUrls: urls,
    apiUrls: urls,
    limits: DEFAULT_LIMITS,
    share: 0.9,
    concurrency: 8,
    maxWaitMs,
    accept: 'application/json',
    onWait: () => undefined,
    signal,
  })
  return { gateway, exchange, world }
}

const times = (fault: Fault, count: number, more: Partial<FaultRule> = {}): FaultRule => ({
  path: '/api/v3/klines',
  times: count,
  fault,
  ...more,
})

/** Milliseconds between the requests for pages. */
function pauses({ exchange }: Opened): number[] {
  const at = exchange.log.entries.filter(({ path }) => path === KLINES.path).map((one) => one.at)
  return at.slice(1).map((time, i) => Number(time - at[i]!) / 1_000)
}

describe('what is tried again', () => {
  it.each<[name: string, fault: Fault]>([
    ['a reset before the headers', { kind: 'reset' }],
    ['a reset within the body', { kind: 'reset', fraction: 0.5 }],
    ['a truncated gzip', { kind: 'truncatedGzip', fraction: 0.5 }],
    [
      'a body that ends with its connection, too early',
      { kind: 'closeDelimitedCut', fraction: 0.5 },
    ],
    ['a wrong length', { kind: 'wrongLength', by: 7 }],
    ['silence', { kind: 'hang' }],
    ['silence within the body', { kind: 'hang', fraction: 0.5 }],
    ['a drip', { kind: 'drip', bytes: 1, everyMs: 100 }],
    ['a flood', { kind: 'hugeBody', bytes: 1 << 30 }],
    ['500', { kind: 'status', status: 500 }],
    ['502', { kind: 'status', status: 502 }],
    ['503', { kind: 'status', status: 503 }],
    ['504', { kind: 'status', status: 504 }],
    ['-1000', { kind: 'error', code: -1000 }],
    ['-1001', { kind: 'error', code: -1001 }],
    ['-1003 without 429', { kind: 'error', code: -1003 }],
    ['-1006', { kind: 'error', code: -1006 }],
    ['-1007', { kind: 'error', code: -1007 }],
    ['an empty 200', { kind: 'body', body: 'empty' }],
    ['HTML with 200', { kind: 'body', body: 'html' }],
    ['garbage', { kind: 'body', body: 'garbage' }],
  ])('%s, three times, is got over', async (_, fault) => {
    const opened = open([times(fault, 3)])
    const rows = await opened.gateway.ask(KLINES, rowsOf)
    // -1007 asks for less each time.
    expect(rows).toBe(fault.kind === 'error' && fault.code === -1007 ? 125 : 1_000)
    const faults = opened.exchange.log.faults
    expect(Object.values(faults)).toEqual([3])
    expect(opened.gateway.spent).toEqual({ requests: 5, weight: 9 })
  })

  it('is given up after eight attempts, with the last reason', async () => {
    const opened = open([times({ kind: 'status', status: 503 }, Infinity)])
    await expect(opened.gateway.ask(KLINES, rowsOf)).rejects.toMatchObject({
      code: 'E_UNREACHABLE',
      exit: 3,
      message: expect.stringContaining('gave up after 8 attempts: HTTP 503') as string,
    })
    expect(pauses(opened)).toHaveLength(7)
  })

  it('waits longer from time to time, but never beyond twenty seconds', async () => {
    const opened = open([times({ kind: 'reset' }, 7)])
    await opened.gateway.ask(KLINES, rowsOf)
    const waits = pauses(opened)
    expect(waits).toHaveLength(7)
    for (const [i, wait] of waits.entries()) {
      const bound = Math.min(20_000, 500 * 2 ** (i + 1))
      expect(wait).toBeLessThanOrEqual(bound + 200)
      expect(wait).toBeGreaterThanOrEqual(bound / 2)
    }
  })

  it('-1008 is given half a minute, then longer', async () => {
    const opened = open([times({ kind: 'error', code: -1008 }, 3)])
    await opened.gateway.ask(KLINES, rowsOf)
    const [first = 0, second = 0, third = 0] = pauses(opened)
    expect(first).toBeGreaterThanOrEqual(30_000)
    expect(second).toBeGreaterThanOrEqual(60_000)
    expect(third).toBeGreaterThanOrEqual(120_000)
  })

  it('-1008 is not sat out for longer than --max-wait', async () => {
    const opened = open([times({ kind: 'error', code: -1008 }, Infinity)], { maxWaitMs: 100_000 })
    await expect(opened.gateway.ask(KLINES, rowsOf)).rejects.toMatchObject({
      code: 'E_UNREACHABLE',
      message: expect.stringContaining('gave up after 3 attempts: HTTP') as string,
    })
    expect(pauses(opened)).toHaveLength(2)
  })

  it('a server that answers in time for half a page gets half a page', async () => {
    const opened = open([times({ kind: 'error', code: -1007 }, Infinity, { query: 'limit=1000' })])
    expect(await opened.gateway.ask(KLINES, rowsOf)).toBe(500)
  })

  it('fails over to the next host, and comes back to the first later', async () => {
    const opened = open([times({ kind: 'status', status: 502 }, 1, { host: 'one.test' })])
    await opened.gateway.ask(KLINES, rowsOf)
    opened.world.clock.skip(120_000)
    await opened.gateway.ask(KLINES, rowsOf)
    const hosts = opened.exchange.log.entries
      .filter(({ path }) => path === KLINES.path)
      .map(({ host }) => host)
    expect(hosts).toEqual(['one.test', 'two.test', 'one.test'])
  })
})

describe('what is not', () => {
  it.each([
    ['-1121', { kind: 'error', code: -1121 }, 'E_REJECTED'],
    ['an unknown code', { kind: 'error', code: -9999, status: 400 }, 'E_REJECTED'],
    ['404', { kind: 'status', status: 404 }, 'E_REJECTED'],
    ['a redirect', { kind: 'redirect' }, 'E_REJECTED'],
  ] as const)('%s is asked once', async (_, fault, code) => {
    const opened = open([times(fault, Infinity)])
    await expect(opened.gateway.ask(KLINES, rowsOf)).rejects.toMatchObject({ code, exit: 3 })
    expect(pauses(opened)).toEqual([])
  })

  it('a network that is gone does not multiply the load: eight go on for all, and to the end', async () => {
    const opened = open([times({ kind: 'reset' }, Infinity)])
    const results = await Promise.allSettled(
      Array.from({ length: 100 }, () => opened.gateway.ask(KLINES, rowsOf)),
    )
    expect(results.every(({ status }) => status === 'rejected')).toBe(true)
    // The clock, a first try of each, and seven more of eight.
    expect(opened.exchange.log.count).toBeLessThanOrEqual(1 + 100 + 7 * 8)
  })
})

describe('what is sent', () => {
  it('only the headers of K9, and numbers as plain digits', async () => {
    const seen: { url: string; headers: readonly string[] }[] = []
    const exchange = new Exchange({ symbols: [{ symbol: 'BTCUSDT' }] })
    const world = virtualWorld(exchange)
    const http: Http = {
      ...world.http,
      get: (request) => {
        seen.push({ url: request.url, headers: Object.keys(request.headers) })
        return world.http.get(request)
      },
    }
    const urls = ['http://one.test']
    const gateway = new Gateway(
      { ...world, http },
      {
        publicUrls: urls,
        apiUrls: urls,
        limits: DEFAULT_LIMITS,
        share: 1,
        concurrency: 1,
        maxWaitMs: 0,
        accept: 'application/json',
        onWait: () => undefined,
      },
    )
    await gateway.ask({ ...KLINES, params: [...KLINES.params, ['endTime', 1.7e12]] }, rowsOf)
    expect(seen[1]).toEqual({
      url: 'http://one.test/api/v3/klines?symbol=BTCUSDT&interval=1m&startTime=1700000000000&endTime=1700000000000&limit=1000',
      headers: ['accept', 'x-mbx-time-unit'],
    })
  })

  it('nothing by making a gateway', () => {
    expect(open([]).exchange.log.count).toBe(0)
  })
})

describe('the server’s clock', () => {
  it('regression: whoever began to read it may leave, and the others still get it', async () => {
    const opened = open([])
    const controller = new AbortController()
    const first = opened.gateway.ask({ ...KLINES, signal: controller.signal }, rowsOf)
    const second = opened.gateway.ask(KLINES, rowsOf)
    controller.abort(new Error('not needed any more'))
    await expect(first).rejects.toThrow('not needed any more')
    await expect(second).resolves.toBe(1_000)
  })

  it('is read again after the machine slept, after its clock was set, and every ten minutes', async () => {
    const opened = open([])
    const reads = (): number =>
      opened.exchange.log.entries.filter(({ path }) => path === '/api/v3/time').length
    await opened.gateway.ask(KLINES, rowsOf)
    await opened.gateway.ask(KLINES, rowsOf)
    expect(reads()).toBe(1)
    opened.world.clock.skip(601_000)
    await opened.gateway.ask(KLINES, rowsOf)
    expect(reads()).toBe(2)
  })

  it('is used, not ours: a wall clock that is hours off changes nothing', async () => {
    const exchange = new Exchange({ symbols: [{ symbol: 'BTCUSDT' }], clockSkewMs: 0 })
    let wallOffsetMs = -3 * 3_600_000
    const world = virtualWorld(exchange, { latencyMs: 100, wallOffsetMs: () => wallOffsetMs })
    const urls = ['http://one.test']
    const gateway = new Gateway(world, {
      publicUrls: urls,
      apiUrls: urls,
      limits: DEFAULT_LIMITS,
      share: 1,
      concurrency: 1,
      maxWaitMs: 0,
      accept: 'application/json',
      onWait: () => undefined,
    })
    await gateway.ask(KLINES, rowsOf)
    const off = (): number =>
      gateway.server.nowMs() - Number(world.clock.now()) / 1_000 + wallOffsetMs
    expect(Math.abs(off())).toBeLessThanOrEqual(gateway.server.uncertaintyMs())
    wallOffsetMs = 26 * 3_600_000
    expect(gateway.server.isStale()).toBe(true)
    await gateway.ask(KLINES, rowsOf)
    expect(Math.abs(off())).toBeLessThanOrEqual(gateway.server.uncertaintyMs())
  })
})
