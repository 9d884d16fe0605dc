/** Which host is asked, by default, after failures, and when the fastest is wanted. In virtual time, and over sockets. */

import { describe, expect, it } from 'vitest'
import { TransportError } from '../../src/base/errors.ts'
import type { HttpRequest, Http } from '../../src/base/ports.ts'
import { API_URLS, MARKET_DATA_URL } from '../../src/binance/host.ts'
import { DEFAULT_LIMITS } from '../../src/binance/limit.ts'
import { Gateway } from '../../src/pull/gateway.ts'
import { rankText } from '../../src/pull/probe.ts'
import { doctor } from '../../src/query/doctor.ts'
import { Exchange, type FaultOptions } from '../../src/simulator/index.ts'
import { run, serve, tempDir } from '../support/lake.ts'
import { attempt, virtualWorld, type VirtualWorld } from '../support/virtual.ts'

const KLINES = `
version: 1
compression: none
source: rest
symbols: [BTCUSDT]
from: 2026-05-01
to: 2026-05-02
datasets: [{kind: klines, intervals: [1m]}]
`
const BLOCK_TRADES = KLINES.replace('klines, intervals: [1m]', 'blockTrades')
const BOTH = KLINES.replace('}]', '}, {kind: blockTrades}]')

type FaultRule = NonNullable<FaultOptions['rules']>[number]
type Seen = { readonly host: string; readonly path: string }
type Delays = Readonly<Record<string, number>>

/** A world whose hosts answer after their own time, and the requests that they saw. */
function worldOf(rules: readonly FaultRule[] = [], delays: Delays = {}) {
  const exchange = new Exchange({ symbols: [{ symbol: 'BTCUSDT' }], faults: { rules } })
  const world = virtualWorld(exchange, { latencyMs: 10 })
  const seen: Seen[] = []
  const get = async (request: HttpRequest) => {
    const { origin, pathname } = new URL(request.url)
    seen.push({ host: origin, path: pathname })
    const delayMs = delays[origin] ?? 0
    await world.clock.sleep(Math.min(delayMs, request.timeoutMs), request.signal)
    if (delayMs > request.timeoutMs) throw new TransportError('deadline exceeded')
    return world.http.get(request)
  }
  const http: Http = { ...world.http, get }
  const hostsOf = (path: RegExp): string[] =>
    seen.filter((one) => path.test(one.path)).map(({ host }) => host)
  return { exchange, seen, hostsOf, world: { ...world, http } satisfies VirtualWorld }
}

const distinct = (hosts: readonly string[]): string[] => [...new Set(hosts)]
const DATA = /klines|historicalBlockTrades/

describe('by default', () => {
  it('public data and the clock come from the market-data host, all else from api.binance.com', async () => {
    const { world, hostsOf } = worldOf()
    expect((await attempt(BOTH, { world })).exit).toBe(0)
    expect(distinct(hostsOf(/klines|time|exchangeInfo/))).toEqual([MARKET_DATA_URL])
    expect(distinct(hostsOf(/historicalBlockTrades/))).toEqual(['https://api.binance.com'])
    expect(hostsOf(/ping/)).toEqual([])
  })

  it('after failures the next in the documented order of stability, and the first again after a minute', async () => {
    const dead = API_URLS.slice(0, 3).map((url): FaultRule => ({
      host: new URL(url).host,
      path: '/api/v3/historicalBlockTrades',
      fault: { kind: 'status', status: 502 },
    }))
    const { world, hostsOf } = worldOf(dead)
    const path = '/api/v3/historicalBlockTrades'
    const gateway = new Gateway(world, {
      publicUrls: [MARKET_DATA_URL],
      apiUrls: API_URLS,
      limits: DEFAULT_LIMITS,
      share: 1,
      concurrency: 1,
      maxWaitMs: 0,
      accept: 'application/json',
      onWait: () => undefined,
    })
    const params = [['symbol', 'BTCUSDT'] as const, ['fromId', 0] as const]
    const ask = () =>
      gateway.ask({ path, params, limit: 1, weight: 25, hosts: 'api' }, () => undefined)
    await ask()
    expect(hostsOf(DATA)).toEqual(API_URLS.slice(0, 4))
    expect(gateway.health('api').map(({ isResting }) => isResting)).toEqual([
      true,
      true,
      true,
      false,
      false,
      false,
    ])
    await ask()
    world.clock.skip(60_000)
    await ask()
    expect(hostsOf(DATA).slice(4)).toEqual([API_URLS[3], API_URLS[0]])
  })

  it('all hosts share one budget, since limits go by address', async () => {
    const rule = { rateLimitType: 'REQUEST_WEIGHT', interval: 'MINUTE', intervalNum: 1 } as const
    const limits = { rules: [{ ...rule, limit: 300 }] }
    const exchange = new Exchange({ symbols: [{ symbol: 'BTCUSDT' }], limits })
    const world = virtualWorld(exchange, { latencyMs: 10 })
    expect((await attempt(BOTH, { world })).exit).toBe(0)
    expect(exchange.log.overLimit()).toEqual([])
    expect(exchange.log.weight).toBeGreaterThan(300)
  })
})

