/** `verify --rebuild`: a lost manifest comes back as it was, a sound one is brought in line, and damage is not covered up. */

import { cp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseMicros } from '../../src/base/time.ts'
import { parseJob } from '../../src/job/parse.ts'
import { Exchange } from '../../src/simulator/index.ts'
import { status } from '../../src/query/status.ts'
import { verify, type Finding } from '../../src/verify/verify.ts'
import { expectSameLake } from '../support/chaos.ts'
import { change, codesOf, statusOfOne, verifyLake } from '../support/checked.ts'
import { contents, run, serve, tempDir } from '../support/lake.ts'
import { memFiles } from '../support/mem-files.ts'
import { sharedLake } from '../support/shared-lake.ts'
import { attempt, lakeOf, virtualWorld, type VirtualWorld } from '../support/virtual.ts'
import { put } from '../support/put.ts'

const EXCHANGE = {
  symbols: [
    {
      symbol: 'BTCUSDT',
      listedAt: parseMicros('2026-02-27T09:00'),
      aggTradesPerDay: 300,
      outages: [
        { from: parseMicros('2026-03-01T02:00'), to: parseMicros('2026-03-01T04:00') },
        // A whole day without rows: the next file speaks of it.
        { from: parseMicros('2026-03-03'), to: parseMicros('2026-03-04') },
      ],
    },
  ],
}
const JOB = `
version: 1
symbols: [BTCUSDT]
from: 2026-02-25
to: 2026-03-06
datasets:
  - kind: klines
    intervals: [1h]
    partition: day
  - kind: aggTrades
`
const SERIES = ['spot/klines/interval=1h/symbol=BTCUSDT', 'spot/aggTrades/symbol=BTCUSDT']
const KLINES = SERIES[0]!

const lake = sharedLake(JOB, EXCHANGE)

async function copied(): Promise<string> {
  const dataDir = await tempDir()
  await cp(lake.dataDir, dataDir, { recursive: true })
  return dataDir
}

describe.each([
  ['lost', (path: string) => rm(path)],
  ['torn', async (path: string) => writeFile(path, (await readFile(path)).subarray(0, 900))],
  ['empty', (path: string) => writeFile(path, '')],
])('a manifest that is %s', (_, ruin) => {
  test('comes back, and once the newest klines were asked for again, it is as it was, byte for byte', async () => {
    const dataDir = await copied()
    const before = await contents(dataDir)
    for (const series of SERIES) await ruin(join(dataDir, series, '_series.json'))
    expect((await verifyLake({ dataDir })).ok).toBe(false)
    const report = await verifyLake({ dataDir, rebuild: true })
    expect(report.ok).toBe(true)
    expect(codesOf(report)).toEqual(['rebuilt', 'rebuilt'])
    const simulator = await serve({ exchange: EXCHANGE })
    const { summary } = await run(JOB, { dataDir, baseUrls: [simulator.url] })
    expect(summary).toMatchObject({ complete: true, rows: 0, partitions: 0 })
    const asked = simulator.log.entries.filter(({ path }) => path === '/api/v3/klines')
    expect(asked.map(({ query }) => new URLSearchParams(query).get('startTime'))).toEqual([
      String(parseMicros('2026-03-04') / 1_000n),
    ])
    expect(await contents(dataDir)).toEqual(before)
    expect((await verifyLake({ dataDir })).findings).toEqual([])
  })
})

test('revisions and the sources of rows come back too', async () => {
  const dataDir = await copied()
  const [symbol] = EXCHANGE.symbols
  const revisions = [
    {
      interval: '1h' as const,
      openTime: parseMicros('2026-03-02T05:00'),
      at: parseMicros('2026-03-07'),
    },
  ]
  const simulator = await serve({ exchange: { symbols: [{ ...symbol!, revisions }] } })
  const recheck = { from: parseMicros('2026-03-02'), to: parseMicros('2026-03-03') }
  const yaml = JOB.replace('  - kind: aggTrades\n', '')
  const { summary } = await run(yaml, { dataDir, baseUrls: [simulator.url], recheck })
  expect(summary.series[0]?.revisions).toBe(1)
  // The changed row is asked for once more, and then final.
  await run(yaml, { dataDir, baseUrls: [simulator.url] })
  const before = await contents(dataDir)
  await rm(join(dataDir, KLINES, '_series.json'))
  await verifyLake({ dataDir, rebuild: true })
  expect((await statusOfOne({ dataDir }, yaml)).revisions).toHaveLength(1)
  await run(yaml, { dataDir, baseUrls: [simulator.url] })
  expect(await contents(dataDir)).toEqual(before)
})

