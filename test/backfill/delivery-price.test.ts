/** Prices of delivery: all of a pair's in one answer, whatever the window. */

import { expect, test } from 'vitest'
import { parseMicros } from '../../src/base/time.ts'
import { datasetOf } from '../../src/binance/market.ts'
import { parseJob } from '../../src/job/parse.ts'
import { status } from '../../src/query/status.ts'
import { decodePage } from '../../src/rows/scan.ts'
import type { ExchangeOptions } from '../../src/simulator/index.ts'
import type { Delivery } from '../../src/simulator/options.ts'
import { query } from '../support/duck.ts'
import { contents, run, serve, tempDir } from '../support/lake.ts'
import { rowTexts, utf8 } from '../support/rows-pages.ts'

const DELIVERIES: readonly Delivery[] = [
  ['2025-03-28T08:00', '85123.40000000'],
  ['2025-06-27T08:00', '106940.00000000'],
  ['2025-09-26T08:00', '0.00001234'],
  ['2025-12-26T08:00', '88000'],
].map(([time = '', price = '']) => ({ time: parseMicros(time), price }))

const PAIRS = { um: 'BTCUSDT', cm: 'BTCUSD' }

function exchangeWith(deliveries: readonly Delivery[], dated = true): ExchangeOptions {
  const market = (pair: string, perpetual: string) => ({
    symbols: [{ symbol: perpetual }, ...(dated ? [{ symbol: `${pair}_991231` }] : [])],
    deliveries: { [pair]: deliveries },
  })
  return {
    symbols: [{ symbol: 'BTCUSDT' }],
    um: market('BTCUSDT', 'BTCUSDT'),
    cm: market('BTCUSD', 'BTCUSD_PERP'),
  }
}

async function world(exchange: ExchangeOptions) {
  const simulator = await serve({ exchange })
  const { url } = simulator
  return { simulator, options: { dataDir: await tempDir(), baseUrls: [`um=${url}`, `cm=${url}`] } }
}

function job(market: 'um' | 'cm', from: string, to: string, rest = ''): string {
  return `{version: 1, market: ${market}, symbols: [${PAIRS[market]}], from: ${from}, to: ${to}${rest}, datasets: [{kind: deliveryPrice}]}`
}

async function stored(dataDir: string, market: 'um' | 'cm'): Promise<unknown[][]> {
  const path = `${dataDir}/${market}/deliveryPrice/symbol=${PAIRS[market]}/*/data.parquet`
  const rows = await query(
    `SELECT epoch_us(delivery_time)::VARCHAR AS time, delivery_price::VARCHAR AS price FROM read_parquet('${path}', hive_partitioning = false) ORDER BY delivery_time`,
  )
  return rows.map(({ time, price }) => [time, price])
}

const sent = (rows: readonly Delivery[]): unknown[][] =>
  rows.map(({ time, price }) => [String(time), price])

test.each(['um', 'cm'] as const)(
  '%s: digit for digit, by one request, and no-op after',
  async (market) => {
    const { simulator, options } = await world(exchangeWith(DELIVERIES))
    const text = job(market, '2025-01-01', '2026-02-01', ', numbers: string')
    const { summary, error } = await run(text, options)
    expect(error).toBeUndefined()
    expect(summary).toMatchObject({ complete: true, exit: 0, rows: 4, partitions: 1 })
    expect(await stored(options.dataDir, market)).toEqual(sent(DELIVERIES))
    const { entries } = simulator.exchange.futuresLog
    const asked = entries.filter(({ path }) => path === '/futures/data/delivery-price')
    expect(asked.map(({ query }) => query)).toEqual([`pair=${PAIRS[market]}`])
    const before = await contents(options.dataDir)
    expect((await run(text, options)).summary).toMatchObject({
      complete: true,
      rows: 0,
      requests: 2,
    })
    expect(await contents(options.dataDir)).toEqual(before)
  },
)

