/** Klines of the futures markets, from REST and from the archive, value for value. */

import { rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { parseMicros, type Window } from '../../src/base/time.ts'
import type { Interval } from '../../src/binance/interval.ts'
import {
  trueAggTrades,
  trueKlines,
  truePrices,
  type ExchangeOptions,
  type Kline,
  type Simulator,
} from '../../src/simulator/index.ts'
import { parseJob } from '../../src/job/parse.ts'
import { readSeries } from '../../src/query/read.ts'
import { writeReport } from '../../src/report/report.ts'
import { sql } from '../../src/query/sql.ts'
import { seriesName } from '../../src/binance/series.ts'
import { nodeFiles } from '../../src/node/files.ts'
import { listSeries } from '../../src/store/lake.ts'
import { status } from '../../src/query/status.ts'
import { parquet, query } from '../support/duck.ts'
import { contents, run, serve, tempDir } from '../support/lake.ts'
import { FILES_FIRST } from '../support/speeds.ts'

const EXCHANGE: ExchangeOptions = {
  symbols: [{ symbol: 'BTCUSDT', price: 60_000 }],
  um: {
    symbols: [
      { symbol: 'BTCUSDT', price: 60_100, listedAt: parseMicros('2026-01-02T10:00') },
      { symbol: 'ETHUSDT', price: 2_000, listedAt: parseMicros('2020-01-01') },
    ],
  },
  cm: {
    symbols: [
      {
        symbol: 'BTCUSD_PERP',
        price: 60_200,
        quantityDecimals: 0,
        listedAt: parseMicros('2024-08-10T07:00'),
      },
    ],
  },
}

type Doors = { baseUrls: string[]; archiveUrl?: string }

function doors({ url }: Simulator, hasArchive = false): Doors {
  const baseUrls = [url, `um=${url}`, `cm=${url}`]
  return hasArchive ? { baseUrls, archiveUrl: url } : { baseUrls }
}

function job(market: string, symbol: string, range: readonly [string, string], more = ''): string {
  const [from, to] = range
  return `
version: 1
market: ${market}
symbols: [${symbol}]
from: ${from}
to: ${to}
numbers: string
${more}
`
}

const UM =
  'open_time, open, high, low, close, volume, close_time, quote_volume, trade_count, taker_buy_volume, taker_buy_quote_volume'
const CM =
  'open_time, open, high, low, close, contracts, close_time, base_volume, trade_count, taker_buy_contracts, taker_buy_base_volume'

function texts(rows: readonly Kline[]): string[][] {
  return rows.map((row) => [
    String(row.openTime),
    row.open,
    row.high,
    row.low,
    row.close,
    row.volume,
    String(row.closeTime),
    row.quoteVolume,
    String(row.tradeCount),
    row.takerVolume,
    row.takerQuoteVolume,
  ])
}

async function stored(dataDir: string, path: string, columns: string): Promise<string[][]> {
  const micros = columns.replaceAll(/(\w+_time)/g, 'epoch_us($1) AS $1')
  const rows = await query(`SELECT ${micros} FROM ${parquet(dataDir, path)} ORDER BY open_time`)
  return rows.map((row) => Object.values(row).map(String))
}

function truth(
  { exchange }: Simulator,
  market: 'um' | 'cm',
  symbol: string,
  [interval, window]: readonly [Interval, Window],
): string[][] {
  const own = exchange.market(market)
  const now = parseMicros('2026-11-29')
  return texts(trueKlines(own, { symbol, interval, window, now }))
}

async function seriesNames(dataDir: string): Promise<string[]> {
  return (await listSeries(nodeFiles(dataDir))).map(seriesName).sort()
}

test.each([
  ['um', 'rest', 'BTCUSDT', UM],
  ['um', 'archive', 'BTCUSDT', UM],
  ['cm', 'rest', 'BTCUSD_PERP', CM],
  ['cm', 'archive', 'BTCUSD_PERP', CM],
] as const)('klines of %s from %s, value for value, and no-op after', async (...given) => {
  const [market, source, symbol, columns] = given
  const simulator = await serve({ exchange: EXCHANGE })
  const options = { dataDir: await tempDir(), ...doors(simulator, true) }
  const text = job(
    market,
    symbol,
    ['2026-03-31', '2026-04-02'],
    `source: ${source}\ndatasets: [{kind: klines, intervals: [1m]}]`,
  )
  const { summary, error } = await run(text, options)
  expect(error).toBeUndefined()
  expect(summary).toMatchObject({ complete: true, exit: 0, rows: 2_880 })
  const window = { from: parseMicros('2026-03-31'), to: parseMicros('2026-04-02') }
  expect(
    await stored(options.dataDir, `${market}/klines/interval=1m/symbol=${symbol}`, columns),
  ).toEqual(truth(simulator, market, symbol, ['1m', window]))
  const before = await contents(options.dataDir)
  const again = await run(text, options)
  expect(again.summary).toMatchObject({ complete: true, exit: 0, rows: 0 })
  expect(await contents(options.dataDir)).toEqual(before)
})

test.each([
  ['um', 'BTCUSDT', '2026-01-02', UM],
  ['cm', 'BTCUSD_PERP', '2024-08-10', CM],
] as const)(
  '%s: the listing is found, not onboardDate',
  async (market, symbol, listed, columns) => {
    const own = EXCHANGE[market]!
    const symbols = own.symbols.map((one) => ({ ...one, onboardAt: parseMicros('2021-01-01') }))
    const simulator = await serve({ exchange: { ...EXCHANGE, [market]: { symbols } } })
    const options = { dataDir: await tempDir(), ...doors(simulator) }
    const { summary, error } = await run(
      job(
        market,
        symbol,
        ['listing', '2026-01-04'],
        'datasets: [{kind: klines, intervals: [4h, 1d]}]',
      ),
      options,
    )
    expect(error).toBeUndefined()
    expect(summary).toMatchObject({ complete: true, exit: 0 })
    const window = { from: parseMicros(listed), to: parseMicros('2026-01-04') }
    for (const interval of ['4h', '1d'] as const)
      expect(
        await stored(
          options.dataDir,
          `${market}/klines/interval=${interval}/symbol=${symbol}`,
          columns,
        ),
      ).toEqual(truth(simulator, market, symbol, [interval, window]))
  },
)

test.each(['newest', 'oldest'] as const)(
  'cm: all intervals over years, whichever rows of a window are sent (%s)',
  async (klineWindows) => {
    const cm = { ...EXCHANGE.cm!, klineWindows }
    const simulator = await serve({ exchange: { ...EXCHANGE, cm } })
    const options = { dataDir: await tempDir(), ...doors(simulator) }
    const intervals = ['12h', '1d', '3d', '1w', '1M'] as const
    const { summary, error } = await run(
      job(
        'cm',
        'BTCUSD_PERP',
        ['2024-01-01', '2026-10-01'],
        `datasets: [{kind: klines, intervals: [${intervals.join(', ')}]}]`,
      ),
      options,
    )
    expect(error).toBeUndefined()
    expect(summary).toMatchObject({ complete: true, exit: 0 })
    const window = { from: parseMicros('2024-01-01'), to: parseMicros('2026-10-01') }
    for (const interval of intervals)
      expect(
        await stored(
          options.dataDir,
          `cm/klines/interval=${interval === '1M' ? '1mo' : interval}/symbol=BTCUSD_PERP`,
          CM,
        ),
      ).toEqual(truth(simulator, 'cm', 'BTCUSD_PERP', [interval, window]))
  },
)

test.each(['rest', 'archive'])(
  'nothing after the end of a contract is stored, though bars go on (%s)',
  async (source) => {
    const end = '2026-03-27T08:00'
    const um = {
      symbols: [{ symbol: 'BTCUSDT_260327', price: 60_000, delistedAt: parseMicros(end) }],
    }
    const simulator = await serve({ exchange: { ...EXCHANGE, um } })
    const options = { dataDir: await tempDir(), ...doors(simulator, true) }
    const text = job(
      'um',
      'BTCUSDT_260327',
      ['2026-03-26', '2026-03-29'],
      `source: ${source}\ndatasets: [{kind: klines, intervals: [1m]}]`,
    )
    const { summary, error } = await run(text, options)
    expect(error).toBeUndefined()
    expect(summary).toMatchObject({ complete: true, exit: 0, rows: 32 * 60 })
    const report = await status([], options)
    expect(report.series[0]).toMatchObject({
      verdict: 'complete with 1 known gap',
      gaps: [
        {
          from: `${end}:00.000000Z`,
          to: '2026-03-29T00:00:00.000000Z',
          reason: 'after-delisting',
        },
      ],
    })
    const before = await contents(options.dataDir)
    expect((await run(text, options)).summary).toMatchObject({ complete: true, rows: 0 })
    expect(await contents(options.dataDir)).toEqual(before)
  },
)

test.each([
  ['um', 'markPriceKlines', 'BTCUSDT', 'mark'],
  ['um', 'indexPriceKlines', 'BTCUSDT', 'index'],
  ['um', 'premiumIndexKlines', 'BTCUSDT', 'premium'],
  ['cm', 'markPriceKlines', 'BTCUSD_PERP', 'mark'],
  ['cm', 'indexPriceKlines', 'BTCUSD', 'index'],
  ['cm', 'premiumIndexKlines', 'BTCUSD_PERP', 'premium'],
] as const)('%s %s: the same from REST and from the archive', async (...given) => {
  const [market, kind, symbol, price] = given
  const simulator = await serve({ exchange: EXCHANGE })
  const [contract = ''] = EXCHANGE[market]!.symbols.map((one) => one.symbol)
  const window = { from: parseMicros('2026-03-30'), to: parseMicros('2026-04-02') }
  const expected = truePrices(simulator.exchange.market(market), contract, price)
    .ask('5m', {
      ...{ from: Number(window.from), to: Number(window.to) - 1, now: 1e16 },
      ...{ limit: Infinity, newest: false, without: [] },
    })
    .map((row) => [
      ...[row.openTime, row.open, row.high, row.low, row.close, row.closeTime, row.tradeCount],
    ])
  if (market === 'um' && price === 'premium')
    expect(expected.some(([, open]) => String(open).startsWith('-'))).toBe(true)
  for (const source of ['rest', 'archive']) {
    const options = { dataDir: await tempDir(), ...doors(simulator, true) }
    const range = ['2026-03-30', '2026-04-02'] as const
    const more = `source: ${source}\ndatasets: [{kind: ${kind}, intervals: [5m]}]`
    const { summary, error } = await run(job(market, symbol, range, more), options)
    expect(error).toBeUndefined()
    expect(summary).toMatchObject({ complete: true, exit: 0, rows: 864 })
    const columns = 'open_time, open, high, low, close, close_time, sample_count'
    expect(
      await stored(options.dataDir, `${market}/${kind}/interval=5m/symbol=${symbol}`, columns),
    ).toEqual(expected.map((row) => row.map(String)))
  }
})

test.each([
  ['um', 'BTCUSDT'],
  ['cm', 'BTCUSD_PERP'],
] as const)(
  '%s aggTrades: from the archive, and the last days from REST',
  async (market, symbol) => {
    const own = { ...EXCHANGE[market]!.symbols[0]!, aggTradesPerDay: 3_000 }
    const simulator = await serve({ exchange: { ...EXCHANGE, [market]: { symbols: [own] } } })
    const options = { dataDir: await tempDir(), ...doors(simulator, true) }
    const to = new Date(Date.now() - 2 * 3_600_000).toISOString().slice(0, 13)
    const from = new Date(Date.now() - 4 * 86_400_000).toISOString().slice(0, 10)
    const text = job(market, symbol, [from, `${to}:00`], 'datasets: [{kind: aggTrades}]')
    const { summary, error } = await run(text, { ...options, speed: FILES_FIRST })
    expect(error).toBeUndefined()
    // Files write 0.03 where REST writes 0.030.
    expect(summary).toMatchObject({ complete: true, exit: 0, series: [{ revisions: 0 }] })
    const window = { from: parseMicros(from), to: parseMicros(`${to}:00`) }
    const truth = [
      ...trueAggTrades(simulator.exchange.market(market), { symbol, window, now: window.to }),
    ]
    const rows = await query(
      `SELECT agg_trade_id, price, quantity, first_trade_id, last_trade_id, epoch_us(time) AS t, is_buyer_maker
     FROM ${parquet(options.dataDir, `${market}/aggTrades/symbol=${symbol}`)} ORDER BY agg_trade_id`,
    )
    expect(rows.map((row) => [row['agg_trade_id'], Number(row['price']), row['t']])).toEqual(
      truth.map(({ id, price, time }) => [
        String(id),
        Number(price),
        String((time / 1000n) * 1000n),
      ]),
    )
    const sources = new Set(
      simulator.exchange.futuresLog.entries.map(({ path }) => path.split('/')[1]),
    )
    expect(sources).toContain('data')
  },
)

test('a job of three markets runs each on its own clock and hosts, and two share one budget', async () => {
  const simulator = await serve({ exchange: EXCHANGE })
  const options = { dataDir: await tempDir(), ...doors(simulator) }
  const text = `
version: 1
from: 2026-03-01
to: 2026-03-03
datasets:
  - {kind: klines, intervals: [1h], symbols: [BTCUSDT]}
  - {kind: klines, intervals: [1h], symbols: [BTCUSDT, ETHUSDT], market: um}
  - {kind: klines, intervals: [1h], symbols: [BTCUSD_PERP], market: cm}
`
  const { summary, error } = await run(text, options)
  expect(error).toBeUndefined()
  expect(summary).toMatchObject({ complete: true, exit: 0, rows: 4 * 48 })
  const { log, futuresLog } = simulator.exchange
  expect(log.entries.every(({ path }) => path.startsWith('/api/v3/'))).toBe(true)
  expect(new Set(futuresLog.entries.map(({ path }) => path.split('/')[1]))).toEqual(
    new Set(['fapi', 'dapi']),
  )
  const { used } = futuresLog.windows().reduce((a, b) => (a.used > b.used ? a : b))
  expect(used).toBe(futuresLog.entries.reduce((sum, { weight }) => sum + weight, 0))
  const answer = await sql('SELECT count(*) AS n FROM um_klines', options)
  for await (const rows of answer.rows()) expect(rows).toEqual([[96]])
  answer.close()
  expect(await seriesNames(options.dataDir)).toEqual([
    'cm klines BTCUSD_PERP 1h',
    'klines BTCUSDT 1h',
    'um klines BTCUSDT 1h',
    'um klines ETHUSDT 1h',
  ])
})

test.each([
  ['um', 'uiKlines, intervals: [1h]', 'BTCUSDT', 'um has no uiKlines; write market: spot here'],
  [
    'spot',
    'fundingRate',
    'BTCUSDT',
    'spot has no fundingRate; write market: um or market: cm here',
  ],
  ['cm', 'indexPriceKlines, intervals: [1h]', 'BTCUSD_PERP', 'write BTCUSD'],
  ['cm', 'klines, intervals: [1h]', 'BTCUSD', 'write BTCUSD_PERP'],
  ['um', 'klines, intervals: [1s]', 'BTCUSDT', 'klines of this market have no "1s"'],
  ['um', 'metrics, source: rest', 'BTCUSDT', 'metrics are only published in the archive'],
  ['um', 'metrics, from: listing', 'BTCUSDT', 'metrics begin later than their symbol'],
  ['futures', 'klines, intervals: [1h]', 'BTCUSDT', 'did you mean "um"?'],
])('market %s, kind %s, symbol %s is refused with words', async (market, kind, symbol, words) => {
  const text = `{version: 1, from: 2024-01-01, to: 2024-02-01, symbols: [${symbol}], datasets: [{market: ${market}, kind: ${kind}}]}`
  expect(() => parseJob(text, 'x')).toThrow(words)
})

test('the report and resampling know klines of futures by their own columns', async () => {
  const simulator = await serve({ exchange: EXCHANGE })
  const options = { dataDir: await tempDir(), ...doors(simulator) }
  const kinds = 'klines, intervals: [1h]}, {kind: premiumIndexKlines, intervals: [1h]'
  const range = ['2026-03-01', '2026-03-03'] as const
  await run(job('cm', 'BTCUSD_PERP', range, `datasets: [{kind: ${kinds}}]`), options)
  const out = join(options.dataDir, '..', `${basename(options.dataDir)}.html`)
  onTestFinished(() => rm(out, { force: true }))
  expect(await writeReport(out, [], options)).toMatchObject({ series: 2, charts: 2 })
  const query = { ...options, market: 'cm', dataset: 'klines', symbol: 'BTCUSD_PERP' } as const
  let contracts = 0
  for await (const batch of readSeries({ ...query, interval: '1h', resample: '1d' }))
    for (let row = 0; row < batch.numRows; row++)
      contracts += Number(batch.getChild('contracts')?.get(row))
  const window = { from: parseMicros('2026-03-01'), to: parseMicros('2026-03-03') }
  const rows = truth(simulator, 'cm', 'BTCUSD_PERP', ['1h', window])
  expect(contracts).toBe(rows.reduce((sum, row) => sum + Number(row[5]), 0))
})

test('SBE is not asked of futures', async () => {
  const text = job(
    'um',
    'BTCUSDT',
    ['2026-03-01', '2026-03-02'],
    'datasets: [{kind: klines, intervals: [1h]}]',
  )
  await expect(run(text, { dataDir: await tempDir(), wire: 'sbe' })).rejects.toThrow(
    'wire sbe: um is only served as JSON',
  )
})

test('bars without trades that a file has are asked of REST by the next run', async () => {
  const flat = (lines: readonly string[]): readonly string[] =>
    lines.map((line) => {
      const cells = line.split(',')
      const open = Number(cells[0])
      const isFlat = open >= Date.UTC(2026, 2, 2, 1) && open < Date.UTC(2026, 2, 2, 5)
      if (!isFlat) return line
      const price = cells[1]!
      return [cells[0], price, price, price, price, '0', cells[6], '0', '0', '0', '0', '0'].join(
        ',',
      )
    })
  const archive = {
    rules: [{ path: 'BTCUSDT-1h-2026-03', fault: { kind: 'lines' as const, change: flat } }],
  }
  const simulator = await serve({ exchange: { ...EXCHANGE, archive } })
  const speed = FILES_FIRST
  const options = { dataDir: await tempDir(), ...doors(simulator, true), speed }
  const text = job(
    'um',
    'BTCUSDT',
    ['2026-03-01', '2026-04-01'],
    'datasets: [{kind: klines, intervals: [1h]}]',
  )
  expect((await run(text, options)).summary).toMatchObject({ complete: true, exit: 0 })
  const requests = simulator.exchange.futuresLog.count
  const { summary } = await run(text, options)
  expect(summary).toMatchObject({ complete: true, exit: 0, rows: 0, series: [{ revisions: 4 }] })
  expect(simulator.exchange.futuresLog.count - requests).toBeLessThan(8)
  const window = { from: parseMicros('2026-03-01'), to: parseMicros('2026-04-01') }
  expect(await stored(options.dataDir, 'um/klines/interval=1h/symbol=BTCUSDT', UM)).toEqual(
    truth(simulator, 'um', 'BTCUSDT', ['1h', window]),
  )
  // What changed is asked for once more.
  await run(text, options)
  const before = await contents(options.dataDir)
  expect((await run(text, options)).summary).toMatchObject({ rows: 0, series: [{ revisions: 0 }] })
  expect(await contents(options.dataDir)).toEqual(before)
})
