/** Pools of a mixed run: what is counted besides weight is kept within its limit, and no pool waits for another. */

import { expect, test } from 'vitest'
import { planJobs } from '../../src/backfill/plan-jobs.ts'
import { parseMicros } from '../../src/base/time.ts'
import { parseJob } from '../../src/job/parse.ts'
import { Exchange, type ExchangeOptions } from '../../src/simulator/index.ts'
import { attempt, virtualWorld } from '../support/virtual.ts'

const START = parseMicros('2026-06-01T00:10')
const SYMBOLS = ['ADAUSDT', 'BNBUSDT', 'BTCUSDT', 'ETHUSDT']

/** A small share of each limit, for the exchange and for the run. */
const SHARE = 0.015
const SMALL: Partial<ExchangeOptions> = { futuresPools: { funding: 7, data: 15 } }

function world(more: Partial<ExchangeOptions> = {}) {
  const exchange = new Exchange({
    symbols: [{ symbol: 'BTCUSDT' }],
    um: { symbols: SYMBOLS.map((symbol) => ({ symbol })) },
    cm: { symbols: [{ symbol: 'BTCUSD_PERP' }] },
    ...more,
  })
  return { exchange, world: virtualWorld(exchange, { start: START, latencyMs: 40 }) }
}

const SAMPLES = `
version: 1
market: um
symbols: [${SYMBOLS.join(', ')}]
from: 10d
datasets:
  - {kind: openInterestHist, intervals: [5m]}
  - {kind: takerVolume, intervals: [5m]}
`

test('requests that are counted besides weight are kept within their limits, and the plan knows how long that takes', async () => {
  const { exchange, world: own } = world(SMALL)
  const options = { world: own, weightShare: SHARE }
  const { total } = await planJobs([parseJob(SAMPLES, 'x.yaml')], options)
  const beganMs = own.clock.monotonicMs()
  const { summary, error } = await attempt(SAMPLES, options)
  expect(error).toBeUndefined()
  expect(summary).toMatchObject({ exit: 0, complete: true })
  const { entries } = exchange.futuresLog
  expect(entries.filter(({ path }) => path.startsWith('/futures/data/')).length).toBeGreaterThan(45)
  expect(entries.filter(({ status }) => status !== 200)).toEqual([])
  const minutes = (own.clock.monotonicMs() - beganMs) / 60_000
  expect(minutes).toBeGreaterThan(15)
  expect(total.minutes).toBeGreaterThan(minutes * 0.9)
  expect(total.minutes).toBeLessThan(minutes * 1.1)
})

test('the stand-in refuses what exceeds a pool', () => {
  const { exchange } = world(SMALL)
  const query = 'symbol=BTCUSDT&period=5m&limit=1'
  const ask = (path: string): number =>
    exchange.handle({ path, query, headers: {}, ip: '192.0.2.1' }, START).status
  const statuses = Array.from({ length: 16 }, () => ask('/futures/data/openInterestHist'))
  expect([statuses.indexOf(429), statuses.at(-1)]).toEqual([15, 429])
})

const MIXED = `
version: 1
source: rest
datasets:
  - {kind: openInterestHist, intervals: [5m, 2h, 4h], market: um, symbols: [${SYMBOLS.join(', ')}], from: 10d}
  - {kind: klines, intervals: [1h], market: um, symbols: [${SYMBOLS.join(', ')}], from: 60d}
  - {kind: klines, intervals: [1h], market: cm, symbols: [BTCUSD_PERP], from: 60d}
  - {kind: klines, intervals: [1h], symbols: [BTCUSDT], from: 60d}
`

test('while samples wait for their pool, klines of spot, um and cm come', async () => {
  const { exchange, world: own } = world()
  const { summary, error } = await attempt(MIXED, { world: own, weightShare: SHARE })
  expect(error).toBeUndefined()
  expect(summary).toMatchObject({ exit: 0, complete: true })
  const all = [...exchange.log.entries, ...exchange.futuresLog.entries]
  const lastOf = (path: RegExp): number =>
    Math.max(...all.filter((one) => path.test(one.path)).map(({ at }) => Number(at - START) / 1e6))
  expect(lastOf(/^.futures.data/)).toBeGreaterThan(300)
  for (const path of [/^.fapi.v1.klines/, /^.dapi.v1.klines/, /^.api.v3.klines/])
    expect(lastOf(path)).toBeLessThan(299)
})

test.each(['um', 'cm'] as const)('%s alone uses its share of the shared limit', async (market) => {
  const { exchange, world: own } = world()
  const symbol = market === 'um' ? 'BTCUSDT' : 'BTCUSD_PERP'
  const job = `{version: 1, source: rest, market: ${market}, symbols: [${symbol}], from: 40d, datasets: [{kind: klines, intervals: [1m]}]}`
  const { summary } = await attempt(job, { world: own, weightShare: 0.03 })
  expect(summary).toMatchObject({ exit: 0, complete: true })
  const weights = exchange.futuresLog.windows().map(({ used }) => used)
  expect(weights.length).toBeGreaterThan(3)
  // The first minute was begun before, and the last is not full.
  for (const used of weights.slice(1, -1)) {
    expect(used).toBeGreaterThanOrEqual(0.03 * 2_400 * 0.99)
    expect(used).toBeLessThanOrEqual(0.03 * 2_400)
  }
})
