/**
 * Limits, bans and blocks over whole runs in virtual time. The exchange's own log is the witness of what was not sent.
 */

import { describe, expect, it, test } from 'vitest'
import { parseMicros, type Micros } from '../../src/base/time.ts'
import type { SeriesKey } from '../../src/binance/series.ts'
import { ExchangeClient as Client } from '../../src/walk/exchange.ts'
import { Exchange, type ExchangeOptions, type LimitRule } from '../../src/simulator/index.ts'
import { memFiles } from '../support/mem-files.ts'
import { simClock } from '../support/sim-clock.ts'
import { attempt, lakeOf, virtualWorld, type VirtualWorld } from '../support/virtual.ts'

// Not compressed, since the first use of a compressor takes real time, in which virtual time may run.
const job = (datasets: string): string =>
  `version: 1\ncompression: none\nsource: rest\ndatasets:\n${datasets}`
const klines = (symbols: string, from = '2026-05-01', to = '2026-05-08'): string =>
  `  - {kind: klines, symbols: [${symbols}], intervals: [1m], from: ${from}, to: ${to}}\n`
const aggTrades = (from: string, to: string): string =>
  `  - {kind: aggTrades, symbols: [BTCUSDT], from: ${from}, to: ${to}}\n`

const perSeconds = (intervalNum: number, limit: number): LimitRule => ({
  rateLimitType: 'REQUEST_WEIGHT',
  interval: 'SECOND',
  intervalNum,
  limit,
})

function exchangeOf(options: Partial<ExchangeOptions> = {}): Exchange {
  const symbols = ['BTCUSDT', 'ETHUSDT', 'BNBUSDT', 'XRPUSDT', 'UNIONUSDT']
  return new Exchange({ symbols: symbols.map((symbol) => ({ symbol })), ...options })
}

/** Seconds between the first answer with `status` and the next request after those under way. */
function quietAfter(exchange: Exchange, status: number, latencyMs: number): number {
  const { entries } = exchange.log
  const first = entries.findIndex((entry) => entry.status === status)
  const at = entries[first]?.at ?? 0n
  const next = entries.slice(first + 1).find((entry) => entry.at > at + BigInt(latencyMs) * 1_000n)
  return next === undefined ? Infinity : Number(next.at - at) / 1e6
}

/** The most weight that the exchange met within any stretch of so many seconds. */
function mostWithin({ log }: Exchange, seconds: number): number {
  const weights = log.entries.map(({ at }) =>
    log.entries
      .filter((entry) => entry.at >= at && entry.at < at + BigInt(seconds) * 1_000_000n)
      .reduce((sum, { weight }) => sum + weight, 0),
  )
  return Math.max(0, ...weights)
}

const requestsAfter = ({ log }: Exchange, at: Micros): number =>
  log.entries.filter((entry) => entry.at > at).length

const disobedience = { limited: 0, banned: 0, blocked: 0 }

/** Asks for single rows, `workers` at once, until `count` were answered: weight without the cost of rows. */
async function spend(
  world: VirtualWorld,
  { count, workers, concurrency = 8 }: { count: number; workers: number; concurrency?: number },
): Promise<void> {
  const events = { onWait: () => undefined, onWarning: () => undefined }
  const client = new Client(world, { concurrency }, events, undefined)
  await client.open({ kind: 'symbol', symbol: 'BTCUSDT' })
  const key: SeriesKey = { market: 'spot', dataset: 'klines', symbol: 'BTCUSDT', interval: '1m' }
  const ask = client.pages(key, 'string', 0)
  let left = count
  const work = async (): Promise<void> => {
    while (left-- > 0) await ask({ startTime: 1_700_000_000_000n, limit: 1 }, () => undefined)
  }
  await Promise.all(Array.from({ length: workers }, work))
}

