/** Rows that the exchange changed after they were stored: asked for again, recorded with old and new values, once. */

import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { subtractAll } from '../../src/base/coverage.ts'
import { parseMicros, type Micros } from '../../src/base/time.ts'
import type { Files } from '../../src/base/ports.ts'
import type { SeriesKey } from '../../src/binance/series.ts'
import { Exchange, type ExchangeOptions, type Simulator } from '../../src/simulator/index.ts'
import { manifestPath } from '../../src/store/layout.ts'
import type { Manifest } from '../../src/store/manifest.ts'
import { readManifest } from '../../src/store/series.ts'
import { verify } from '../../src/verify/verify.ts'
import { accountOf } from '../support/accounts.ts'
import { parquet, query } from '../support/duck.ts'
import { statusOfOne, verifyLake } from '../support/checked.ts'
import { klineAt, minute } from '../support/histories.ts'
import { contents, run, serve, tempDir, type Told } from '../support/lake.ts'
import { memFiles } from '../support/mem-files.ts'
import { simClock } from '../support/sim-clock.ts'
import { attempt, virtualWorld } from '../support/virtual.ts'
import { bytesOf, put } from '../support/put.ts'

const JOB = `
version: 1
datasets:
  - kind: klines
    symbols: [BTCUSDT]
    intervals: [1m]
    from: 2026-03-01
    to: 2026-03-01T01:00:00Z
    numbers: string
`
const RECHECK = { from: parseMicros('2026-03-01'), to: parseMicros('2026-03-01T01:00') }
const SERIES = 'spot/klines/interval=1m/symbol=BTCUSDT'

const ROWS = Array.from({ length: 60 }, (_, index) => klineAt(minute(index)))

/** An exchange that has these klines. */
function having(rows: typeof ROWS): ExchangeOptions {
  return { symbols: [{ symbol: 'BTCUSDT', rows: { klines: { '1m': rows } } }] }
}

/** Runs the job against an exchange that has `rows`, asking again for what is covered. */
async function recheck(dataDir: string, rows: typeof ROWS): Promise<Told> {
  const simulator = await serve({ exchange: having(rows) })
  return run(JOB, { dataDir, baseUrls: [simulator.url], recheck: RECHECK })
}

/** Runs the job as it is, and tells from where on it asked for rows. */
async function askYoung(
  dataDir: string,
  rows: typeof ROWS,
): Promise<Told & { readonly asked: readonly bigint[] }> {
  const simulator = await serve({ exchange: having(rows) })
  const told = await run(JOB, { dataDir, baseUrls: [simulator.url] })
  const asked = simulator.log.entries
    .filter(({ path }) => path === '/api/v3/klines')
    .map(({ query }) => BigInt(new URLSearchParams(query).get('startTime')!) * 1_000n)
  return { ...told, asked }
}

/** The files of rows, without what is known of them. */
async function dataIn(dataDir: string): Promise<unknown> {
  return Object.entries(await contents(dataDir)).filter(([path]) => path.endsWith('.parquet'))
}

async function volumes(dataDir: string): Promise<readonly (string | null | undefined)[]> {
  const rows = await query(`SELECT volume FROM ${parquet(dataDir, SERIES)} ORDER BY open_time`)
  return rows.map(({ volume }) => volume)
}

test('changed rows are rewritten and recorded with old and new values; asked once more, they are final', async () => {
  const dataDir = await tempDir()
  await recheck(dataDir, ROWS)
  const now = ROWS.map((row, index) =>
    index === 7 || index === 30 ? { ...row, volume: `${index}.00000000`, tradeCount: 99 } : row,
  )
  const { summary } = await recheck(dataDir, now)
  // Sixty rows came, and the lake holds none more.
  expect(summary).toMatchObject({ complete: true, exit: 0, rows: 0, partitions: 1 })
  expect(summary.series[0]).toMatchObject({ rows: 0, revisions: 2 })
  const { revisions } = await statusOfOne({ dataDir })
  expect(revisions).toEqual(
    [7, 30].map((index) => ({
      period: '2026-03',
      key: String(minute(index)),
      time: `2026-03-01T00:${String(index).padStart(2, '0')}:00.000000Z`,
      old: { volume: '1.00000000', trade_count: '1' },
      new: { volume: `${index}.00000000`, trade_count: '99' },
    })),
  )
  expect((await volumes(dataDir))[7]).toBe('7.00000000')
  expect((await verifyLake({ dataDir })).findings).toEqual([])

  const rows = await dataIn(dataDir)
  const again = await askYoung(dataDir, now)
  expect(again.asked).toEqual([minute(7), minute(30)])
  expect(again.summary).toMatchObject({ complete: true, partitions: 0, bytes: 0 })
  expect(again.summary.series[0]).toMatchObject({ revisions: 0 })
  expect(await dataIn(dataDir)).toEqual(rows)
  const before = await contents(dataDir)
  expect((await askYoung(dataDir, now)).asked).toEqual([])
  expect(await contents(dataDir)).toEqual(before)
})

