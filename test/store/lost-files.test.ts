/** Data files that somebody removed, or put an older copy in the place of: told, and nothing is lost by going on. */

import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { planJobs } from '../../src/backfill/plan-jobs.ts'
import type { Files, Http, Upload } from '../../src/base/ports.ts'
import { StoreError } from '../../src/base/errors.ts'
import { clip, subtractAll, union, wholeMillis, type Coverage } from '../../src/base/coverage.ts'
import {
  formatWindow,
  fromMillis,
  micros,
  parseMicros,
  periodWindow,
  type Micros,
  type Window,
} from '../../src/base/time.ts'
import { parseJob } from '../../src/job/parse.ts'
import { coverage } from '../../src/query/read.ts'
import { writeReport } from '../../src/report/report.ts'
import { Exchange, type Kline } from '../../src/simulator/index.ts'
import { parseSeriesPath, partitionPath } from '../../src/store/layout.ts'
import { parseManifest } from '../../src/store/manifest.ts'
import { manifestFromFooters } from '../../src/store/rebuild.ts'
import { verify, type Finding } from '../../src/verify/verify.ts'
import { status } from '../../src/query/status.ts'
import { expectSameLake } from '../support/chaos.ts'
import { klineAt } from '../support/histories.ts'
import { tempDir } from '../support/lake.ts'
import { memFiles, type MemFiles } from '../support/mem-files.ts'
import { simProcesses } from '../support/sim-world.ts'
import { manifestOf, openStored, storeWindow } from '../support/stored-series.ts'
import { attempt, lakeOf, virtualWorld } from '../support/virtual.ts'
import { bytesOf, put } from '../support/put.ts'

const job = (to: string): string => `
version: 1
compression: none
source: rest
symbols: [BTCUSDT]
from: listing
to: ${to}
datasets:
  - {kind: klines, intervals: [1h], partition: day}
  - {kind: aggTrades}
`
const WHOLE = job('2026-03-06')
const JOBS = [parseJob(WHOLE, 'test.yaml')]

function newExchange(): Exchange {
  return new Exchange({
    symbols: [
      {
        symbol: 'BTCUSDT',
        listedAt: parseMicros('2026-02-27T09:00'),
        aggTradesPerDay: 300,
        // A day and more without rows, of which the next file speaks.
        outages: [{ from: parseMicros('2026-03-02T22:00'), to: parseMicros('2026-03-04T01:00') }],
      },
    ],
  })
}

type Lake = Readonly<Record<string, Uint8Array>>

async function lakeOfJob(yaml = WHOLE): Promise<{ files: Files; lake: Lake }> {
  const files = memFiles()
  const world = virtualWorld(newExchange(), { files })
  expect(await attempt(yaml, { world })).toMatchObject({ exit: 0, error: undefined })
  return { files, lake: await lakeOf(files) }
}

async function findingsOf(files: Files): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  for await (const step of verify([], { world: virtualWorld(newExchange(), { files }) }))
    if (step.kind === 'finding') findings.push(step.finding)
  return findings
}

/** The time of the rows of a file: its period, but for what has no rows. */
function rowsTimeOf(lake: Lake, path: string): Coverage {
  const [, series = '', period = ''] = /(.*)\/period=(.*)\//.exec(path) ?? []
  const text = new TextDecoder().decode(lake[`${series}/_series.json`])
  const { coverage, gaps } = parseManifest(text, parseSeriesPath(series)!, path)
  return subtractAll(clip(coverage, periodWindow(period)), union(gaps))
}

/** The windows of the pages that klines were asked for in. */
function pagesOf(exchange: Exchange): readonly Window[] {
  return exchange.log.entries.flatMap(({ query }) => {
    const [, from, to] = /startTime=(\d+)&endTime=(\d+)&limit=1000/.exec(query) ?? []
    if (from === undefined || to === undefined) return []
    return [{ from: fromMillis(Number(from)), to: fromMillis(Number(to) + 1) }]
  })
}

