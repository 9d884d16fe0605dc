/** Whichever source is faster is taken, and the rows are the same whichever it was. */

import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { planJobs } from '../../src/backfill/plan-jobs.ts'
import { parseJob } from '../../src/job/parse.ts'
import type { Options } from '../../src/options.ts'
import { readRuns } from '../../src/query/history.ts'
import { readTable } from '../../src/query/read.ts'
import { Exchange, type ExchangeOptions } from '../../src/simulator/index.ts'
import { archiveJob } from '../support/archive-jobs.ts'
import { memFiles, type MemFiles } from '../support/mem-files.ts'
import { recordAt } from '../support/run-records.ts'
import { FILES_FIRST, PAGES_FIRST, SOME_OF_BOTH } from '../support/speeds.ts'
import { attempt, lakeOf, virtualWorld, type Ended } from '../support/virtual.ts'
import { writeRun } from '../../src/store/runs.ts'

const ARCHIVE: Options = { archiveUrl: 'https://archive.test' }
const HOURS = { kind: 'klines', interval: '1h' } as const
const TRADES = { kind: 'aggTrades' } as const
const SPAN = ['2026-02-27T05:00', '2026-03-04'] as const
const SYMBOLS = [{ symbol: 'BTCUSDT', aggTradesPerDay: 300 }]

type Ran = Ended & {
  readonly files: MemFiles
  /** Paths that were asked for. */
  readonly asked: readonly string[]
}

async function go(
  yaml: string,
  options: Options = {},
  {
    exchange = {},
    files = memFiles(),
  }: { exchange?: Partial<ExchangeOptions>; files?: MemFiles } = {},
): Promise<Ran> {
  const model = new Exchange({ symbols: SYMBOLS, ...exchange })
  const world = virtualWorld(model, { files, latencyMs: 20 })
  const ended = await attempt(yaml, { world, ...ARCHIVE, ...options })
  return { ...ended, files, asked: model.log.entries.map(({ path }) => path) }
}

const zips = ({ asked }: Ran): number => asked.filter((path) => path.endsWith('.zip')).length
const pages = ({ asked }: Ran): number =>
  asked.filter((path) => /v3\/(klines|aggTrades)$/.test(path)).length
const listings = ({ asked }: Ran): number => asked.filter((path) => path === '/').length

async function rowsOf(
  { files }: Ran,
  { kind, interval }: { readonly kind: 'klines' | 'aggTrades'; readonly interval?: string },
): Promise<readonly string[]> {
  const world = virtualWorld(new Exchange({ symbols: SYMBOLS }), { files })
  const query = { world, dataset: kind, symbol: 'BTCUSDT', requireComplete: true }
  const table = await readTable(interval === undefined ? query : { ...query, interval })
  return table.toArray().map(String)
}

describe('auto', () => {
  test('asks REST alone for a few pages: neither a listing nor a file', async () => {
    const ran = await go(archiveJob(HOURS, SPAN, 'auto'))
    expect(ran).toMatchObject({ exit: 0, summary: { complete: true } })
    expect([pages(ran), zips(ran), listings(ran)]).toEqual([1, 0, 0])
  })

  test('takes files where the exchange is slow, and pages where the archive is', async () => {
    const files = await go(archiveJob(TRADES, SPAN, 'auto'), { speed: FILES_FIRST })
    expect(zips(files)).toBe(5)
    const rest = await go(archiveJob(TRADES, SPAN, 'auto'), { speed: PAGES_FIRST })
    expect(zips(rest)).toBe(0)
    expect(pages(rest)).toBeGreaterThan(1)
  })

  test.each([HOURS, TRADES])('what REST does not have comes from files: %o', async (series) => {
    const fault = { kind: 'status', status: 500 } as const
    const rules = [{ fault, path: `/api/v3/${series.kind}`, times: Infinity }]
    const ran = await go(
      archiveJob(series, SPAN, 'auto'),
      { speed: PAGES_FIRST },
      { exchange: { faults: { rules } } },
    )
    expect(ran).toMatchObject({ exit: 0, summary: { complete: true } })
    expect(zips(ran)).toBeGreaterThan(0)
    const truth = await go(archiveJob(series, SPAN, 'rest'))
    expect(await rowsOf(ran, series)).toEqual(await rowsOf(truth, series))
  })

  test('of a lake that holds all of it asks for nothing, whatever is faster', async () => {
    const { files } = await go(archiveJob(TRADES, SPAN, 'auto'), { speed: SOME_OF_BOTH })
    const before = await lakeOf(files)
    for (const speed of [FILES_FIRST, PAGES_FIRST, {}]) {
      const again = await go(archiveJob(TRADES, SPAN, 'auto'), { speed }, { files })
      expect([pages(again), zips(again), listings(again)]).toEqual([0, 0, 0])
    }
    expect(await lakeOf(files)).toEqual(before)
  })

  test('the same rows, whichever source each stretch comes from', async () => {
    const truth = await rowsOf(await go(archiveJob(TRADES, SPAN, 'rest')), TRADES)
    const speeds = fc.record({
      pageSeconds: fc.constantFrom(0.01, 0.1, 1, 10),
      fileSeconds: fc.constantFrom(0.01, 0.1, 1, 10),
      bytesPerSecond: fc.constantFrom(1_000, 20_000, 1_000_000),
    })
    const missing = fc.subarray(['-02-27', '-02-28', '-03-01', '-03-02', '-03-03'])
    await fc.assert(
      fc.asyncProperty(speeds, missing, async (speed, days) => {
        const rules = days.map((day) => ({ path: day, fault: { kind: 'missing' } as const }))
        const ran = await go(
          archiveJob(TRADES, SPAN, 'auto'),
          { speed },
          { exchange: { archive: { rules } } },
        )
        expect(ran).toMatchObject({ exit: 0, summary: { complete: true } })
        expect(await rowsOf(ran, TRADES)).toEqual(truth)
      }),
      { numRuns: 12 },
    )
  })
})

describe('what was measured', () => {
  test('is in the record of the run, and the next plan rests on it', async () => {
    const { files } = await go(archiveJob(TRADES, SPAN, 'archive'))
    const world = virtualWorld(new Exchange({ symbols: SYMBOLS }), { files, latencyMs: 500 })
    const [record] = (await readRuns({ world })).runs
    expect(record?.speed).toEqual({ fileMs: 40 })
    const job = parseJob(archiveJob(HOURS, SPAN, 'auto'), 'test.yaml')
    const { speed } = await planJobs([job], { world, ...ARCHIVE })
    expect(speed).toMatchObject({ fileSeconds: 0.04, pageSeconds: 0.5 })
    expect(speed.measured).toEqual({ fileSeconds: 0.04, pageSeconds: 0.5 })
  })

  test('of the newest run that knows it; what nobody knows is assumed', async () => {
    const files = memFiles()
    const world = virtualWorld(new Exchange({ symbols: SYMBOLS }), { files })
    const speeds = [{ fileMs: 70, bytesPerSecond: 9 }, { fileMs: 80 }, { pageMs: 30 }]
    for (const [hour, speed] of speeds.entries())
      await writeRun(files, recordAt(hour * 3_600_000, { speed }), world.random)
    const job = parseJob(archiveJob(HOURS, SPAN, 'archive'), 'test.yaml')
    const { speed } = await planJobs([job], { world, ...ARCHIVE, source: 'archive' })
    expect(speed).toMatchObject({ pageSeconds: 0.03, bytesPerSecond: 9 })
  })
})
