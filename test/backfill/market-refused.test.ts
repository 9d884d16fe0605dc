/** A market that is not served here: what the jobs want of the others is fetched all the same. */

import { expect, test } from 'vitest'
import { planJobs } from '../../src/backfill/plan-jobs.ts'
import { BannedError } from '../../src/base/errors.ts'
import { parseJob } from '../../src/job/parse.ts'
import type { Fault, FaultRule } from '../../src/simulator/fault.ts'
import { run, serve, tempDir } from '../support/lake.ts'

const UM = ['/fapi/v1/time', '/fapi/v1/exchangeInfo', '/fapi/v1/klines']
const ALL = [...UM, '/dapi/v1/time', '/dapi/v1/exchangeInfo', '/dapi/v1/klines', '/api/v3/time']

async function world(paths: readonly string[], fault: Fault) {
  const rules = paths.map((path): FaultRule => ({ path, fault, times: Infinity }))
  const { url } = await serve({
    exchange: {
      symbols: [{ symbol: 'BTCUSDT' }],
      um: { symbols: [{ symbol: 'BTCUSDT' }, { symbol: 'ETHUSDT' }] },
      cm: { symbols: [{ symbol: 'BTCUSD_PERP' }] },
      faults: { rules },
      archive: {},
    },
  })
  const baseUrls = [url, `um=${url}`, `cm=${url}`]
  return { dataDir: await tempDir(), baseUrls, archiveUrl: url, maxWaitMs: 1_000 }
}

const UM_SYMBOLS = '[BTCUSDT, ETHUSDT]'

function job(symbols = UM_SYMBOLS, more = ''): string {
  return `
version: 1
from: 2026-03-01
to: 2026-03-02
source: rest
datasets:
  - {kind: klines, intervals: [1h], market: um, symbols: ${symbols}}
  - {kind: klines, intervals: [1h], market: cm, symbols: [BTCUSD_PERP]}
  - {kind: klines, intervals: [1h], symbols: [BTCUSDT]}
  ${more}
`
}

const REGION: Fault = { kind: 'region' }

test.each([
  ['451', UM, REGION],
  ['403', UM, { kind: 'blocked' }],
  ['451 to rows alone', UM.slice(2), REGION],
] as const)('%s of um: spot and cm are complete, and um says why it is not', async (...given) => {
  const [, paths, fault] = given
  const { summary, error } = await run(job(), await world(paths, fault))
  expect(error).toBeUndefined()
  expect(summary).toMatchObject({ exit: 3, complete: false, rows: 48 })
  const told = summary.series.map(({ key, complete, error }) => [key.market, complete, error?.code])
  expect(told).toEqual([
    ['um', false, 'E_UNAVAILABLE'],
    ['um', false, 'E_UNAVAILABLE'],
    ['cm', true, undefined],
    ['spot', true, undefined],
  ])
  expect(summary.series[0]?.error?.message).toMatch(/^market um: /)
})

test.each(['banned', 'limited'] as const)(
  '%s in um: the others are kept, and the run ends so',
  async (kind) => {
    const [path] = UM.slice(2)
    const { summary, error } = await run(job(), await world([path!], { kind, seconds: 60 }))
    expect(error).toBeUndefined()
    expect(summary).toMatchObject({ exit: 5, complete: false })
    const told = summary.series.map(({ key, complete }) => [key.market, complete])
    expect(told.at(-1)).toEqual(['spot', true])
    expect(told.slice(0, 2)).toEqual([
      ['um', false],
      ['um', false],
    ])
  },
)

test('without any market that serves, the run ends as that of one market does', async () => {
  const { summary, error } = await run(job(), await world(ALL, REGION))
  expect(error).toBeInstanceOf(BannedError)
  expect(summary).toMatchObject({ exit: 5, complete: false, rows: 0 })
})

test('symbols that only exchangeInfo could name are missed too', async () => {
  const { summary, events } = await run(job('{quote: USDT}'), await world(UM, REGION))
  expect(summary).toMatchObject({ exit: 3, complete: false, rows: 48 })
  const warnings = events.flatMap((event) => (event.kind === 'warning' ? [event.message] : []))
  expect(warnings).toContainEqual(expect.stringMatching(/^market um: /))
})

test('what comes from files alone needs no other answer', async () => {
  const more = '- {kind: klines, intervals: [1d], market: um, symbols: [BTCUSDT], source: archive}'
  const { summary } = await run(job(UM_SYMBOLS, more), await world(UM, REGION))
  const told = summary.series.map(({ key, complete }) => [key.market, key.interval, complete])
  expect(told).toContainEqual(['um', '1d', true])
  expect(told).toContainEqual(['um', '1h', false])
})

test('a plan has the other markets too', async () => {
  const plan = await planJobs([parseJob(job(), 'test.yaml')], await world(UM, REGION))
  expect(
    plan.series.map(({ key, requests, problem }) => [key.market, requests, problem?.code]),
  ).toEqual([
    ['um', 0, 'E_UNAVAILABLE'],
    ['um', 0, 'E_UNAVAILABLE'],
    ['cm', 1, undefined],
    ['spot', 1, undefined],
  ])
})