it('each file in turn: status and plan lack its time, a run brings back its bytes and asks for nothing else', async () => {
  const { lake } = await lakeOfJob()
  const paths = Object.keys(lake).filter((path) => path.endsWith('.parquet'))
  expect(paths.length).toBeGreaterThan(10)
  for (const path of paths) {
    const { files } = await lakeOfJob()
    await files.remove(path)
    const lost = rowsTimeOf(lake, path)
    const windows = lost.map(formatWindow)
    const asked = wholeMillis(lost).map(formatWindow)
    const isOf = ({ dataset }: { dataset: string }): boolean => path.includes(`/${dataset}/`)
    const world = virtualWorld(newExchange(), { files })
    const seen = (await status(JOBS, { world })).series.filter(isOf)
    expect(seen.map(({ missing }) => missing)).toEqual([windows])
    const unasked = (await status([], { world })).series.filter(isOf)
    expect(unasked.map(({ missing }) => missing)).toEqual([windows])
    const plan = await planJobs(JOBS, { world })
    expect(
      plan.series.map((one) => [isOf(one.key), one.missing.map(formatWindow)] as const),
    ).toEqual(plan.series.map((one) => [isOf(one.key), isOf(one.key) ? asked : []] as const))

    const exchange = newExchange()
    const ended = await attempt(WHOLE, { world: virtualWorld(exchange, { files }) })
    expect(ended, path).toMatchObject({ exit: 0, error: undefined })
    const warnings = ended.events.filter(({ kind }) => kind === 'warning')
    expect(warnings).toMatchObject([
      { message: `${path} is gone; what was in there is asked for again` },
    ])
    for (const page of path.includes('klines') ? pagesOf(exchange) : [])
      expect(clip(lost, page), `${path}: ${JSON.stringify(formatWindow(page))}`).toEqual([page])
    expectSameLake(await lakeOf(files), lake, path)
    expect(await findingsOf(files)).toEqual([])
  }
})

it('coverage() tells what status does, and the report draws what is there', async () => {
  const { files } = await lakeOfJob()
  await files.remove('spot/klines/interval=1h/symbol=BTCUSDT/period=2026-03-01/data.parquet')
  const world = virtualWorld(newExchange(), { files })
  const [klines] = (await status([], { world })).series.filter(({ interval }) => interval === '1h')
  const query = { dataset: 'klines', symbol: 'BTCUSDT', interval: '1h', world } as const
  const known = (await coverage(query)).map(formatWindow)
  expect(known).toEqual(klines?.covered)
  expect(known.map(({ to }) => to)).toContain('2026-03-01T00:00:00.000000Z')
  const out = join(await tempDir(), 'report.html')
  expect(await writeReport(out, [], { world })).toMatchObject({ candles: klines?.rows })
})

it('all files at once: what they held is missing, asked for or not', async () => {
  const { files, lake } = await lakeOfJob()
  const paths = Object.keys(lake).filter((name) => name.endsWith('.parquet'))
  for (const path of paths) await files.remove(path)
  const { series } = await status([], { world: virtualWorld(newExchange(), { files }) })
  for (const { dataset, missing, rows } of series) {
    const held = paths.filter((path) => path.includes(`/${dataset}/`))
    const lost = union(held.flatMap((path) => rowsTimeOf(lake, path)))
    expect({ missing, rows }).toEqual({ missing: lost.map(formatWindow), rows: 0 })
  }
})

it('a half day that was removed is not taken for covered when the day is completed', async () => {
  const { files } = await lakeOfJob(job('2026-03-01T12:00:00Z'))
  for (const series of ['klines/interval=1h', 'aggTrades'])
    await files.remove(`spot/${series}/symbol=BTCUSDT/period=2026-03-01/data.parquet`)
  const world = virtualWorld(newExchange(), { files })
  expect(await attempt(WHOLE, { world })).toMatchObject({ exit: 0, error: undefined })
  expectSameLake(await lakeOf(files), (await lakeOfJob()).lake)
})

it('what the exchange does not have any more stays missing, and is said to be', async () => {
  const { files } = await lakeOfJob()
  await files.remove('spot/klines/interval=1h/symbol=BTCUSDT/period=2026-03-05/data.parquet')
  const faults = {
    rules: [{ path: '/api/v3/klines', times: Infinity, fault: { kind: 'hang' } as const }],
  }
  const exchange = new Exchange({ symbols: [{ symbol: 'BTCUSDT' }], faults })
  const { exit, summary } = await attempt(WHOLE, { world: virtualWorld(exchange, { files }) })
  expect(exit).toBe(3)
  expect(summary?.series[0]?.missing.map(formatWindow)).toMatchObject([
    { from: '2026-03-05T00:00:00.000000Z', to: '2026-03-06T00:00:00.000000Z' },
  ])
})

