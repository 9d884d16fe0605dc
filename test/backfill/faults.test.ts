/**
 * Whole runs through a network that breaks: the lake is that of a calm run, byte for byte, or the run says what is
 * missing; no row is ever wrong. Seeded; a failure names its seed.
 */

import { describe, expect, it, onTestFinished } from 'vitest'
import type { SeriesKey } from '../../src/binance/series.ts'
import { ExchangeClient as Client } from '../../src/walk/exchange.ts'
import { nodeHttp } from '../../src/node/http.ts'
import type { FaultOptions, Simulator } from '../../src/simulator/index.ts'
import {
  askedAgain,
  atRandom,
  calmRun,
  CHAOS_JOB,
  chaosExchange,
  chaosRound,
  coverageOf,
  expectHonest,
  expectSameLake,
  FAULTS,
  finishCalmly,
  LIES,
} from '../support/chaos.ts'
import { serve } from '../support/lake.ts'
import { memFiles } from '../support/mem-files.ts'
import { simWorld } from '../support/sim-world.ts'
import { attempt, lakeOf, virtualWorld } from '../support/virtual.ts'

/** More with `FUZZ_RUNS`, as the long suites do. */
const RUNS = Number(process.env['FUZZ_RUNS'] ?? 40)
const FEW = RUNS / 5
const OVER_SOCKETS = RUNS / 10

describe('30 % of all answers are faulty', () => {
  it(`${RUNS} runs: the lake of the calm run, or exit 3 and exactly what is missing`, async () => {
    const calm = await calmRun()
    const outcomes: Record<string, number> = {}
    let played = 0
    for (let seed = 1; seed <= RUNS; seed++) {
      const { exit, faults } = await chaosRound(seed, atRandom(seed, 0.3), calm)
      outcomes[`exit ${exit}`] = (outcomes[`exit ${exit}`] ?? 0) + 1
      played += faults
    }
    console.log(`${RUNS} runs, ${played} faults:`, outcomes)
    expect(outcomes['exit 0']).toBeGreaterThan(0.9 * RUNS)
    expect(played).toBeGreaterThan(5 * RUNS)
  }, 3_600_000)

  it(`${FEW} runs with pages that lie: never a wrong row`, async () => {
    const calm = await calmRun()
    const outcomes: Record<string, number> = {}
    for (let seed = 1; seed <= FEW; seed++) {
      const { exit } = await chaosRound(
        seed,
        atRandom(seed, 0.3, [...FAULTS, ...LIES, ...LIES, ...LIES]),
        calm,
      )
      outcomes[`exit ${exit}`] = (outcomes[`exit ${exit}`] ?? 0) + 1
    }
    console.log(`${FEW} runs:`, outcomes)
  }, 3_600_000)
})

it('regression: pages that were answered before a failure are kept, where a stretch takes many', async () => {
  const fault = { kind: 'status', status: 503 } as const
  const rules = [{ query: 'symbol=BTCUSDT&interval=1m', nth: 7, times: Infinity, fault }]
  const exchange = chaosExchange({ pageRows: 100, faults: { rules } })
  const files = memFiles()
  const { exit, summary } = await attempt(CHAOS_JOB, { world: virtualWorld(exchange, { files }) })
  expect(exit).toBe(3)
  const of = summary?.series.find(({ key }) => key.symbol === 'BTCUSDT' && key.interval === '1m')
  // Six pages; the slot at the end of the last one waits for the next.
  expect(of).toMatchObject({ complete: false, rows: 599 })
  expect(await finishCalmly(files, chaosExchange({ pageRows: 100 }))).toEqual([])
  expectSameLake(await lakeOf(files), (await calmRun()).lake)
})

it('regression: a gap across two periods is known though its page came in halves', async () => {
  const fault = { kind: 'page', page: 'short' } as const
  const query = 'symbol=ETHUSDT&interval=1m'
  const exchange = chaosExchange({ faults: { rules: [{ query, nth: 2, fault }] } })
  const files = memFiles()
  expect((await attempt(CHAOS_JOB, { world: virtualWorld(exchange, { files }) })).exit).toBe(0)
  expect(exchange.log.faults).toEqual({ page: 1 })
  expectSameLake(await lakeOf(files), (await calmRun()).lake)
})

