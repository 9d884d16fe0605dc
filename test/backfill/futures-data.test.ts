/** Samples of `futures/data`: every period one row, for 30 days, whatever order they come in. */

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { micros } from '../../src/base/time.ts'
import type { DatasetKind } from '../../src/binance/dataset.ts'
import { datasetOf } from '../../src/binance/market.ts'
import { parseJob } from '../../src/job/parse.ts'
import { decodePage } from '../../src/rows/scan.ts'
import { status } from '../../src/query/status.ts'
import { samples } from '../../src/simulator/futures-data.ts'
import type { Sample } from '../../src/simulator/options.ts'
import type { ExchangeOptions } from '../../src/simulator/index.ts'
import { query } from '../support/duck.ts'
import { contents, run, serve, tempDir } from '../support/lake.ts'
import { rowTexts, utf8 } from '../support/rows-pages.ts'

const EXCHANGE: ExchangeOptions = {
  symbols: [{ symbol: 'BTCUSDT' }],
  um: { symbols: [{ symbol: 'BTCUSDT' }, { symbol: 'BTCUSDT_270326' }] },
  cm: { symbols: [{ symbol: 'BTCUSD_PERP' }, { symbol: 'BTCUSD_270326' }] },
}
const DAY_MS = 86_400_000

function ago(days: number): string {
  return new Date(Math.floor(Date.now() / DAY_MS - days) * DAY_MS).toISOString().slice(0, 10)
}

async function world(exchange: ExchangeOptions = EXCHANGE) {
  const simulator = await serve({ exchange })
  const { url } = simulator
  return { simulator, options: { dataDir: await tempDir(), baseUrls: [`um=${url}`, `cm=${url}`] } }
}

type Of = readonly [
  market: 'um' | 'cm',
  kind: DatasetKind,
  symbol: string,
  contract?: string | undefined,
  interval?: '5m' | '1h' | '1d' | undefined,
]

function job(
  [market, kind, symbol, contract, interval = '5m']: Of,
  from: string,
  to: string,
): string {
  const contracts = contract === undefined ? '' : `, contracts: [${contract}]`
  return `{version: 1, market: ${market}, symbols: [${symbol}]${contracts}, from: ${from}, to: ${to}, numbers: string, datasets: [{kind: ${kind}, intervals: [${interval}]}]}`
}

function pathOf([market, kind, symbol, contract, interval = '5m']: Of): string {
  const tail = contract === undefined ? '' : `/contract=${contract}`
  return `${market}/${kind}/interval=${interval}/symbol=${symbol}${tail}`
}

async function stored(dataDir: string, of: Of): Promise<Record<string, unknown>[]> {
  return query(
    `SELECT epoch_ms(timestamp) AS ms, * FROM read_parquet('${dataDir}/${pathOf(of)}/*/data.parquet', hive_partitioning = false) ORDER BY timestamp`,
  )
}

test.each([
  ['um', 'openInterestHist', 'BTCUSDT'],
  ['um', 'topLongShortAccountRatio', 'BTCUSDT'],
  ['um', 'topLongShortPositionRatio', 'BTCUSDT'],
  ['um', 'globalLongShortAccountRatio', 'BTCUSDT'],
  ['um', 'takerVolume', 'BTCUSDT'],
  ['um', 'basis', 'BTCUSDT', 'PERPETUAL'],
  ['cm', 'openInterestHist', 'BTCUSD', 'PERPETUAL'],
  ['cm', 'topLongShortAccountRatio', 'BTCUSD'],
  ['cm', 'topLongShortPositionRatio', 'BTCUSD'],
  ['cm', 'globalLongShortAccountRatio', 'BTCUSD'],
  ['cm', 'takerVolume', 'BTCUSD', 'PERPETUAL'],
  ['cm', 'basis', 'BTCUSD', 'PERPETUAL'],
  ['um', 'basis', 'BTCUSDT', 'CURRENT_QUARTER', '1h'],
  ['cm', 'basis', 'BTCUSD', 'CURRENT_QUARTER', '1d'],
  ['cm', 'takerVolume', 'BTCUSD', 'CURRENT_QUARTER', '1h'],
  ['um', 'globalLongShortAccountRatio', 'BTCUSDT', undefined, '1d'],
] as const satisfies readonly Of[])(
  '%s %s of %s, value for value, and no-op after',
  async (...of) => {
    const { simulator, options } = await world()
    const [from, to] = [ago(6), ago(4)]
    const { summary, error } = await run(job(of, from, to), options)
    expect(error).toBeUndefined()
    const [market, kind, subject, contract, interval = '5m'] = of
    const slots = { '5m': 288, '1h': 24, '1d': 1 }
    expect(summary).toMatchObject({ complete: true, exit: 0, rows: 2 * slots[interval] })
    const { path, columns } = datasetOf({ market, dataset: kind })
    const suffix = contract === 'CURRENT_QUARTER' ? '_270326' : market === 'um' ? '' : '_PERP'
    const symbol = `${subject}${suffix}`
    const window = { from: Date.parse(from) * 1000, to: Date.parse(to) * 1000 - 1 }
    const truth = samples({ market, name: path.split('/').at(-1)!, symbol }, interval, window)
    const values = columns.slice(1)
    if (kind === 'basis' && contract === 'CURRENT_QUARTER')
      expect(truth.every((row) => row['annualizedBasisRate'] !== '')).toBe(true)
    const rows = await stored(options.dataDir, of)
    expect(rows.map((row) => [Number(row['ms']), ...values.map(({ name }) => row[name])])).toEqual(
      truth.map((row) => [
        row['timestamp'],
        ...values.map(({ json }) => (row[json] === '' ? null : row[json])),
      ]),
    )
    const { futuresLog } = simulator.exchange
    expect(futuresLog.entries.every(({ status }) => status === 200)).toBe(true)
    const before = await contents(options.dataDir)
    expect((await run(job(of, from, to), options)).summary).toMatchObject({
      complete: true,
      rows: 0,
    })
    expect(await contents(options.dataDir)).toEqual(before)
  },
)