test('a row that changes back is recorded again; where it shows less, once two runs agree', async () => {
  const dataDir = await tempDir()
  await recheck(dataDir, ROWS)
  await recheck(dataDir, [{ ...ROWS[0]!, volume: '2.00000000' }, ...ROWS.slice(1)])
  await recheck(dataDir, ROWS)
  expect((await volumes(dataDir))[0]).toBe('2.00000000')
  await recheck(dataDir, ROWS)
  const { revisions } = await statusOfOne({ dataDir })
  expect(revisions.map(({ new: now }) => now)).toEqual([
    { volume: '2.00000000' },
    { volume: '1.00000000' },
  ])
})

test('a row that is no longer sent is kept and recorded once, and is no gap', async () => {
  const dataDir = await tempDir()
  await recheck(dataDir, ROWS)
  const without = ROWS.filter((_, index) => index !== 20)
  const { summary } = await recheck(dataDir, without)
  expect(summary).toMatchObject({ complete: true, exit: 0 })
  const { revisions, rows, gaps, verdict } = await statusOfOne({ dataDir })
  expect(rows).toBe(60)
  expect(gaps).toEqual([])
  expect(verdict).toBe('complete')
  expect(revisions).toHaveLength(1)
  expect(revisions[0]).toMatchObject({ key: String(minute(20)), new: {} })
  expect(revisions[0]?.old).toMatchObject({
    open_time: '2026-03-01T00:20:00.000000Z',
    volume: '1.00000000',
  })
  expect((await verifyLake({ dataDir })).findings).toEqual([])
  const before = await dataIn(dataDir)
  await recheck(dataDir, without)
  expect(await dataIn(dataDir)).toEqual(before)
  const whole = await contents(dataDir)
  await recheck(dataDir, without)
  expect(await contents(dataDir)).toEqual(whole)
})

test('a row that was left out once, and comes again, has not vanished: the lake is as if it had always come', async () => {
  const dataDir = await tempDir()
  await recheck(dataDir, ROWS)
  const calm = await contents(dataDir)
  await recheck(
    dataDir,
    ROWS.filter((_, index) => index !== 20 && index !== 40),
  )
  expect((await statusOfOne({ dataDir })).revisions).toHaveLength(2)
  await recheck(
    dataDir,
    ROWS.filter((_, index) => index !== 40),
  )
  expect((await statusOfOne({ dataDir })).revisions).toMatchObject([
    { key: String(minute(40)), new: {} },
  ])
  await recheck(dataDir, ROWS)
  expect(await statusOfOne({ dataDir })).toMatchObject({ revisions: [], verdict: 'complete' })
  expect(await contents(dataDir)).toEqual(calm)
  expect((await verifyLake({ dataDir })).findings).toEqual([])
})

test('a row that comes again with other values is told as changed, and not as vanished', async () => {
  const dataDir = await tempDir()
  await recheck(dataDir, ROWS)
  await recheck(dataDir, ROWS.slice(1))
  await recheck(dataDir, [{ ...ROWS[0]!, volume: '2.00000000' }, ...ROWS.slice(1)])
  expect((await statusOfOne({ dataDir })).revisions).toMatchObject([
    { key: String(minute(0)), old: { volume: '1.00000000' }, new: { volume: '2.00000000' } },
  ])
})

