/**
 * The budget's law: in no window of the server's clock is more used than the exchange allows, under any interleaving,
 * latency and difference of clocks. The exchange's own books are the witness.
 */

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ExchangeClient as Client } from '../../src/walk/exchange.ts'
import { Exchange, type ExchangeOptions, type LimitRule } from '../../src/simulator/index.ts'
import { seededRandom } from '../support/sim-world.ts'
import { virtualWorld } from '../support/virtual.ts'

const PATHS = [
  { path: '/api/v3/ping', params: [], weight: 1 },
  {
    path: '/api/v3/klines',
    params: [['symbol', 'BTCUSDT'] as const, ['interval', '1d'] as const],
    weight: 2,
  },
  {
    path: '/api/v3/aggTrades',
    params: [['symbol', 'BTCUSDT'] as const, ['fromId', 1] as const],
    weight: 4,
  },
  { path: '/api/v3/exchangeInfo', params: [['symbol', 'BTCUSDT'] as const], weight: 20 },
] as const

/** More with `FUZZ_RUNS`, as the long suites do. */
const RUNS = Number(process.env['FUZZ_RUNS'] ?? 60)

type Case = {
  readonly seed: number
  readonly limits: readonly { readonly seconds: number; readonly limit: number }[]
  readonly rawLimit: number
  readonly share: number
  readonly wallOffsetMs: number
  readonly startMs: number
  readonly latencyMsMax: number
  readonly workers: number
  readonly requests: number
  readonly pauseMsMax: number
  readonly weightHeaders: 'exact' | 'missing' | 'garbage' | 'lower'
  /** Where the wall clock goes to in the course, minus the true one. */
  readonly jumps: readonly number[]
  readonly driftPpm: number
}

const cases: fc.Arbitrary<Case> = fc.record({
  seed: fc.integer({ min: 1, max: 1e6 }),
  limits: fc
    .array(
      fc.record({
        seconds: fc.constantFrom(1, 5, 10, 60),
        limit: fc.integer({ min: 45, max: 300 }),
      }),
      {
        minLength: 1,
        maxLength: 2,
      },
    )
    .map((limits) => [...new Map(limits.map((one) => [one.seconds, one])).values()]),
  rawLimit: fc.integer({ min: 10, max: 100 }),
  share: fc.constantFrom(0.5, 0.9, 1),
  wallOffsetMs: fc.integer({ min: -20_000_000, max: 20_000_000 }),
  startMs: fc.integer({ min: 0, max: 60_000 }),
  latencyMsMax: fc.constantFrom(0, 1, 50, 400, 3_000),
  workers: fc.integer({ min: 1, max: 12 }),
  requests: fc.integer({ min: 20, max: 90 }),
  pauseMsMax: fc.constantFrom(0, 10, 20_000, 300_000),
  weightHeaders: fc.constantFrom('exact', 'missing', 'garbage', 'lower'),
  jumps: fc.array(fc.integer({ min: -7_200_000, max: 7_200_000 }), { maxLength: 3 }),
  driftPpm: fc.constantFrom(0, -200, 200),
})

function rulesOf({ limits, rawLimit }: Pick<Case, 'limits' | 'rawLimit'>): LimitRule[] {
  return [
    ...limits.map(({ seconds, limit }): LimitRule => ({
      rateLimitType: 'REQUEST_WEIGHT',
      interval: 'SECOND',
      intervalNum: seconds,
      limit,
    })),
    { rateLimitType: 'RAW_REQUESTS', interval: 'SECOND', intervalNum: 10, limit: rawLimit },
  ]
}

function newExchange(options: Partial<ExchangeOptions>): Exchange {
  return new Exchange({ symbols: [{ symbol: 'BTCUSDT' }], ...options })
}

/** Several askers with pauses of their own, until `requests` were answered. */
async function ask(exchange: Exchange, it: Case): Promise<Client> {
  let wallOffsetMs = it.wallOffsetMs
  const { seed, latencyMsMax, driftPpm } = it
  const world = virtualWorld(exchange, {
    seed,
    latencyMsMax,
    driftPpm,
    wallOffsetMs: () => wallOffsetMs,
  })
  world.clock.skip(it.startMs)
  const client = new Client(
    world,
    { weightShare: it.share, concurrency: 8, maxWaitMs: 1e9 },
    { onWait: () => undefined, onWarning: () => undefined },
    undefined,
  )
  await client.open({ kind: 'symbol', symbol: 'BTCUSDT' })
  const random = seededRandom(it.seed + 7)
  let left = it.requests
  const work = async (): Promise<void> => {
    while (left-- > 0) {
      const what = PATHS[Math.floor(random.next() * 3)]!
      await world.clock.sleep(random.next() * it.pauseMsMax)
      await client.gateways.ask({ ...what, hosts: 'public' }, () => undefined)
      const jump = it.jumps[left % 20]
      if (jump !== undefined) wallOffsetMs = jump
    }
  }
  await Promise.all(Array.from({ length: it.workers }, work))
  return client
}

test('one process: no window over its limit, whatever the clocks, the latency and the headers', async () => {
  await fc.assert(
    fc.asyncProperty(cases, async (it) => {
      const { weightHeaders } = it
      const exchange = newExchange({ limits: { rules: rulesOf(it), weightHeaders } })
      await ask(exchange, it)
      expect(exchange.log.overLimit()).toEqual([])
      expect(exchange.log.refusals).toEqual({ limited: 0, banned: 0, blocked: 0 })
    }),
    { numRuns: RUNS },
  )
}, 3_600_000)