describe('the budget is used up and not more', () => {
  // 45 pages a second at 100 ms: one series must keep at least five requests under way.
  it.each([
    ['klines', klines('BTCUSDT', '2025-05-01', '2026-02-01')],
    ['aggTrades', aggTrades('2026-04-01', '2026-04-01T20:00:00Z')],
  ])('one series of %s at 100 ms uses 95 % of what it may, with no 429', async (_, datasets) => {
    const exchange = new Exchange({
      symbols: [{ symbol: 'BTCUSDT', aggTradesPerDay: 250_000 }],
      limits: { rules: [perSeconds(3, 300)] },
    })
    const world = virtualWorld(exchange, { latencyMs: 100 })
    const { exit } = await attempt(job(datasets), { world })
    expect(exit).toBe(0)
    expect(exchange.log.refusals).toEqual(disobedience)
    expect(exchange.log.overLimit()).toEqual([])
    // The first window begins with the questions before the plan, the last ends with the work.
    const whole = exchange.log.windows().slice(1, -1)
    expect(whole.length).toBeGreaterThanOrEqual(2)
    for (const { used } of whole) expect(used).toBeGreaterThanOrEqual(0.95 * 270)
    for (const { used } of whole) expect(used).toBeLessThanOrEqual(270)
  })

  it.each([1, 2, 3])(
    'five processes on one address stay within it together, seed %d',
    async (seed) => {
      const exchange = exchangeOf({ limits: { rules: [perSeconds(10, 1_200)] } })
      const clock = simClock()
      const processes = [1, 2, 3, 4, 5].map((each) =>
        spend(virtualWorld(exchange, { clock, seed: 10 * seed + each, latencyMsMax: 200 }), {
          count: 400,
          workers: 12,
        }),
      )
      await Promise.all(processes)
      expect(exchange.log.overLimit()).toEqual([])
      expect(exchange.log.maxUsage()).toBeGreaterThan(1_000)
    },
  )

  // Regression: a run that began late in a minute spent that minute's share, and much of the next one's, in seconds.
  it.each([0, 30, 55, 58])(
    'never in a burst, also where a run begins %d s into a minute',
    async (seconds) => {
      const exchange = exchangeOf({ limits: { rules: [perSeconds(60, 600)] } })
      const world = virtualWorld(exchange, { latencyMs: 2 })
      world.clock.skip(seconds * 1_000)
      await spend(world, { count: 700, workers: 8 })
      // A fifth of 540 at once, then three times its rate.
      expect(mostWithin(exchange, 10)).toBeLessThanOrEqual(540 * (0.2 + (3 * 10) / 60) + 2)
      expect(exchange.log.maxUsage()).toBeGreaterThan(500)
    },
  )

  it('others use up most of it', async () => {
    const exchange = exchangeOf({ limits: { rules: [perSeconds(10, 1_000)], othersWeight: 700 } })
    await spend(virtualWorld(exchange, { latencyMs: 100 }), { count: 500, workers: 12 })
    expect(exchange.log.overLimit()).toEqual([])
    expect(exchange.log.maxUsage()).toBeGreaterThan(850)
  })
})