const OPEN_INTEREST = ['um', 'openInterestHist', 'BTCUSDT'] as const

test('what is older than 30 days is missing, and not asked for again and again', async () => {
  const { simulator, options } = await world()
  const text = job(OPEN_INTEREST, ago(40), ago(25))
  const { summary, error } = await run(text, options)
  expect(error).toBeUndefined()
  expect(summary).toMatchObject({ exit: 3, complete: false })
  const [first] = await stored(options.dataDir, OPEN_INTEREST)
  const oldestMs = Date.now() - 30 * DAY_MS
  expect(Number(first?.['ms'])).toBeGreaterThan(oldestMs)
  expect(Number(first?.['ms'])).toBeLessThan(oldestMs + 2 * 3_600_000)
  const { series } = await status([parseJob(text, 'x.yaml')], options)
  expect(series[0]?.gaps).toMatchObject([{ reason: 'unavailable-from-rest' }])
  expect(summary.series[0]?.error?.hint).toMatch(/^It is served for 30 days/)
  expect(simulator.exchange.futuresLog.entries.every(({ status }) => status === 200)).toBe(true)
  const asked = simulator.exchange.futuresLog.count
  expect((await run(text, options)).summary).toMatchObject({ exit: 3, rows: 0 })
  expect(simulator.exchange.futuresLog.count - asked).toBeLessThan(10)
})

test('a refusal of the start (-1130) moves it, and fails nothing', async () => {
  const um = { symbols: [{ symbol: 'BTCUSDT' }], dataReachMs: 30 * DAY_MS - 2.5 * 3_600_000 }
  const { options } = await world({ ...EXCHANGE, um })
  const { summary, error } = await run(job(OPEN_INTEREST, ago(33), ago(28)), options)
  expect(error).toBeUndefined()
  expect(summary).toMatchObject({ exit: 3 })
  const [first] = await stored(options.dataDir, OPEN_INTEREST)
  const oldestMs = Date.now() - 30 * DAY_MS
  expect(Number(first?.['ms'])).toBeGreaterThan(oldestMs + 2.9 * 3_600_000)
  expect(Number(first?.['ms'])).toBeLessThan(oldestMs + 3.2 * 3_600_000)
})

/** Samples from five days ago on, newest first, without those of an hour; the symbol was listed then, or long before. */
async function youngWorld(of: Of, isListed: boolean) {
  const [market, name, subject] = of
  const symbol = market === 'um' ? subject : `${subject}_PERP`
  const listedMs = Date.parse(ago(5))
  const hole = { from: listedMs + DAY_MS, to: listedMs + DAY_MS + 3_600_000 }
  const rows = samples({ market, name, symbol }, '5m', {
    from: listedMs * 1000,
    to: Date.now() * 1000,
  }).filter(({ timestamp }) => Number(timestamp) < hole.from || Number(timestamp) >= hole.to)
  const listedAt = isListed ? { listedAt: micros(BigInt(listedMs) * 1_000n) } : {}
  const symbols = [{ symbol, data: { [name]: rows }, ...listedAt }]
  return world({ ...EXCHANGE, [market]: { dataOrder: 'newestFirst', symbols } })
}

const ACCOUNTS = ['cm', 'topLongShortAccountRatio', 'BTCUSD'] as const
const OF_PERPETUAL = ['cm', 'openInterestHist', 'BTCUSD', 'PERPETUAL'] as const

test.each([OPEN_INTEREST, ACCOUNTS, OF_PERPETUAL] satisfies Of[])(
  '%s %s: of a symbol that was listed within the reach, nothing is missing before its first kline',
  async (...of) => {
    const { options } = await youngWorld(of, true)
    const text = job(of, ago(10), ago(2))
    const { summary, error } = await run(text, options)
    expect(error).toBeUndefined()
    expect(summary).toMatchObject({ complete: true, exit: 0, rows: 3 * 288 - 12 })
    const { series } = await status([parseJob(text, 'x.yaml')], options)
    expect(series[0]?.gaps).toMatchObject([{ reason: 'before-listing' }, { reason: 'outage' }])
  },
)

