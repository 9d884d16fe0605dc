/** Symbols that nobody knows are named before anything is fetched; the others are planned, and fetched. */

import { expect, test } from 'vitest'
import { planJobs } from '../../src/backfill/plan-jobs.ts'
import { parseMicros } from '../../src/base/time.ts'
import { UnknownSymbolError } from '../../src/base/errors.ts'
import { parseJob } from '../../src/job/parse.ts'
import { Exchange } from '../../src/simulator/index.ts'
import { run, serve, tempDir } from '../support/lake.ts'
import { memFiles } from '../support/mem-files.ts'
import { attempt, virtualWorld } from '../support/virtual.ts'

const SYMBOLS = [
  { symbol: 'BTCUSDT', listedAt: parseMicros('2023-06-01') },
  { symbol: 'OLDUSDT', listed: false },
]
const jobOf = (symbols: string, from = '2024-01-01', source = 'rest'): string =>
  `{version: 1, source: ${source}, symbols: [${symbols}], from: ${from}, to: 2024-01-02, datasets: [{kind: klines, intervals: [1h, 1d]}]}`

async function planned(symbols: string): Promise<{
  readonly refused: readonly (readonly [string, string | undefined, number])[]
  readonly asked: readonly string[]
}> {
  const exchange = new Exchange({ symbols: SYMBOLS })
  const job = parseJob(jobOf(symbols), 'job.yaml')
  const { series } = await planJobs([job], { world: virtualWorld(exchange) })
  return {
    refused: series.map(({ key, problem, tasks }) => [key.symbol, problem?.code, tasks.length]),
    asked: exchange.log.entries.flatMap(({ path, query }) =>
      path === '/api/v3/klines' ? [new URLSearchParams(query).get('symbol') ?? ''] : [],
    ),
  }
}

test('one that nobody knows has its problem, and nothing to do; one of before still has a history', async () => {
  const { refused, asked } = await planned('NOPEUSDT, OLDUSDT, BTCUSDT')
  expect(refused).toEqual([
    ['NOPEUSDT', 'E_UNKNOWN_SYMBOL', 0],
    ['NOPEUSDT', 'E_UNKNOWN_SYMBOL', 0],
    ['OLDUSDT', undefined, 1],
    ['OLDUSDT', undefined, 1],
    ['BTCUSDT', undefined, 1],
    ['BTCUSDT', undefined, 1],
  ])
  // Those alone that exchangeInfo does not name, once each.
  expect(asked).toEqual(['NOPEUSDT', 'OLDUSDT'])
})

test('alone, one of before is planned, and one that nobody knows is refused with the nearest', async () => {
  expect((await planned('OLDUSDT')).refused).toEqual([
    ['OLDUSDT', undefined, 1],
    ['OLDUSDT', undefined, 1],
  ])
  await expect(planned('BTCUSDX')).rejects.toThrow(UnknownSymbolError)
  await expect(planned('BTCUSDX')).rejects.toThrow('did you mean "BTCUSDT"?')
})

test.each(['2024-01-01', 'listing'])(
  'a run of nothing else, from %s, ends with 2, and writes nothing',
  async (from) => {
    const files = memFiles()
    const exchange = new Exchange({ symbols: SYMBOLS })
    const world = virtualWorld(exchange, { files })
    expect(await attempt(jobOf('BTCUSDX', from), { world })).toMatchObject({
      exit: 2,
      error: { code: 'E_UNKNOWN_SYMBOL' },
    })
    expect([...files.contents.keys()].filter((path) => !path.startsWith('_lock/'))).toEqual([])
  },
)

test.each(['rest', 'auto'])('a run from %s fetches the others, and ends with 3', async (source) => {
  const exchange = new Exchange({ symbols: SYMBOLS })
  const world = virtualWorld(exchange)
  const { exit, summary } = await attempt(jobOf('BTCUSDX, BTCUSDT', '2024-01-01', source), {
    world,
  })
  expect(exit).toBe(3)
  expect(summary?.series.map(({ key, rows, error }) => [key.symbol, rows, error?.code])).toEqual([
    ['BTCUSDX', 0, 'E_UNKNOWN_SYMBOL'],
    ['BTCUSDX', 0, 'E_UNKNOWN_SYMBOL'],
    ['BTCUSDT', 24, undefined],
    ['BTCUSDT', 1, undefined],
  ])
  // Nobody looks again for what the lake has.
  const before = exchange.log.entries.length
  await attempt(jobOf('BTCUSDT', '2024-01-01', source), { world })
  expect(exchange.log.entries.slice(before).map(({ path }) => path)).not.toContain('/api/v3/klines')
})

test('one that the archive alone has, of another time, is no slip', async () => {
  const refusal = {
    path: '/api/v3/klines',
    query: 'symbol=LUNAUSDT',
    fault: { kind: 'error', code: -1121 },
  } as const
  const simulator = await serve({
    exchange: {
      symbols: [
        ...SYMBOLS,
        { symbol: 'LUNAUSDT', listed: false, delistedAt: parseMicros('2022-05-13') },
      ],
      faults: { rules: [{ ...refusal, times: Infinity }] },
    },
  })
  const there = { baseUrls: [simulator.url], archiveUrl: simulator.url, dataDir: await tempDir() }
  const { summary } = await run(jobOf('LUNAUSDT, NOPEUSDT', '2024-01-01', 'auto'), there)
  expect(summary.series.map(({ key, error }) => [key.symbol, error?.code])).toEqual([
    ['LUNAUSDT', 'E_REJECTED'],
    ['LUNAUSDT', 'E_REJECTED'],
    ['NOPEUSDT', 'E_UNKNOWN_SYMBOL'],
    ['NOPEUSDT', 'E_UNKNOWN_SYMBOL'],
  ])
})