describe('limits that change while a run lasts', () => {
  const at = parseMicros('2026-06-01T00:00:15')

  it('a limit that falls to a fifth is met once, read anew, and kept from then on', async () => {
    const exchange = exchangeOf({
      limits: { rules: [perSeconds(10, 500)], changes: [{ at, rules: [perSeconds(10, 100)] }] },
    })
    await spend(virtualWorld(exchange, { latencyMs: 100 }), { count: 800, workers: 12 })
    const over = exchange.log.overLimit()
    expect(over).toHaveLength(1)
    expect(over[0]?.from).toBeLessThan(parseMicros('2026-06-01T00:00:30'))
    expect(exchange.log.refusals.limited).toBeLessThanOrEqual(8)
    expect(exchange.log.refusals.banned).toBe(0)
  })

  it('a limit that rises is used within the hour', async () => {
    const exchange = exchangeOf({
      limits: { rules: [perSeconds(60, 40)], changes: [{ at, rules: [perSeconds(60, 1_000)] }] },
    })
    await spend(virtualWorld(exchange, { latencyMs: 100 }), { count: 1_600, workers: 12 })
    expect(exchange.log.maxUsage()).toBeGreaterThan(800)
    expect(exchange.log.overLimit()).toEqual([])
  })

  it('weights that grow fivefold lead to no 429, since the server tells what was used', async () => {
    const weights = { '/api/v3/klines': 10 }
    const exchange = exchangeOf({
      limits: { rules: [perSeconds(10, 1_000)], changes: [{ at, weights }] },
    })
    await spend(virtualWorld(exchange, { latencyMs: 100 }), { count: 1_500, workers: 12 })
    expect(exchange.log.weight).toBeGreaterThan(5_000)
    expect(exchange.log.refusals).toEqual(disobedience)
  })

  it('a list of limits that cannot be read is no reason to stop', async () => {
    const exchange = exchangeOf({
      faults: {
        rules: [
          { path: '/api/v3/klines', nth: 3, fault: { kind: 'limited', seconds: 5 } },
          {
            path: '/api/v3/exchangeInfo',
            nth: 2,
            times: 20,
            fault: { kind: 'error', code: -1121 },
          },
        ],
      },
    })
    await spend(virtualWorld(exchange, { latencyMs: 100 }), { count: 50, workers: 4 })
    expect(exchange.log.entries.filter(({ path }) => path === '/api/v3/exchangeInfo')).toHaveLength(
      2,
    )
  })
})

describe('429', () => {
  it.each(['seconds', 'date', 'missing', 'garbage'] as const)(
    'all requests of all series stop until Retry-After (%s), then the run goes on',
    async (retryAfter) => {
      const exchange = exchangeOf({
        limits: { retryAfter },
        faults: {
          rules: [{ path: '/api/v3/klines', nth: 9, fault: { kind: 'limited', seconds: 30 } }],
        },
      })
      const world = virtualWorld(exchange, { latencyMs: 100, wallOffsetMs: () => 7_200_000 })
      const { exit, events } = await attempt(job(klines('BTCUSDT, ETHUSDT, BNBUSDT')), { world })
      expect(exit).toBe(0)
      const said = retryAfter === 'seconds' || retryAfter === 'date'
      // A date is told in whole seconds; without one it is the rest of a minute at least.
      expect(quietAfter(exchange, 429, 100)).toBeGreaterThanOrEqual(said ? 29 : 60)
      // Those that were on their way already.
      expect(exchange.log.refusals.limited).toBeLessThanOrEqual(7)
      expect(events.filter(({ kind }) => kind === 'wait')).toHaveLength(1)
    },
  )

  it('a run that has used its share up reports each wait for more', async () => {
    const exchange = exchangeOf({ limits: { rules: [perSeconds(60, 24)] } })
    const world = virtualWorld(exchange, { latencyMs: 100 })
    const { exit, events } = await attempt(job(klines('BTCUSDT, ETHUSDT, BNBUSDT')), { world })
    expect(exit).toBe(0)
    const waits = events.flatMap((event) => (event.kind === 'wait' ? [event] : []))
    expect(waits.length).toBeGreaterThan(0)
    for (const { reason, ms, message } of waits) {
      expect(reason).toBe('budget')
      expect(ms).toBeGreaterThan(1_000)
      expect(message).toMatch(/^(limit used up|keeping within the limit) \(\d+ of 24\)$/)
    }
    expect(waits.some(({ message }) => message.startsWith('limit used up'))).toBe(true)
  })

  it('requests that wait for their share of a limit stop too', async () => {
    const exchange = exchangeOf({
      limits: { rules: [perSeconds(2, 30)] },
      faults: {
        rules: [{ path: '/api/v3/klines', nth: 9, fault: { kind: 'limited', seconds: 30 } }],
      },
    })
    const world = virtualWorld(exchange, { latencyMs: 100 })
    await spend(world, { count: 60, workers: 12 })
    expect(quietAfter(exchange, 429, 100)).toBeGreaterThanOrEqual(30)
    expect(exchange.log.refusals.limited).toBeLessThanOrEqual(7)
  })

  it('a Retry-After beyond --max-wait ends the run with 5, and what was fetched is kept', async () => {
    const exchange = exchangeOf({
      faults: {
        rules: [{ path: '/api/v3/klines', nth: 9, fault: { kind: 'limited', seconds: 900 } }],
      },
    })
    const world = virtualWorld(exchange, { latencyMs: 100 })
    const { exit, summary } = await attempt(job(klines('BTCUSDT, ETHUSDT')), { world })
    expect(exit).toBe(5)
    expect(summary).toMatchObject({ complete: false, exit: 5 })
    expect(summary?.rows).toBeGreaterThan(0)
    expect(Object.keys(await lakeOf(world.files))).not.toEqual([])
  })

  it('is not dodged by asking another host; a 503 is', async () => {
    for (const [fault, others] of [
      [{ kind: 'limited', seconds: 20 }, 0],
      [{ kind: 'status', status: 503 }, 1],
    ] as const) {
      const exchange = exchangeOf({
        faults: { rules: [{ path: '/api/v3/klines', nth: 3, fault }] },
      })
      const world = virtualWorld(exchange, { latencyMs: 100 })
      const baseUrls = ['http://one.test', 'http://two.test']
      expect((await attempt(job(klines('BTCUSDT')), { world, baseUrls })).exit).toBe(0)
      const hosts = new Set(exchange.log.entries.map(({ host }) => host))
      expect(hosts.has('two.test') ? 1 : 0).toBe(others)
    }
  })
})

