/** Series of a pair and a type of contract. */

import { expect, test } from 'vitest'
import { parseMicros } from '../../src/base/time.ts'
import { parseJob } from '../../src/job/parse.ts'
import { readSeries } from '../../src/query/read.ts'
import { sql } from '../../src/query/sql.ts'
import { status } from '../../src/query/status.ts'
import { trueKlines, type ExchangeOptions } from '../../src/simulator/index.ts'
import { verify } from '../../src/verify/verify.ts'
import { parquet, query } from '../support/duck.ts'
import { contents, run, serve, tempDir } from '../support/lake.ts'

const EXCHANGE: ExchangeOptions = {
  symbols: [{ symbol: 'BTCUSDT' }],
  um: {
    symbols: [
      { symbol: 'BTCUSDT', price: 60_000 },
      { symbol: 'BTCUSDT_270326', price: 60_900 },
    ],
  },
  cm: {
    symbols: [
      { symbol: 'BTCUSD_PERP', price: 60_100, quantityDecimals: 0 },
      { symbol: 'BTCUSD_270326', price: 60_800, quantityDecimals: 0 },
    ],
  },
}

test.each([
  ['um', 'BTCUSDT', 'BTCUSDT'],
  ['cm', 'BTCUSD', 'BTCUSD_PERP'],
] as const)('%s continuousKlines are those of each type of contract', async (...given) => {
  const [market, pair, perpetual] = given
  const simulator = await serve({ exchange: EXCHANGE })
  const { url } = simulator
  const options = { dataDir: await tempDir(), baseUrls: [`um=${url}`, `cm=${url}`] }
  const text = `
version: 1
market: ${market}
symbols: [${pair}]
contracts: [PERPETUAL, CURRENT_QUARTER]
from: 2026-03-01
to: 2026-03-03
datasets: [{kind: continuousKlines, intervals: [1h]}]
`
  const { summary, error } = await run(text, options)
  expect(error).toBeUndefined()
  expect(summary).toMatchObject({ complete: true, exit: 0, rows: 96 })
  const window = { from: parseMicros('2026-03-01'), to: parseMicros('2026-03-03') }
  for (const [contract, symbol] of [
    ['PERPETUAL', perpetual],
    ['CURRENT_QUARTER', `${pair}_270326`],
  ] as const) {
    const path = `${market}/continuousKlines/interval=1h/symbol=${pair}/contract=${contract}`
    const rows = await query(
      `SELECT epoch_us(open_time) AS t, open::VARCHAR AS open, close::VARCHAR AS close FROM ${parquet(options.dataDir, path)} ORDER BY t`,
    )
    const own = simulator.exchange.market(market)
    const truth = trueKlines(own, {
      symbol,
      interval: '1h',
      window,
      now: parseMicros('2026-11-29'),
    })
    expect(rows.map(({ t, open, close }) => [t, Number(open), Number(close)])).toEqual(
      truth.map(({ openTime, open, close }) => [String(openTime), Number(open), Number(close)]),
    )
    const read = {
      ...options,
      market,
      dataset: 'continuousKlines',
      symbol: pair,
      contract,
    } as const
    let count = 0
    for await (const batch of readSeries({ ...read, interval: '1h' })) count += batch.numRows
    expect(count).toBe(48)
  }
  const view = await sql(
    `SELECT contract, count(*) AS n FROM ${market}_continuousKlines GROUP BY ALL ORDER BY ALL`,
    options,
  )
  const told: unknown[] = []
  for await (const rows of view.rows()) told.push(...rows)
  view.close()
  expect(told).toHaveLength(2)
  const { series } = await status([parseJob(text, 'x.yaml')], options)
  expect(series.map(({ contract, verdict }) => [contract, verdict])).toEqual([
    ['PERPETUAL', 'complete'],
    ['CURRENT_QUARTER', 'complete'],
  ])
  const checked: unknown[] = []
  for await (const step of verify([], options)) checked.push(step)
  expect(checked.at(-1)).toMatchObject({ kind: 'report', ok: true })
  const before = await contents(options.dataDir)
  expect((await run(text, options)).summary).toMatchObject({ complete: true, rows: 0 })
  expect(await contents(options.dataDir)).toEqual(before)
})

function problemOf(text: string): string {
  try {
    parseJob(`version: 1\nfrom: 30d\n${text}`, 'x.yaml')
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
  return ''
}

test.each([
  [
    'market: cm\nsymbols: [BTCUSD]\ndatasets: [{kind: continuousKlines, intervals: [1h]}]',
    'is missing; continuousKlines need e.g. contracts: [PERPETUAL]',
  ],
  [
    'market: cm\nsymbols: [BTCUSD]\ncontracts: [TRADIFI_PERPETUAL]\ndatasets: [{kind: continuousKlines, intervals: [1h]}]',
    'continuousKlines of cm have no "TRADIFI_PERPETUAL"; they have PERPETUAL, CURRENT_QUARTER or NEXT_QUARTER',
  ],
  [
    'market: um\nsymbols: [BTCUSDT]\ndatasets: [{kind: klines, intervals: [1h], contracts: [PERPETUAL]}]',
    'klines have no contracts; leave them out',
  ],
  [
    'market: um\nsymbols: [BTCUSDT_270326]\ncontracts: [PERPETUAL]\ndatasets: [{kind: continuousKlines, intervals: [1h]}]',
    '"BTCUSDT_270326" is a contract, and continuousKlines are of a pair; write BTCUSDT',
  ],
  [
    'market: um\nsymbols: [BTCUSDT]\ncontracts: [PERPETUAL, PERPETUAL]\ndatasets: [{kind: continuousKlines, intervals: [1h]}]',
    '"PERPETUAL" occurs twice',
  ],
  [
    'market: um\nsymbols: [BTCUSDT]\ncontracts: [CURENT_QUARTER]\ndatasets: [{kind: continuousKlines, intervals: [1h]}]',
    'did you mean "CURRENT_QUARTER"?',
  ],
])('refused: %s', (text, words) => {
  expect(problemOf(text)).toContain(words)
})

test('at the top level contracts are for those datasets that have them', () => {
  const text =
    'market: um\nsymbols: [BTCUSDT]\nfrom: 30d\nversion: 1\ncontracts: [PERPETUAL]\ndatasets: [{kind: klines, intervals: [1h]}, {kind: continuousKlines, intervals: [1h]}]'
  expect(parseJob(text, 'x.yaml').datasets.map(({ contracts }) => contracts)).toEqual([
    [],
    ['PERPETUAL'],
  ])
})