describe('the fastest', () => {
  const delays = Object.fromEntries(
    API_URLS.map((url, place) => [url, [50, 40, 30, 5, 9_000, 20][place] ?? 0]),
  )

  it('is asked first; hosts that do not answer in time come last, and no other host is asked', async () => {
    const { world, seen, hostsOf } = worldOf([], delays)
    const { exit, events } = await attempt(BLOCK_TRADES, { world, prefer: 'fastest' })
    expect(exit).toBe(0)
    expect(distinct(hostsOf(DATA))).toEqual(['https://api2.binance.com'])
    expect(hostsOf(/ping/)).toHaveLength(5 * 3 + 1)
    const known = new Set([MARKET_DATA_URL, ...API_URLS])
    expect(seen.filter(({ host }) => !known.has(host))).toEqual([])
    expect(events.filter(({ kind }) => kind === 'note')).toEqual([
      {
        kind: 'note',
        message:
          'hosts, fastest first: https://api2.binance.com (15 ms), https://api4.binance.com (30 ms), https://api1.binance.com (40 ms), https://api-gcp.binance.com (50 ms), https://api.binance.com (60 ms), https://api3.binance.com (no answer)',
      },
    ])
  })

  it('fails over to the next fastest', async () => {
    const api2: FaultRule = {
      host: 'api2.binance.com',
      path: '/api/v3/historicalBlockTrades',
      times: Infinity,
      fault: { kind: 'reset' },
    }
    const { world, hostsOf } = worldOf([api2], delays)
    expect((await attempt(BLOCK_TRADES, { world, prefer: 'fastest' })).exit).toBe(0)
    expect(distinct(hostsOf(DATA))).toEqual([
      'https://api2.binance.com',
      'https://api4.binance.com',
    ])
  })

  it('of one host is that host, which is not asked; that is said', async () => {
    const { world, hostsOf } = worldOf()
    const { exit, events } = await attempt(KLINES, { world, prefer: 'fastest' })
    expect([exit, hostsOf(/ping/)]).toEqual([0, []])
    expect(events).toContainEqual({
      kind: 'note',
      message: `only one host to choose from: ${MARKET_DATA_URL}`,
    })
  })

  it('is paid for: the pings are in the budget and in the summary', async () => {
    const listed = worldOf()
    const fastest = worldOf([], delays)
    const plain = await attempt(BLOCK_TRADES, { world: listed.world })
    const probed = await attempt(BLOCK_TRADES, { world: fastest.world, prefer: 'fastest' })
    const weight = (probed.summary?.weight ?? 0) - (plain.summary?.weight ?? 0)
    expect(weight).toBe(fastest.hostsOf(/ping/).length)
    expect(fastest.exchange.log.overLimit()).toEqual([])
  })

  it.each([
    ['429', { kind: 'limited', seconds: 5 }, 0],
    ['418', { kind: 'banned', seconds: 3_600 }, 5],
    ['451', { kind: 'region' }, 5],
  ] as const)(
    'a ping that is answered with %s counts as any answer does',
    async (_, fault, exit) => {
      const rule: FaultRule = { path: '/api/v3/ping', fault }
      const { world, exchange } = worldOf([rule], delays)
      expect((await attempt(BLOCK_TRADES, { world, prefer: 'fastest' })).exit).toBe(exit)
      const after = exchange.log.refusals
      expect(after.limited + after.banned).toBeLessThanOrEqual(8)
    },
  )

  it('over sockets: not a host that fails, and not one where nobody is', async () => {
    const options = { symbols: [{ symbol: 'BTCUSDT' }] }
    const failing: FaultRule = {
      path: '/api/v3/ping',
      times: Infinity,
      fault: { kind: 'status', status: 503 },
    }
    const closed = await serve({ exchange: options })
    await closed.close()
    const [ill, well] = [
      await serve({ exchange: { ...options, faults: { rules: [failing] } } }),
      await serve({ exchange: options }),
    ]
    const { summary, events } = await run(KLINES, {
      dataDir: await tempDir(),
      baseUrls: [ill.url, closed.url, well.url],
      prefer: 'fastest',
    })
    expect(summary).toMatchObject({ exit: 0, complete: true })
    const rows = ({ log }: typeof ill) => log.entries.filter(({ path }) => path.includes('klines'))
    expect([rows(ill).length, rows(well).length]).toEqual([0, 2])
    const [note] = events.filter(({ kind }) => kind === 'note')
    expect(note).toMatchObject({
      message: expect.stringMatching(
        new RegExp(`: ${well.url} \\(\\d+ ms\\), ${ill.url} \\(no answer\\), ${closed.url} `),
      ) as string,
    })
  })
})

describe('doctor', () => {
  it('tells of each host whether and how fast it answers', async () => {
    const { world } = worldOf([{ host: 'api3', times: Infinity, fault: { kind: 'reset' } }], {
      'https://api1.binance.com': 30,
    })
    const seen = new Map<string, string>()
    for await (const { name, ok, seen: text } of doctor({ world, dataDir: await tempDir() }))
      seen.set(name, `${ok ? 'ok' : 'FAIL'} ${text}`)
    expect(seen.get('https://api.binance.com')).toMatch(/^ok answers in 10 ms, /)
    expect(seen.get('https://api1.binance.com')).toMatch(/^ok answers in 40 ms, /)
    expect(seen.get('https://api3.binance.com')).toMatch(/^FAIL .*connection reset/)
    // Besides: a host of each market of futures, Node, the directory, the clock, and two hosts of the archive.
    expect(seen.size).toBe(1 + API_URLS.length + 2 + 5)
  })
})

describe('what is told', () => {
  it('names what cannot be chosen from', () => {
    expect(rankText([])).toContain('none')
  })
})