describe('418', () => {
  const DAYS_3 = 259_200

  it('three days: exit 5, and no process of the lake asks before the end of them', async () => {
    const exchange = exchangeOf({
      faults: {
        rules: [{ path: '/api/v3/klines', nth: 5, fault: { kind: 'banned', seconds: DAYS_3 } }],
      },
    })
    const files = memFiles()
    const clock = simClock()
    const again = (): ReturnType<typeof attempt> =>
      attempt(job(klines('BTCUSDT, ETHUSDT')), {
        world: virtualWorld(exchange, { clock, files, latencyMs: 100 }),
      })
    const first = await again()
    expect(first).toMatchObject({ exit: 5, error: { code: 'E_BANNED' } })
    const banned = exchange.log.count
    // Those that were on their way already.
    expect(exchange.log.refusals.banned).toBeLessThanOrEqual(7)
    for (const hours of [0, 24, 47.9]) {
      clock.skip(hours === 0 ? 0 : 24 * 3_600_000 * (hours === 24 ? 1 : 0.99))
      expect(await again()).toMatchObject({ exit: 5, error: { code: 'E_BANNED' } })
    }
    expect(exchange.log.count).toBe(banned)
    clock.skip(1.2 * 24 * 3_600_000)
    expect((await again()).exit).toBe(0)
    expect(exchange.log.refusals.banned).toBeLessThanOrEqual(7)
  })

  it.each([
    ['seconds', 0],
    ['date', 0],
    ['date', -5 * 3_600_000],
    ['missing', 0],
    // Regression: the deadline in the words was compared with this machine's clock.
    ['missing', 2 * 3_600_000],
    ['garbage', 2 * 3_600_000],
    ['missing', -2 * 3_600_000],
  ] as const)(
    'a ban of 9 minutes is sat out, told by %s, our clock %d ms off',
    async (retryAfter, offset) => {
      for (const path of ['/api/v3/klines', '/api/v3/time']) {
        const exchange = exchangeOf({
          limits: { retryAfter },
          faults: { rules: [{ path, fault: { kind: 'banned', seconds: 540 } }] },
        })
        const world = virtualWorld(exchange, { latencyMs: 100, wallOffsetMs: () => offset })
        const { exit } = await attempt(job(klines('BTCUSDT')), { world })
        expect(exit).toBe(0)
        expect(quietAfter(exchange, 418, 100)).toBeGreaterThanOrEqual(540)
        expect(exchange.log.refusals.banned).toBeLessThanOrEqual(7)
      }
    },
  )
})