test('a run that died between the file of a row that came again and its manifest is taken up', async () => {
  const dataDir = await tempDir()
  await recheck(dataDir, ROWS)
  const calm = await contents(dataDir)
  await recheck(dataDir, ROWS.slice(1))
  const manifest = join(dataDir, SERIES, '_series.json')
  const vanished = await readFile(manifest)
  await recheck(dataDir, ROWS)
  await writeFile(manifest, vanished)
  expect((await verifyLake({ dataDir })).ok).toBe(true)
  const { summary } = await recheck(dataDir, ROWS)
  expect(summary).toMatchObject({ complete: true, exit: 0 })
  expect(await contents(dataDir)).toEqual(calm)
})

test('rows that are all no longer sent are kept too', async () => {
  const dataDir = await tempDir()
  await recheck(dataDir, ROWS)
  await recheck(dataDir, [klineAt(minute(-60)), klineAt(minute(600))])
  const { revisions, rows, gaps, verdict } = await statusOfOne({ dataDir })
  expect({ rows, gaps, verdict, revisions: revisions.length }).toEqual({
    rows: 60,
    gaps: [],
    verdict: 'complete',
    revisions: 60,
  })
  expect((await verifyLake({ dataDir })).findings).toEqual([])
})

test('rows that were missing and are sent now fill their gap', async () => {
  const dataDir = await tempDir()
  await recheck(
    dataDir,
    ROWS.filter((_, index) => index < 10 || index >= 20),
  )
  expect((await statusOfOne({ dataDir })).gaps).toHaveLength(1)
  await recheck(dataDir, ROWS)
  const { gaps, rows, revisions } = await statusOfOne({ dataDir })
  expect({ gaps, rows, revisions }).toEqual({ gaps: [], rows: 60, revisions: [] })
  const calm = await tempDir()
  await recheck(calm, ROWS)
  expect(await contents(dataDir)).toEqual(await contents(calm))
})

test('a recheck asks only for what is covered and wanted', async () => {
  const dataDir = await tempDir()
  await recheck(dataDir, ROWS)
  const simulator = await serve({ exchange: having(ROWS) })
  const part = { from: minute(10), to: minute(20) }
  await run(JOB, { dataDir, baseUrls: [simulator.url], recheck: part })
  const asked = simulator.log.entries.filter(({ path }) => path === '/api/v3/klines')
  expect(asked).toHaveLength(1)
  const params = new URLSearchParams(asked[0]!.query)
  expect(params.get('startTime')).toBe(String(minute(10) / 1_000n))
  expect(params.get('endTime')).toBe(String(minute(20) / 1_000n - 1n))
})

const NOW_JOB = `
version: 1
datasets:
  - kind: klines
    symbols: [BTCUSDT]
    intervals: [1m]
    from: 2026-03-01
    numbers: string
    settle: 5s
`

/** An exchange at a moment: it corrects the kline before the last one a little later. */
async function at(now: Micros, revisedAt: Micros): Promise<Simulator> {
  const exchange = new Exchange({
    symbols: [
      {
        symbol: 'BTCUSDT',
        listedAt: parseMicros('2026-03-01'),
        revisions: [{ interval: '1m', openTime: minute(58), at: revisedAt }],
      },
    ],
  })
  return serve({ exchange, clock: simClock({ start: now }) })
}

test('the newest klines are asked for once more by the next run, and older ones are not', async () => {
  const dataDir = await tempDir()
  const revisedAt = parseMicros('2026-03-01T01:00:30')
  const first = await at(parseMicros('2026-03-01T01:00:10'), revisedAt)
  await run(NOW_JOB, { dataDir, baseUrls: [first.url] })
  expect((await statusOfOne({ dataDir })).revisions).toEqual([])

  const second = await at(parseMicros('2026-03-01T02:00:10'), revisedAt)
  const { summary } = await run(NOW_JOB, { dataDir, baseUrls: [second.url] })
  expect(summary.series[0]).toMatchObject({ complete: true, revisions: 1 })
  const asked = second.log.entries.filter(({ path }) => path === '/api/v3/klines')
  const from = new URLSearchParams(asked[0]!.query).get('startTime')
  expect(from).toBe(String(minute(58) / 1_000n))
  const { revisions, rows } = await statusOfOne({ dataDir })
  expect(rows).toBe(120)
  expect(revisions.map(({ key }) => key)).toEqual([String(minute(58))])

  const third = await at(parseMicros('2026-03-01T02:00:40'), revisedAt)
  await run(NOW_JOB, { dataDir, baseUrls: [third.url] })
  const fourth = await at(parseMicros('2026-03-01T02:00:50'), revisedAt)
  const before = await contents(dataDir)
  await run(NOW_JOB, { dataDir, baseUrls: [fourth.url] })
  expect(await contents(dataDir)).toEqual(before)
})