it(`${FEW} runs through 75 % faults, again and again until done: exactly what is missing is told, nothing asked twice, the lake of the calm run`, async () => {
  const calm = await calmRun()
  let incomplete = 0
  for (let seed = 1; seed <= FEW; seed++) {
    const files = memFiles()
    // Every other exchange gives less than is asked for, so that a failure comes in the midst of a stretch.
    const less = seed % 2 === 0 ? { pageRows: 150 } : {}
    const exchange = chaosExchange({ faults: atRandom(seed, 0.75), ...less })
    for (let round = 1; ; round++) {
      const since = exchange.log.count
      const covered = await coverageOf(files)
      const { exit, summary } = await attempt(CHAOS_JOB, {
        world: virtualWorld(exchange, { files, seed: round }),
      })
      expect(askedAgain(covered, exchange, since), `seed ${seed}, round ${round}`).toEqual([])
      if (exit === 0) break
      incomplete += 1
      expect([3, 4], `seed ${seed}, round ${round}`).toContain(exit)
      await expectHonest(files, calm, summary)
      expect(round, `seed ${seed}`).toBeLessThan(200)
    }
    expectSameLake(await lakeOf(files), calm.lake, `seed ${seed}`)
  }
  console.log(`${incomplete} runs ended incomplete`)
}, 3_600_000)

describe('over real sockets', () => {
  const KEY: SeriesKey = { market: 'spot', dataset: 'klines', symbol: 'BTCUSDT', interval: '1m' }
  const MINUTE_MS = 60_000
  const events = { onWait: () => undefined, onWarning: () => undefined }

  async function connect(faults: FaultOptions): Promise<{ client: Client; simulator: Simulator }> {
    const http = nodeHttp()
    onTestFinished(() => http.close())
    const world = simWorld({ http })
    // One clock for both: were the server's to run on alone, its answers would contradict ours after a while.
    const { clock } = world
    const simulator = await serve({ exchange: chaosExchange({ faults }), clock })
    const client = new Client(world, { baseUrls: [simulator.url] }, events, undefined)
    await client.open({ kind: 'symbol', symbol: 'BTCUSDT' })
    return { client, simulator }
  }

  it(`${OVER_SOCKETS} whole runs through 30 % faults: the lake of the calm run`, async () => {
    const calm = await calmRun()
    // What stands still takes its twenty seconds in earnest here.
    const faults = FAULTS.filter(({ kind }) => kind !== 'hang' && kind !== 'drip')
    let played = 0
    for (let seed = 1; seed <= OVER_SOCKETS; seed++) {
      const exchange = chaosExchange({ faults: atRandom(seed, 0.3, faults) })
      const http = nodeHttp()
      const world = simWorld({ http, seed })
      const simulator = await serve({ exchange, clock: world.clock })
      const { exit } = await attempt(CHAOS_JOB, { world, baseUrls: [simulator.url] })
      expect(exit, `seed ${seed}`).toBe(0)
      expectSameLake(await lakeOf(world.files), calm.lake, `seed ${seed}`)
      played += Object.values(simulator.log.faults).reduce((sum, count) => sum + count, 0)
      await http.close()
    }
    console.log(`${OVER_SOCKETS} runs over sockets, ${played} faults`)
    expect(played).toBeGreaterThan(4 * OVER_SOCKETS)
  }, 3_600_000)

  it('a gzip stream that is cut at every 1 % is never taken for a page', async () => {
    const rules = Array.from({ length: 100 }, (_, percent) => ({
      path: '/api/v3/klines',
      query: `startTime=${percent * MINUTE_MS}&`,
      fault: { kind: 'truncatedGzip', fraction: percent / 100 } as const,
    }))
    const { client, simulator } = await connect({ rules })
    const ask = client.pages(KEY, 'string', 0)
    const first = await ask({ startTime: 100n * BigInt(MINUTE_MS), limit: 1_000 }, () => undefined)
    for (let percent = 0; percent < 100; percent++) {
      const params = { startTime: BigInt(percent * MINUTE_MS), limit: 1_000 }
      const page = await ask(params, () => undefined)
      expect(page.keys, `${percent} %`).toEqual(first.keys)
    }
    expect(simulator.log.faults).toEqual({ truncatedGzip: 100 })
  })

  it('a server that closes after each answer: 2,000 pages, each once and none lost', async () => {
    const fault = { kind: 'closeAfter' } as const
    const { client, simulator } = await connect({ rules: [{ fault, times: Infinity }] })
    const ask = client.pages(KEY, 'string', 0)
    const opens: bigint[] = []
    let next = 0
    const work = async (): Promise<void> => {
      for (let page = next++; page < 2_000; page = next++) {
        const startTime = 1_700_000_040_000n + BigInt(page * MINUTE_MS)
        const { keys } = await ask({ startTime, limit: 1 }, () => undefined)
        opens[page] = keys[0]!
      }
    }
    await Promise.all(Array.from({ length: 8 }, work))
    expect(opens).toEqual(
      Array.from(
        { length: 2_000 },
        (_, page) => (1_700_000_040_000n + BigInt(page * MINUTE_MS)) * 1_000n,
      ),
    )
    // Two questions before, and not one page asked again: who finds its connection closed uses another at once.
    expect(client.gateways.spent.requests).toBe(2_002)
    expect(simulator.log.faults).toEqual({ closeAfter: simulator.log.count })
  })
})