describe('403 with HTML', () => {
  it('an address that is blocked keeps quiet for five minutes, then ten', async () => {
    const exchange = exchangeOf({
      faults: { rules: [{ path: '/api/v3/time', fault: { kind: 'blocked', seconds: 400 } }] },
    })
    const world = virtualWorld(exchange, { latencyMs: 100 })
    const { error } = await attempt(job(klines('BTCUSDT')), { world, maxWaitMs: 3_600_000 })
    expect(error).toMatchObject({ code: 'E_REJECTED' })
    expect(exchange.log.count).toBe(2)
    const [first, second] = exchange.log.entries
    expect(Number(second!.at - first!.at)).toBeGreaterThanOrEqual(300e6)
    // Regression: the next process went on at once.
    const next = virtualWorld(exchange, { clock: world.clock, files: world.files, latencyMs: 100 })
    expect(
      (await attempt(job(klines('BTCUSDT')), { world: next, maxWaitMs: 3_600_000 })).exit,
    ).toBe(0)
    const third = exchange.log.entries[2]
    expect(Number(third!.at - second!.at)).toBeGreaterThanOrEqual(600e6)
  })

  it('a symbol that trips the firewall fails alone, and each time all keep quiet for five minutes', async () => {
    const exchange = exchangeOf({
      faults: {
        rules: [
          { query: 'symbol=UNIONUSDT&interval', times: Infinity, fault: { kind: 'blocked' } },
        ],
      },
    })
    const world = virtualWorld(exchange, { latencyMs: 100 })
    const datasets = klines('UNIONUSDT, ETHUSDT, BNBUSDT')
    const { exit, summary } = await attempt(job(datasets), { world })
    expect(exit).toBe(3)
    expect(summary?.series.map(({ key, complete }) => [key.symbol, complete])).toEqual(
      expect.arrayContaining([
        ['UNIONUSDT', false],
        ['ETHUSDT', true],
        ['BNBUSDT', true],
      ]),
    )
    const blocks = exchange.log.entries.filter(({ status }) => status === 403)
    expect(blocks.length).toBeLessThanOrEqual(2 * 8)
    for (const { at } of blocks) {
      const next = exchange.log.entries.find((entry) => entry.at > at + 200_000n)
      if (next !== undefined) expect(Number(next.at - at)).toBeGreaterThanOrEqual(299e6)
    }
  })
})

test('451 ends at once: one request, exit 5, an explanation, an untouched lake', async () => {
  const exchange = exchangeOf({ faults: { rules: [{ fault: { kind: 'region' } }] } })
  const world = virtualWorld(exchange, { latencyMs: 100 })
  const { exit, error } = await attempt(job(klines('BTCUSDT, ETHUSDT')), { world })
  expect(exit).toBe(5)
  expect(error).toMatchObject({ code: 'E_REGION', retryAfterMs: undefined })
  expect((error as Error).message).toContain('restricted location')
  expect(exchange.log.count).toBe(1)
  expect(await lakeOf(world.files)).toEqual({})
})

test('451 in mid-run ends it; what arrived is kept', async () => {
  const exchange = exchangeOf({
    faults: {
      rules: [{ path: '/api/v3/klines', nth: 9, times: Infinity, fault: { kind: 'region' } }],
    },
  })
  const world = virtualWorld(exchange, { latencyMs: 100 })
  const { exit, summary } = await attempt(job(klines('BTCUSDT')), { world })
  expect(exit).toBe(5)
  expect(summary?.rows).toBeGreaterThan(0)
  expect(
    requestsAfter(exchange, exchange.log.entries.find(({ status }) => status === 451)!.at),
  ).toBeLessThanOrEqual(7)
})