test('the first row that is served is no listing', async () => {
  const { options } = await youngWorld(OPEN_INTEREST, false)
  const text = job(OPEN_INTEREST, ago(10), ago(2))
  expect((await run(text, options)).summary).toMatchObject({ complete: true, rows: 3 * 288 - 12 })
  const { series } = await status([parseJob(text, 'x.yaml')], options)
  expect(series[0]?.gaps).toMatchObject([{ reason: 'outage' }, { reason: 'outage' }])
})

test('a young hole at the start is not known', async () => {
  const empty = { symbol: 'BTCUSDT', data: { openInterestHist: [] } }
  const { options } = await world({ ...EXCHANGE, um: { symbols: [empty] } })
  const text = job(OPEN_INTEREST, '3h', 'now')
  expect((await run(text, options)).summary).toMatchObject({ complete: false })
  const { series } = await status([parseJob(text, 'x.yaml')], options)
  expect(series[0]?.gaps).toMatchObject([{ reason: 'unconfirmed' }])
})

test('the last period is not stored before it is over', async () => {
  const { options } = await world()
  await run(job(OPEN_INTEREST, '2h', 'now'), options)
  const last = (await stored(options.dataDir, OPEN_INTEREST)).at(-1)
  expect(Number(last?.['ms']) + 300_000 + 60_000).toBeLessThanOrEqual(Date.now())
})

test.each([
  ['{kind: openInterestHist, intervals: [1m]}', 'have no "1m"; they have 5m, 15m'],
  ['{kind: openInterestHist}', 'intervals: is missing'],
  ['{kind: openInterestHist, intervals: [5m], from: listing}', 'write a duration such as 29d'],
  ['{kind: openInterestHist, intervals: [5m], source: archive}', 'not published in the archive'],
  ['{kind: basis, intervals: [5m]}', 'basis need e.g. contracts: [PERPETUAL]'],
  ['{kind: openInterestHist, intervals: [5m], market: spot}', 'spot has no openInterestHist'],
  [
    '{kind: topLongShortAccountRatio, intervals: [5m], market: cm, symbols: [BTCUSD_PERP]}',
    'write BTCUSD',
  ],
])('refused: %s', (dataset, words) => {
  const text = `{version: 1, market: um, symbols: [BTCUSDT], from: 20d, datasets: [${dataset}]}`
  expect(() => parseJob(text, 'x.yaml')).toThrow(words)
})

const RECORDED = join(import.meta.dirname, '../../../shared/recorded/futures')

function recorded(): readonly (readonly [Of, Sample])[] {
  const lines = (name: string): readonly string[] =>
    readFileSync(join(RECORDED, name), 'utf8').trim().split('\n')
  const all = JSON.parse(lines('ezequielbes-open_interest.json').join('')) as Sample[]
  const more = lines('excerpts/rest-openInterestHist-um-2026-09.jsonl').map(
    (line) => JSON.parse(line) as Sample,
  )
  const kinds: Readonly<Record<string, Of>> = {
    'fapi /futures/data/takerlongshortRatio': ['um', 'takerVolume', 'BTCUSDT'],
    'fapi /futures/data/topLongShortPositionRatio': ['um', 'topLongShortPositionRatio', 'BTCUSDT'],
    'fapi /futures/data/basis': ['um', 'basis', 'BTCUSDT', 'PERPETUAL'],
    'dapi /futures/data/takerBuySellVol': ['cm', 'takerVolume', 'BTCUSD', 'PERPETUAL'],
    'dapi /futures/data/topLongShortPositionRatio': ['cm', 'topLongShortPositionRatio', 'BTCUSD'],
    'dapi /futures/data/openInterestHist': ['cm', 'openInterestHist', 'BTCUSD', 'PERPETUAL'],
  }
  const others = lines('excerpts/rest-rows-2026-10-06.jsonl').flatMap((line) => {
    const { endpoint, row } = JSON.parse(line) as { endpoint: string; row: Sample }
    const of = kinds[endpoint]
    return of === undefined ? [] : [[of, row] as const]
  })
  return [...[...all, ...more].map((row) => [OPEN_INTEREST, row] as const), ...others]
}

test.runIf(existsSync(RECORDED))('recorded rows of futures/data, value for value', () => {
  const rows = recorded()
  expect(rows).toHaveLength(10)
  for (const [[market, dataset], row] of rows) {
    const facts = datasetOf({ market, dataset })
    for (const sent of [row, { ...row, timestamp: String(row['timestamp']) }]) {
      const page = decodePage(facts, 'string', utf8(JSON.stringify([sent])), 'ms')
      expect(page.unknownFields).toEqual([])
      expect([...page.keys]).toEqual([BigInt(row['timestamp']!) * 1000n])
      const [texts] = rowTexts(facts, page.batch)
      for (const { name, json } of facts.columns.slice(1))
        expect(texts?.[name], name).toBe(row[json] === '' ? 'null' : row[json])
    }
    for (const numbers of ['decimal', 'float64'] as const)
      expect(decodePage(facts, numbers, utf8(JSON.stringify([row])), 'ms').rowCount).toBe(1)
  }
})