test('only rows of the window are stored, from the first one on', async () => {
  const { options } = await world(exchangeWith(DELIVERIES))
  const { summary } = await run(
    job('um', '2025-06-27T08:00', '2025-12-26T08:00', ', numbers: string'),
    options,
  )
  expect(summary).toMatchObject({ complete: true, rows: 2 })
  expect(await stored(options.dataDir, 'um')).toEqual(sent(DELIVERIES.slice(1, 3)))
  const all = await run(job('um', 'listing', '2026-02-01', ', numbers: string'), options)
  expect(all.summary).toMatchObject({ complete: true, rows: 2 })
  expect(await stored(options.dataDir, 'um')).toEqual(sent(DELIVERIES))
})

test('what a host did not have yet is asked for again', async () => {
  const dataDir = await tempDir()
  const late = {
    time: parseMicros(new Date(Date.now() - 3_600_000).toISOString()),
    price: '91000.5',
  }
  for (const [deliveries, rows] of [
    [DELIVERIES, 4],
    [[...DELIVERIES, late], 1],
  ] as const) {
    const { options } = await world(exchangeWith(deliveries))
    const { summary } = await run(job('um', '2025-01-01', 'now'), { ...options, dataDir })
    expect(summary).toMatchObject({ complete: true, exit: 0, rows })
  }
})

test('a pair without dated contracts has none; one with some is not believed to have none', async () => {
  const none = await world(exchangeWith([], false))
  const text = job('um', '2025-01-01', '2026-02-01')
  expect((await run(text, none.options)).summary).toMatchObject({
    complete: true,
    exit: 0,
    rows: 0,
  })
  const { series } = await status([parseJob(text, 'x.yaml')], none.options)
  expect(series[0]?.gaps).toMatchObject([{ reason: 'before-listing' }])
  const some = await world(exchangeWith([]))
  expect((await run(text, some.options)).summary).toMatchObject({
    complete: false,
    exit: 3,
    rows: 0,
  })
})

test('the contracts that have ended are delivered', async () => {
  const delistedAt = parseMicros('2026-03-27T08:00')
  const { options } = await world({
    symbols: [{ symbol: 'BTCUSDT' }],
    um: { symbols: [{ symbol: 'BTCUSDT' }, { symbol: 'BTCUSDT_260327', delistedAt }] },
  })
  const { summary } = await run(
    job('um', '2026-01-01', '2026-06-01', ', numbers: decimal'),
    options,
  )
  expect(summary).toMatchObject({ complete: true, rows: 1 })
  expect((await stored(options.dataDir, 'um'))[0]?.[0]).toBe(String(delistedAt))
})

const UM = datasetOf({ market: 'um', dataset: 'deliveryPrice' })

test('numbers with and without quotes, in each form; what is none is refused', () => {
  const page = (price: string, numbers: 'string' | 'decimal' | 'float64' = 'string') =>
    decodePage(UM, numbers, utf8(`[{"deliveryTime":1695945600000,"deliveryPrice":${price}}]`), 'ms')
  for (const price of ['27103.00000000', '"27103.00000000"'])
    for (const [numbers, text] of [
      ['string', '27103.00000000'],
      ['decimal', '27103.00000000'],
      ['float64', '27103'],
    ] as const)
      expect(rowTexts(UM, page(price, numbers).batch)[0]?.['delivery_price']).toBe(text)
  for (const price of ['null', 'true', '""', '{}', '"x"', '1.2.3', '-'])
    expect(() => page(price), price).toThrow()
})

test.each([
  ['um', '{kind: deliveryPrice, symbols: [BTCUSDT_260925]}', 'write BTCUSDT'],
  ['cm', '{kind: deliveryPrice, symbols: [BTCUSD_PERP]}', 'write BTCUSD'],
  ['um', '{kind: deliveryPrice, source: archive}', 'not published in the archive'],
  ['um', '{kind: deliveryPrice, intervals: [1d]}', 'intervals'],
  ['spot', '{kind: deliveryPrice}', 'spot has no deliveryPrice'],
])('refused in %s: %s', (market, dataset, words) => {
  const text = `{version: 1, market: ${market}, symbols: [BTCUSDT], from: 2025-01-01, datasets: [${dataset}]}`
  expect(() => parseJob(text, 'x.yaml')).toThrow(words)
})