test('klines that were young when they were stored are asked for again, however late the rebuild', async () => {
  const job = parseJob(JOB.replace('to: 2026-03-06', 'to: now'), 'test.yaml')
  // Long after the first run, however much of the virtual time this takes.
  const [start, revisedAt] = [parseMicros('2026-03-05T10:02'), parseMicros('2026-03-06T10:02')]
  const openTime = parseMicros('2026-03-05T09:00')
  const [symbol] = EXCHANGE.symbols
  const revisions = [{ interval: '1h' as const, openTime, at: revisedAt }]
  const exchange = new Exchange({ symbols: [{ ...symbol!, revisions }] })
  const files = memFiles()
  const yaml = JOB.replace('to: 2026-03-06', 'to: now')
  expect(await attempt(yaml, { world: virtualWorld(exchange, { files, start }) })).toMatchObject({
    exit: 0,
  })
  await put(files, `${KLINES}/_series.json`, new Uint8Array())
  const late = { files, start: parseMicros('2026-03-09') }
  for await (const step of verify([], { world: virtualWorld(exchange, late), rebuild: true }))
    if (step.kind === 'report') expect(step.ok).toBe(true)
  expect(await attempt(yaml, { world: virtualWorld(exchange, late) })).toMatchObject({ exit: 0 })
  const { series } = await status([job], { world: virtualWorld(exchange, late) })
  expect(series[0]?.revisions).toMatchObject([{ key: String(openTime) }])
})

test('so are those that a host which lagged may have sent unfinished', async () => {
  const yaml = JOB.replace('to: 2026-03-06', 'to: now')
  const start = parseMicros('2026-03-05T10:02')
  // Twenty hours before the run, and another value only after it.
  const openTime = parseMicros('2026-03-04T14:00')
  const revisions = [{ interval: '1h' as const, openTime, at: parseMicros('2026-03-05T10:30') }]
  const [symbol] = EXCHANGE.symbols
  const exchange = new Exchange({ symbols: [{ ...symbol!, revisions }] })
  const files = memFiles()
  const early = { world: virtualWorld(exchange, { files, start }) }
  expect(await attempt(yaml, early)).toMatchObject({ exit: 0 })
  await put(files, `${KLINES}/_series.json`, new Uint8Array())
  const late = { world: virtualWorld(exchange, { files, start: parseMicros('2026-03-09') }) }
  for await (const step of verify([], { ...late, rebuild: true }))
    if (step.kind === 'report') expect(step.ok).toBe(true)
  expect(await attempt(yaml, late)).toMatchObject({ exit: 0 })
  const { series } = await status([parseJob(yaml, 'test.yaml')], late)
  expect(series[0]?.revisions).toMatchObject([{ key: String(openTime) }])
})

test('a manifest cut at any length comes back', async () => {
  const files = memFiles()
  const exchange = new Exchange(EXCHANGE)
  expect(await attempt(JOB, { world: virtualWorld(exchange, { files }) })).toMatchObject({
    exit: 0,
  })
  const path = `${SERIES[1]}/_series.json`
  const whole = await lakeOf(files)
  const bytes = whole[path]!
  for (let length = 0; length < bytes.length; length += 37) {
    await put(files, path, bytes.subarray(0, length))
    const world = virtualWorld(exchange, { files })
    for await (const step of verify([], { world, rebuild: true }))
      if (step.kind === 'report') expect(step.ok, `${length} bytes`).toBe(true)
    expectSameLake(await lakeOf(files), whole, `${length} bytes`)
  }
})

describe('a damaged manifest of a series without a row', () => {
  const EMPTY = `
version: 1
symbols: [BTCUSDT]
from: 2026-02-20
to: 2026-02-26
datasets:
  - {kind: aggTrades}
`
  test.each([0, 1, 100, 200])('cut at %i bytes: the run’s hint mends it', async (length) => {
    const files = memFiles()
    const worldNow = (): VirtualWorld => virtualWorld(new Exchange(EXCHANGE), { files })
    const first = await attempt(EMPTY, { world: worldNow() })
    const whole = await lakeOf(files)
    const [path] = Object.keys(whole)
    await put(files, path!, whole[path!]!.subarray(0, length))
    const refused = await attempt(EMPTY, { world: worldNow() })
    expect(refused.exit).toBe(4)
    const { message, hint } = refused.summary!.series[0]!.error!
    expect(message).toContain(path)
    expect(hint).toContain('binance-backfill verify --rebuild')
    const findings: Finding[] = []
    for await (const step of verify([], { world: worldNow(), rebuild: true }))
      if (step.kind === 'finding') findings.push(step.finding)
    expect(findings).toMatchObject([
      {
        severity: 'note',
        code: 'rebuilt',
        path,
        message: expect.stringContaining('removed') as string,
      },
    ])
    const again = await attempt(EMPTY, { world: worldNow() })
    expect(again.exit).toBe(first.exit)
    expectSameLake(await lakeOf(files), whole)
  })
})