it('several at once are told in one line, and a job that does not want them says nothing', async () => {
  const { files, lake } = await lakeOfJob()
  const gone = ['2026-03-01', '2026-03-02', '2026-03-05'].map(
    (day) => `spot/klines/interval=1h/symbol=BTCUSDT/period=${day}/data.parquet`,
  )
  for (const path of gone) await files.remove(path)
  const early = await attempt(job('2026-02-28'), { world: virtualWorld(newExchange(), { files }) })
  expect(early.exit).toBe(0)
  expect(early.events.filter(({ kind }) => kind === 'warning')).toEqual([])
  const whole = await attempt(WHOLE, { world: virtualWorld(newExchange(), { files }) })
  expect(whole.events.filter(({ kind }) => kind === 'warning')).toMatchObject([
    { message: `${gone[0]!} and 2 more are gone; what was in there is asked for again` },
  ])
  expectSameLake(await lakeOf(files), lake)
})

it('a file that is removed while the lake is written is not taken for one that never was', async () => {
  const { files } = await lakeOfJob(job('2026-03-01T12:00:00Z'))
  const path = 'spot/klines/interval=1h/symbol=BTCUSDT/period=2026-03-01/data.parquet'
  const exchange = newExchange()
  const handle = exchange.handle.bind(exchange)
  exchange.handle = (request, now) => {
    if (request.path === '/api/v3/klines') void files.remove(path)
    return handle(request, now)
  }
  const { exit, summary } = await attempt(WHOLE, { world: virtualWorld(exchange, { files }) })
  expect(exit).toBe(4)
  expect(summary?.series.map(({ error }) => error?.code)).toEqual(['E_DAMAGED', undefined])
  expect(await attempt(WHOLE, { world: virtualWorld(newExchange(), { files }) })).toMatchObject({
    exit: 0,
  })
  expectSameLake(await lakeOf(files), (await lakeOfJob()).lake)
})

it('a run that loses the lake says so, and does not take what the other one wrote for damage', async () => {
  const klines = WHOLE.replace('  - {kind: aggTrades}\n', '')
  const files = memFiles()
  const processes = simProcesses()
  const mine = processes.spawn()
  const world = virtualWorld(newExchange(), { files, process: mine })
  let isTaken = false
  const get: Http['get'] = async (request) => {
    if (!isTaken && /klines.*limit=1000/.test(request.url)) {
      isTaken = true
      mine.kill()
      const other = virtualWorld(newExchange(), { files, process: processes.spawn() })
      expect(await attempt(klines, { world: other })).toMatchObject({ exit: 0 })
    }
    return world.http.get(request)
  }
  const ended = await attempt(klines, { world: { ...world, http: { ...world.http, get } } })
  expect(isTaken).toBe(true)
  expect(ended).toMatchObject({ exit: 1, error: { code: 'E_STORE_FENCED' } })
  expectSameLake(await lakeOf(files), (await lakeOfJob(klines)).lake)
})

