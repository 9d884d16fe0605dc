/** Series of a pair and a type of contract. */

import { expect, test } from 'vitest'
import { parseMicros } from '../../src/base/time.ts'
import { parseJob } from '../../src/job/parse.ts'
import { readSeries } from '../../src/query/read.ts'
import { sql } from '../../src/query/sql.ts'
import { status } from '../../src/query/status.ts'
import { Exchange, trueKlines, type ExchangeOptions } from '../../src/simulator/index.ts'
import { verify } from '../../src/verify/verify.ts'
import { parquet, query } from '../support/duck.ts'
import { contents, run, serve, tempDir } from '../support/lake.ts'
import { attempt, virtualWorld } from '../support/virtual.ts'

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

test('the base volume of COIN-M is what the contracts are worth', () => {
  const cm = new Exchange(EXCHANGE).market('cm')
  const window = { from: parseMicros('2026-03-01'), to: parseMicros('2026-03-02') }
  const rows = trueKlines(cm, {
    ...{ symbol: 'BTCUSD_PERP', interval: '1h', window, now: parseMicros('2026-11-29') },
  })
  expect(rows).toHaveLength(24)
  for (const { volume, quoteVolume, high, low } of rows) {
    expect(Number(quoteVolume)).toBeGreaterThanOrEqual((Number(volume) * 100) / Number(high))
    expect(Number(quoteVolume)).toBeLessThanOrEqual((Number(volume) * 100) / Number(low))
  }
})

const END = parseMicros('2026-05-20T08:00')
const ENDED: ExchangeOptions = {
  symbols: [],
  archive: {},
  um: {
    symbols: [
      { symbol: 'BTCUSDT', delistedAt: END },
      { symbol: 'BTCUSDT_260626' },
      { symbol: 'ETHUSDT' },
      { symbol: 'ETHBUSD', listed: false, delistedAt: END },
      { symbol: 'ETHBUSD_260327', listed: false, delistedAt: END },
    ],
  },
}

function endedWorld() {
  const exchange = new Exchange(ENDED)
  const world = virtualWorld(exchange, { start: parseMicros('2026-06-01') })
  return { exchange, options: { world, archiveUrl: 'https://data.binance.vision' } }
}

function umJob(symbols: string, dataset: string, from = '2026-05-15'): string {
  return `{version: 1, market: um, symbols: ${symbols}, contracts: [PERPETUAL, CURRENT_QUARTER, NEXT_QUARTER], from: ${from}, datasets: [${dataset}]}`
}

test.each(['continuousKlines', 'basis'])(
  '%s of a perpetual contract that has ended end with it, and its quarters go on',
  async (kind) => {
    const { exchange, options } = endedWorld()
    const text = umJob('[BTCUSDT]', `{kind: ${kind}, intervals: [1h]}`)
    const one = text.replace(', NEXT_QUARTER', '')
    const { error, summary } = await attempt(one, options)
    expect(error).toBeUndefined()
    expect(summary).toMatchObject({ exit: 0, complete: true, rows: 5 * 24 + 8 + 17 * 24 - 1 })
    const asked = exchange.futuresLog.entries.filter(({ query }) => /type=perp/i.test(query))
    const ends = asked.map(({ query }) => Number(new URLSearchParams(query).get('endTime')))
    expect(Math.max(...ends)).toBeLessThan(Number(END) / 1000)
    const { series } = await status([parseJob(one, 'x.yaml')], options)
    expect(series.map(({ gaps }) => gaps.map(({ reason }) => reason))).toEqual([
      ['after-delisting'],
      [],
    ])
  },
)

test('a filter chooses contracts, and no type that their pair does not have', async () => {
  const { options } = endedWorld()
  const all = umJob(
    '{base: ETH, universe: all-time}',
    '{kind: continuousKlines, intervals: [1d]}',
    '2026-03-01',
  )
  const { summary } = await attempt(all, options)
  expect(summary?.series.map(({ key }) => `${key.symbol} ${key.contract}`)).toEqual([
    'ETHBUSD PERPETUAL',
    'ETHBUSD CURRENT_QUARTER',
    'ETHBUSD NEXT_QUARTER',
    'ETHUSDT PERPETUAL',
  ])
})

test('a type of contract that a pair does not have is named', async () => {
  const { options } = endedWorld()
  const { error, summary } = await attempt(
    umJob('[ETHUSDT]', '{kind: continuousKlines, intervals: [1d]}'),
    options,
  )
  expect(error).toBeUndefined()
  expect(summary).toMatchObject({ exit: 3, complete: false })
  expect(summary?.series.map(({ error: of }) => of?.message)).toEqual([
    undefined,
    'the exchange lists no CURRENT_QUARTER of "ETHUSDT"; it lists PERPETUAL',
    'the exchange lists no NEXT_QUARTER of "ETHUSDT"; it lists PERPETUAL',
  ])
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