test('a lost manifest is not written anew over a damaged file: its hash would be taken for the right one', async () => {
  const dataDir = await copied()
  const path = `${KLINES}/period=2026-03-02/data.parquet`
  await rm(join(dataDir, KLINES, '_series.json'))
  await change(dataDir, path, (bytes) => {
    bytes[300]! ^= 4
    return bytes
  })
  const report = await verifyLake({ dataDir, rebuild: true })
  expect(report.ok).toBe(false)
  expect(report.findings.find(({ code }) => code === 'not-rebuilt')?.message).toContain(path)
  await expect(readFile(join(dataDir, KLINES, '_series.json'))).rejects.toThrow('ENOENT')
  await rm(join(dataDir, path))
  expect((await verifyLake({ dataDir, rebuild: true })).ok).toBe(true)
  const simulator = await serve({ exchange: EXCHANGE })
  await run(JOB, { dataDir, baseUrls: [simulator.url] })
  expect(await contents(dataDir)).toEqual(await contents(lake.dataDir))
})

test('a sound lake is left alone', async () => {
  const dataDir = await copied()
  const before = await contents(dataDir)
  expect((await verifyLake({ dataDir, rebuild: true })).findings).toEqual([])
  expect(await contents(dataDir)).toEqual(before)
})

test('time after the last row is in no footer: it is asked for again, and the manifest is as before', async () => {
  const [symbol] = EXCHANGE.symbols
  const delistedAt = parseMicros('2026-03-02T12:00')
  const simulator = await serve({
    exchange: { symbols: [{ ...symbol!, outages: [], delistedAt }] },
  })
  const dataDir = await tempDir()
  const options = { dataDir, baseUrls: [simulator.url] }
  await run(JOB, options)
  const before = await contents(dataDir)
  await rm(join(dataDir, KLINES, '_series.json'))
  await verifyLake({ dataDir, rebuild: true })
  const job = JOB.replace('  - kind: aggTrades\n', '')
  expect((await statusOfOne({ dataDir }, job)).missing).toEqual([
    { from: '2026-03-03T00:00:00.000000Z', to: '2026-03-06T00:00:00.000000Z' },
  ])
  const { summary } = await run(JOB, options)
  expect(summary).toMatchObject({ complete: true, rows: 0 })
  expect(await contents(dataDir)).toEqual(before)
})

test('a file that was moved away is forgotten, and the next run brings its rows back', async () => {
  const dataDir = await copied()
  const before = await contents(dataDir)
  const path = `${KLINES}/period=2026-03-02/data.parquet`
  await rm(join(dataDir, path))
  const damaged = await verifyLake({ dataDir })
  expect(damaged.ok).toBe(false)
  expect(codesOf(damaged)).toEqual(['file-missing'])
  const mended = await verifyLake({ dataDir, rebuild: true })
  expect(codesOf(mended)).toEqual(['rebuilt'])
  expect(mended.series.find(({ key }) => key.dataset === 'klines')?.verdict).toContain(
    'incomplete: missing 2026-03-02T00:00:00.000000Z to 2026-03-03T00:00:00.000000Z',
  )
  const simulator = await serve({ exchange: EXCHANGE })
  await run(JOB, { dataDir, baseUrls: [simulator.url] })
  expect(await contents(dataDir)).toEqual(before)
})

test('a damaged file is not covered up', async () => {
  const dataDir = await copied()
  const path = `${KLINES}/period=2026-03-02/data.parquet`
  await change(dataDir, path, (bytes) => {
    bytes[300]! ^= 4
    return bytes
  })
  const manifest = await readFile(join(dataDir, KLINES, '_series.json'))
  const report = await verifyLake({ dataDir, rebuild: true })
  expect(report.ok).toBe(false)
  expect(codesOf(report)).toContain('corrupt-column')
  expect(await readFile(join(dataDir, KLINES, '_series.json'))).toEqual(manifest)
})

test('a lost manifest with a file that has no footer is not rebuilt; the file and what to do are named', async () => {
  const dataDir = await copied()
  const path = `${KLINES}/period=2026-03-02/data.parquet`
  await change(dataDir, path, (bytes) => bytes.subarray(0, 500))
  await rm(join(dataDir, KLINES, '_series.json'))
  const report = await verifyLake({ dataDir, rebuild: true })
  expect(report.ok).toBe(false)
  const finding = report.findings.find(({ code }) => code === 'not-rebuilt')
  expect(finding?.message).toContain(path)
  expect(finding?.hint).toContain('Move the file out of the lake')
  await expect(readFile(join(dataDir, KLINES, '_series.json'))).rejects.toThrow('ENOENT')
})

test('a footer whose coverage was changed is refused', async () => {
  const dataDir = await copied()
  const path = `${KLINES}/period=2026-03-02/data.parquet`
  await rm(join(dataDir, KLINES, '_series.json'))
  await change(dataDir, path, (bytes) => {
    const at = bytes.lastIndexOf('"from":"2026-03-02T')
    expect(at).toBeGreaterThan(0)
    bytes.write('"from":"2026-03-01T', at)
    return bytes
  })
  const report = await verifyLake({ dataDir, rebuild: true })
  expect(report.findings.find(({ code }) => code === 'not-rebuilt')?.message).toContain(path)
})