it('one whose time is empty now: stopped after any write, the files say no less than the manifest', async () => {
  const at = (day: number): Micros =>
    micros(parseMicros('2026-03-01') + BigInt(day) * 86_400_000_000n)
  const hours = (from: Micros, count: number): Kline[] =>
    Array.from({ length: count }, (_, hour) =>
      klineAt(micros(from + BigInt(hour) * 3_600_000_000n)),
    )
  const key = { market: 'spot', dataset: 'klines', symbol: 'BTCUSDT', interval: '1h' } as const
  const lost = { from: at(1), to: at(2) }

  /** Three days, the second of which is removed, asked for again, and empty; stopped before one write more. */
  async function stoppedAfter(writes: number): Promise<MemFiles> {
    const files = memFiles()
    const whole = { from: at(0), to: at(3) }
    const options = { files, key, partition: 'day' } as const
    const rows = hours(at(0), 72)
    await storeWindow(options, await openStored(options), whole, [
      { rows, reached: at(3), gaps: [] },
    ])
    await files.remove(partitionPath(key, '2026-03-02'))
    let left = writes
    const upload = async (path: string): Promise<Upload> => {
      const open = await files.upload(path)
      const commit: Upload['commit'] = async (expected) => {
        if (left-- === 0) throw new StoreError('E_STORE_IO', 'stopped')
        return open.commit(expected)
      }
      return { ...open, commit }
    }
    const dying = { ...options, files: { ...files, upload } }
    const series = await openStored(dying, [lost])
    const gaps = [{ ...lost, reason: 'outage' as const }]
    const end = storeWindow(dying, series, lost, [{ rows: [], reached: at(2), gaps }])
    await end.catch((error: unknown) => {
      expect(error).toBeInstanceOf(StoreError)
    })
    expect(left).toBe(writes === 3 ? 0 : -1)
    return files
  }

  for (const writes of [1, 2, 3]) {
    const files = await stoppedAfter(writes)
    const manifest = await manifestOf({ files, key, partition: 'day' })
    const told = (await manifestFromFooters(files, key))?.coverage ?? []
    expect(subtractAll(manifest.coverage, told), `after ${writes} writes`).toEqual([])
  }
})

describe('an older copy in the place of a file', () => {
  const path = 'spot/klines/interval=1h/symbol=BTCUSDT/period=2026-03-01/data.parquet'
  const refused = `${path}: not the file that was recorded, and not a later one: 12 rows, the manifest says 24`

  async function olderCopy(): Promise<Uint8Array> {
    return (await lakeOfJob(job('2026-03-01T12:00:00Z'))).lake[path]!
  }

  async function expectRefused(
    files: Files,
    older: Uint8Array,
    exchange = newExchange(),
  ): Promise<void> {
    const world = virtualWorld(exchange, { files })
    const { exit, summary } = await attempt(job('2026-03-07'), {
      world,
      recheck: periodWindow('2026-03-01'),
    })
    expect(exit).toBe(4)
    expect(summary?.series.map(({ error }) => error?.code)).toEqual(['E_DAMAGED', undefined])
    expect(summary?.series[0]?.error?.message).toBe(refused)
    expect(await bytesOf(files, path)).toEqual(older)
  }

  it('is not merged with, and moving it away brings the rows back', async () => {
    const { files } = await lakeOfJob()
    const older = await olderCopy()
    await put(files, path, older)
    await expectRefused(files, older)
    await files.remove(path)
    const world = virtualWorld(newExchange(), { files })
    for await (const step of verify([], { world, rebuild: true }))
      if (step.kind === 'report') expect(step.ok).toBe(true)
    expect(await attempt(job('2026-03-07'), { world })).toMatchObject({ exit: 0 })
    expectSameLake(await lakeOf(files), (await lakeOfJob(job('2026-03-07'))).lake)
  })

  it('is not merged with where it comes while the lake is written', async () => {
    const { files } = await lakeOfJob()
    const older = await olderCopy()
    const exchange = newExchange()
    const handle = exchange.handle.bind(exchange)
    exchange.handle = (request, now) => {
      if (request.path === '/api/v3/klines') void put(files, path, older)
      return handle(request, now)
    }
    await expectRefused(files, older, exchange)
  })
})

it('where it is not asked for again, the manifest says so, and the files go on saying the same as it does', async () => {
  const { files } = await lakeOfJob()
  const path = 'spot/klines/interval=1h/symbol=BTCUSDT/period=2026-03-04/data.parquet'
  // The stretch without rows before that day has no other file to be told in than the next one.
  await files.remove(path)
  const later = job('2026-03-08').replace('from: listing', 'from: 2026-03-05')
  const world = virtualWorld(newExchange(), { files })
  expect(await attempt(later, { world })).toMatchObject({ exit: 0, error: undefined })
  const klines = (await findingsOf(files)).filter((finding) => finding.path.includes('klines'))
  expect(klines).toEqual([])
  const [series] = (await status(JOBS, { world })).series
  expect(series?.missing).toMatchObject([
    { from: '2026-03-04T01:00:00.000000Z', to: '2026-03-05T00:00:00.000000Z' },
  ])
})
