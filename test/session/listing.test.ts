/** Where a history begins and ends: listings, delistings, symbols that nobody knows, and the reasons of gaps. */

import { expect, test } from 'vitest'
import { parseMicros } from '../../src/base/time.ts'
import { status } from '../../src/query/status.ts'
import { parseJob } from '../../src/job/parse.ts'
import { statusOfOne, verifyLake } from '../support/checked.ts'
import { contents, run, serve, tempDir } from '../support/lake.ts'

const LISTED = parseMicros('2026-02-27T09:00')
const DELISTED = parseMicros('2026-03-03T17:00')
const EXCHANGE = {
  symbols: [
    {
      symbol: 'BTCUSDT',
      listedAt: LISTED,
      delistedAt: DELISTED,
      aggTradesPerDay: 500,
      outages: [{ from: parseMicros('2026-03-01T02:00'), to: parseMicros('2026-03-01T04:00') }],
    },
    { symbol: 'OLDUSDT', listed: false, listedAt: LISTED },
  ],
}

function job(lines: string): string {
  return `version: 1\ndatasets:\n  - symbols: [BTCUSDT]\n    to: 2026-03-06\n    ${lines.trim()}\n`
}

const KLINES = job(`
    kind: klines
    intervals: [1h]
    from: listing`)
const TRADES = job(`
    kind: aggTrades
    from: listing`)

test.each([
  ['klines', KLINES],
  ['aggTrades', TRADES],
])('%s from: listing asks for it once, and the next run for nothing', async (_, yaml) => {
  const simulator = await serve({ exchange: EXCHANGE })
  const dataDir = await tempDir()
  const options = { dataDir, baseUrls: [simulator.url] }
  const first = await run(yaml, options)
  expect(first.summary).toMatchObject({ complete: true, exit: 0 })
  expect(first.summary.rows).toBeGreaterThan(50)
  const { gaps } = await statusOfOne({ dataDir })
  expect(gaps[0]).toMatchObject({
    from: '1970-01-01T00:00:00.000000Z',
    reason: 'before-listing',
  })
  expect(parseMicros(gaps[0]!.to) >= LISTED).toBe(true)
  const asked = simulator.log.count
  const before = await contents(dataDir)
  const second = await run(yaml, options)
  expect(second.summary).toMatchObject({ complete: true, rows: 0, partitions: 0 })
  expect(simulator.log.entries.slice(asked).map(({ path }) => path)).toEqual([
    '/api/v3/time',
    '/api/v3/exchangeInfo',
  ])
  expect(await contents(dataDir)).toEqual(before)
  expect((await verifyLake({ dataDir })).findings).toEqual([])
})

test('the gaps of klines are told apart, and the verdict counts them', async () => {
  const simulator = await serve({ exchange: EXCHANGE })
  const dataDir = await tempDir()
  await run(KLINES.replace('from: listing', 'from: 2026-02-25'), {
    dataDir,
    baseUrls: [simulator.url],
  })
  const { gaps, verdict, missing } = await statusOfOne({ dataDir })
  expect(gaps).toEqual([
    {
      from: '2026-02-25T00:00:00.000000Z',
      to: '2026-02-27T09:00:00.000000Z',
      reason: 'before-listing',
    },
    { from: '2026-03-01T02:00:00.000000Z', to: '2026-03-01T04:00:00.000000Z', reason: 'outage' },
    {
      from: '2026-03-03T17:00:00.000000Z',
      to: '2026-03-06T00:00:00.000000Z',
      reason: 'after-delisting',
    },
  ])
  expect(verdict).toBe('complete with 3 known gaps')
  expect(missing).toEqual([])
})

test('trades that REST no longer has are missing, and the verdict says why', async () => {
  const [symbol] = EXCHANGE.symbols
  const exchange = { symbols: [{ ...symbol!, restHistoryFrom: 900n }] }
  const simulator = await serve({ exchange })
  const dataDir = await tempDir()
  const yaml = TRADES.replace('from: listing', 'from: 2026-02-27')
  const { summary } = await run(yaml, { dataDir, baseUrls: [simulator.url], source: 'rest' })
  expect(summary).toMatchObject({ complete: false, exit: 3 })
  expect(summary.series[0]?.error?.message).toContain('unavailable-from-rest')
  const [one] = (await status([parseJob(yaml, 'test.yaml')], { dataDir })).series
  expect(one?.gaps[0]).toMatchObject({
    from: '2026-02-27T00:00:00.000000Z',
    reason: 'unavailable-from-rest',
  })
  expect(one?.verdict).toMatch(
    /^incomplete: missing 2026-02-27T00:00:00.000000Z to .* \(unavailable-from-rest\)$/,
  )
  expect(one?.missing).toHaveLength(1)
  expect((await verifyLake({ dataDir })).findings).toEqual([])
})