describe('what a run that died had stored while it could change is asked for once more', () => {
  type Life = { readonly exchange: Exchange; readonly yaml: string; readonly key: SeriesKey }

  async function runAt({ exchange, yaml }: Life, files: Files, start: string): Promise<void> {
    const world = virtualWorld(exchange, { files, start: parseMicros(start) })
    expect(await attempt(yaml, { world })).toMatchObject({ exit: 0, error: undefined })
  }

  async function rebuildAt({ exchange }: Life, files: Files, start: string): Promise<void> {
    const world = virtualWorld(exchange, { files, start: parseMicros(start) })
    for await (const step of verify([], { world, rebuild: true }))
      if (step.kind === 'report') expect(step.ok).toBe(true)
  }

  /** What is known after the second of two runs, and a lake in which that one died before it recorded its files. */
  async function lifeOf(
    life: Life,
    starts: readonly [string | undefined, string],
  ): Promise<{ whole: Manifest; files: Files }> {
    const files = memFiles()
    const [first, second] = starts
    if (first !== undefined) await runAt(life, files, first)
    const path = manifestPath(life.key)
    const before = await bytesOf(files, path)
    await runAt(life, files, second)
    const whole = (await readManifest(files, life.key))!
    expect(whole.fresh).not.toEqual([])
    if (before === undefined) await files.remove(path)
    else await put(files, path, before)
    return { whole, files }
  }

  async function expectAsYoung(files: Files, { key, ...whole }: Manifest): Promise<void> {
    const { coverage, fresh } = (await readManifest(files, key))!
    expect(coverage).toEqual(whole.coverage)
    expect(subtractAll(whole.fresh, fresh)).toEqual([])
  }

  const klines: Life = {
    exchange: new Exchange({ symbols: [{ symbol: 'BTCUSDT' }] }),
    key: { market: 'spot', dataset: 'klines', symbol: 'BTCUSDT', interval: '1h' },
    yaml: `
version: 1
source: rest
symbols: [BTCUSDT]
from: 2026-05-20
datasets: [{kind: klines, intervals: [1h]}]
`,
  }

  test('klines that end a day too', async () => {
    const { whole, files } = await lifeOf(klines, ['2026-06-01T21:10', '2026-06-02T00:05'])
    await runAt(klines, files, '2026-06-02T00:06')
    await expectAsYoung(files, whole)
  })

  test('klines that verify takes in later', async () => {
    const { whole, files } = await lifeOf(klines, ['2026-06-01T05:10', '2026-06-01T08:10'])
    await rebuildAt(klines, files, '2026-06-01T20:10')
    await expectAsYoung(files, whole)
  })

  test.each([
    ['a run', runAt],
    ['verify', rebuildAt],
  ])('orders that are open, taken in by %s', async (_, takeIn) => {
    const { account } = accountOf('hmac')
    vi.stubEnv('BINANCE_API_KEY', account.apiKey)
    vi.stubEnv('BINANCE_API_SECRET', 'aSecretOfTheTests')
    vi.stubEnv('BINANCE_ACCOUNT_LABEL', 'mine')
    const orders: Life = {
      exchange: new Exchange({ symbols: [{ symbol: 'BTCUSDT' }], accounts: [account] }),
      key: { market: 'spot', dataset: 'allOrders', symbol: 'BTCUSDT', account: 'mine' },
      yaml: `
version: 1
symbols: [BTCUSDT]
from: 2026-04-20
to: 2026-06-01
datasets: [{kind: allOrders}]
`,
    }
    const { whole, files } = await lifeOf(orders, [undefined, '2026-06-01T00:10'])
    await takeIn(orders, files, '2026-06-01T00:10')
    await expectAsYoung(files, whole)
  })
})