test('a symbol that exchangeInfo does not know may have a history', async () => {
  const simulator = await serve({ exchange: EXCHANGE })
  const dataDir = await tempDir()
  const yaml = KLINES.replace('BTCUSDT', 'OLDUSDT')
  const { summary } = await run(yaml, { dataDir, baseUrls: [simulator.url] })
  expect(summary).toMatchObject({ complete: true, exit: 0 })
  expect(summary.rows).toBeGreaterThan(100)
})

test.each(['from: listing', 'from: 2026-03-01'])(
  '%s: one unknown symbol among good ones fails alone, and is named',
  async (from) => {
    const simulator = await serve({ exchange: EXCHANGE })
    const dataDir = await tempDir()
    const yaml = KLINES.replace('from: listing', from).replace(
      '[BTCUSDT]',
      '[NOSUCHUSDT, BTCUSDT, OLDUSDT]',
    )
    const { summary, error } = await run(yaml, { dataDir, baseUrls: [simulator.url] })
    expect(error).toBeUndefined()
    expect(summary).toMatchObject({ complete: false, exit: 3 })
    const bySymbol = new Map(summary.series.map((series) => [series.key.symbol, series]))
    expect(bySymbol.get('BTCUSDT')).toMatchObject({ complete: true })
    expect(bySymbol.get('OLDUSDT')).toMatchObject({ complete: true })
    expect(bySymbol.get('NOSUCHUSDT')).toMatchObject({
      complete: false,
      error: { code: 'E_UNKNOWN_SYMBOL' },
    })
    expect(bySymbol.get('NOSUCHUSDT')?.error?.message).toContain('NOSUCHUSD')
  },
)

test.each([
  ['numbers', KLINES.replace('from: listing', 'from: listing\n    numbers: decimal')],
  ['partition', KLINES.replace('from: listing', 'from: listing\n    partition: month')],
])('other %s than the stored ones are refused before anything is sent', async (word, other) => {
  const simulator = await serve({ exchange: EXCHANGE })
  const dataDir = await tempDir()
  const options = { dataDir, baseUrls: [simulator.url] }
  await run(KLINES, options)
  const asked = simulator.log.count
  const before = await contents(dataDir)
  const refusal = run(other, options)
  await expect(refusal).rejects.toMatchObject({ exit: 2, code: 'E_USAGE' })
  await expect(refusal).rejects.toThrow(word)
  expect(simulator.log.count).toBe(asked)
  expect(await contents(dataDir)).toEqual(before)
})

test('the partition that a series has is kept by jobs that name none', async () => {
  const simulator = await serve({ exchange: EXCHANGE })
  const dataDir = await tempDir()
  const options = { dataDir, baseUrls: [simulator.url] }
  await run(KLINES.replace('from: listing', 'from: 2026-02-28\n    partition: day'), options)
  const { summary } = await run(KLINES, options)
  expect(summary).toMatchObject({ complete: true, exit: 0 })
  const periods = Object.keys(await contents(dataDir)).filter((path) => path.endsWith('.parquet'))
  expect(periods).toHaveLength(5)
  expect(periods.every((path) => /period=\d{4}-\d\d-\d\d\//.test(path))).toBe(true)
})

test('a manifest that is damaged fails its series, not the others, and is left alone', async () => {
  const simulator = await serve({ exchange: EXCHANGE })
  const dataDir = await tempDir()
  const options = { dataDir, baseUrls: [simulator.url] }
  const yaml = KLINES.replace('[1h]', '[1h, 4h]')
  await run(yaml, options)
  const { writeFile } = await import('node:fs/promises')
  const path = 'spot/klines/interval=1h/symbol=BTCUSDT/_series.json'
  await writeFile(`${dataDir}/${path}`, '{"format": 1')
  const { summary } = await run(yaml.replace('2026-03-06', '2026-03-07'), options)
  expect(summary).toMatchObject({ complete: false, exit: 4 })
  const [hourly, others] =
    summary.series[0]?.key.interval === '1h' ? summary.series : [...summary.series].reverse()
  expect(hourly?.error).toMatchObject({ code: 'E_DAMAGED' })
  expect(hourly?.error?.message).toContain(path)
  expect(hourly?.error?.hint).toContain('verify --rebuild')
  expect(others).toMatchObject({ complete: true })
  const { readFile } = await import('node:fs/promises')
  expect((await readFile(`${dataDir}/${path}`)).toString()).toBe('{"format": 1')
})
