/** The record that a run leaves in the lake: after every outcome, whole, small, and of no influence on the run. */

import { describe, expect, it } from 'vitest'
import { backfill } from '../../src/backfill/run.ts'
import { StoppedError, StoreError } from '../../src/base/errors.ts'
import type { Files, World } from '../../src/base/ports.ts'
import { parseMicros } from '../../src/base/time.ts'
import { parseJob } from '../../src/job/parse.ts'
import { readRuns, type RunRecord } from '../../src/query/history.ts'
import { Exchange, type Fault } from '../../src/simulator/index.ts'
import { acquireLock } from '../../src/store/lock.ts'
import { VERSION } from '../../src/version.ts'
import { memFiles, type MemFiles } from '../support/mem-files.ts'
import { attempt, lakeOf, virtualWorld } from '../support/virtual.ts'

const job = (symbols: string, name = 'majors'): string => `
version: 1
name: ${name}
source: rest
symbols: ${symbols}
from: 2026-03-01
to: 2026-03-02
datasets: [{kind: klines, intervals: [1m]}]
`
const DAY = { from: '2026-03-01T00:00:00.000000Z', to: '2026-03-02T00:00:00.000000Z' }
const START = parseMicros('2026-04-05T06:07:08.009Z')

function exchange(faults: readonly Fault[] = [], names = ['BTCUSDT', 'ETHUSDT']): Exchange {
  const rules = faults.map((fault) => ({ fault, path: '/api/v3/klines', times: Infinity }))
  return new Exchange({ symbols: names.map((symbol) => ({ symbol })), faults: { rules } })
}

async function records(world: World): Promise<readonly RunRecord[]> {
  const { runs, problems } = await readRuns({ world })
  expect(problems).toEqual([])
  return runs
}

async function onlyRecord(world: World): Promise<RunRecord> {
  const [first, ...others] = await records(world)
  expect(others).toEqual([])
  return first!
}

it('says what the summary says, and when, by what, for which jobs and symbols', async () => {
  const world = virtualWorld(exchange(), { start: START, latencyMs: 50 })
  const jobs = [job('[ETHUSDT]'), job('[BTCUSDT, ETHUSDT]', 'minors')]
  const { summary } = await attempt(jobs, { world })
  const { id, finished, ...rest } = await onlyRecord(world)
  expect(id).toMatch(/^2026-04-05T06-07-08-\d{3}-[0-9a-f]{8}$/)
  expect(parseMicros(finished)).toBeGreaterThan(parseMicros(rest.started))
  const { rows, requests, weight, partitions, bytes } = summary!
  expect(rows).toBe(2 * 1440)
  expect(rest).toEqual({
    format: 1,
    version: VERSION,
    job: 'majors, minors',
    started: expect.stringMatching(/^2026-04-05T06:07:08/) as string,
    ...{ exit: 0, complete: true, rows, requests, weight, partitions, bytes },
    ...{ revisions: 0, waits: {}, speed: { pageMs: 50 }, series: 2, missing: [], moreMissing: 0 },
    symbols: { spot: ['ETHUSDT', 'BTCUSDT'] },
    moreSymbols: 0,
    asked: { 'spot/klines/interval=1m': ['ETHUSDT', 'BTCUSDT'] },
    moreAsked: 0,
  })
})

describe('whatever a run comes to', () => {
  it.each<[name: string, fault: Fault, exit: number, code: string]>([
    ['an exchange that does not answer', { kind: 'status', status: 503 }, 3, 'E_UNREACHABLE'],
    ['rows that cannot be true', { kind: 'page', page: 'impossible' }, 4, 'E_DATA_REFUSED'],
    ['a ban', { kind: 'banned', seconds: 3_600 }, 5, 'E_BANNED'],
  ])('%s', async (_, fault, exit, code) => {
    const world = virtualWorld(exchange([fault]))
    expect(await attempt(job('[BTCUSDT]'), { world })).toMatchObject({ exit })
    const run = await onlyRecord(world)
    expect(run).toMatchObject({ exit, complete: false, rows: 0, series: 1, error: { code } })
    expect(run.missing).toMatchObject([
      { market: 'spot', dataset: 'klines', symbol: 'BTCUSDT', interval: '1m', windows: [DAY] },
    ])
    expect(run.missing[0]?.error?.code).toBe(code)
  })

  it('a run that could not begin', async () => {
    const rules = [{ fault: { kind: 'region' } as const, times: Infinity }]
    const world = virtualWorld(
      new Exchange({ symbols: [{ symbol: 'BTCUSDT' }], faults: { rules } }),
    )
    expect((await attempt(job('[BTCUSDT]'), { world })).exit).toBe(5)
    const run = await onlyRecord(world)
    expect(run).toMatchObject({ exit: 5, requests: 1, error: { code: 'E_REGION' } })
    expect(run.missing).toMatchObject([{ symbol: 'BTCUSDT', windows: [DAY] }])
  })

  it.each([
    ['a signal', 130, (): unknown => new StoppedError('SIGINT')],
    ['its caller', 3, (): unknown => undefined],
  ])('stopped by %s: %i, and what is left', async (_, exit, reason) => {
    const world = virtualWorld(exchange(), { latencyMs: 50 })
    const controller = new AbortController()
    const { signal } = controller
    let rows = 0
    const stopped = async (): Promise<void> => {
      const jobs = [parseJob(job('[BTCUSDT]'), 'job.yaml')]
      for await (const event of backfill(jobs, { world, signal, concurrency: 1 })) {
        if (event.kind === 'rows') controller.abort(reason())
        if (event.kind === 'summary') rows = event.rows
      }
    }
    expect(await stopped().catch((error: unknown) => error)).toBe(signal.reason)
    expect(rows).toBeGreaterThan(0)
    const run = await onlyRecord(world)
    expect(run).toMatchObject({ exit, rows, missing: [{ windows: [{ to: DAY.to }] }] })
  })

  it.each([1, 2, 3, 4])('left by its caller after event %i', async (last) => {
    const world = virtualWorld(exchange(), { latencyMs: 50 })
    let seen = 0
    const jobs = [parseJob(job('[BTCUSDT]'), 'job.yaml')]
    for await (const event of backfill(jobs, { world, concurrency: 1 }))
      if (++seen === last || event.kind === 'summary') break
    const run = await onlyRecord(world)
    const stored = Object.keys(await lakeOf(world.files)).filter((path) =>
      path.endsWith('.parquet'),
    )
    expect(run.exit).toBe(run.complete ? 0 : 3)
    expect(run.partitions).toBe(stored.length)
    expect(run.error).toBeUndefined()
  })

  it('a disk that fails before there is a plan', async () => {
    const files = refusing(/^_lake/, new StoreError('E_STORE_IO', 'the disk is tired'))
    const world = virtualWorld(exchange(), { files })
    expect(await attempt(job('[BTCUSDT]'), { world })).toMatchObject({
      exit: 1,
      summary: undefined,
    })
    expect(await onlyRecord(world)).toMatchObject({
      ...{ exit: 1, rows: 0, series: 0, missing: [] },
      error: { code: 'E_STORE_IO', message: 'the disk is tired' },
    })
  })

  it('what was refused as a whole leaves none: a job that cannot be, a lake that another run holds', async () => {
    const world = virtualWorld(exchange())
    await attempt(job('[BTCUSDT]'), { world })
    const decimal = job('[BTCUSDT]').replace('source: rest', 'source: rest\nnumbers: decimal')
    expect((await attempt(decimal, { world })).exit).toBe(2)
    const lock = await acquireLock(world)
    const other = virtualWorld(exchange(), { files: world.files, clock: world.clock })
    expect((await attempt(job('[BTCUSDT]'), { world: other })).exit).toBe(6)
    await lock.release()
    expect(await onlyRecord(world)).toMatchObject({ exit: 0 })
  })
})

it('counts waits by their reason', async () => {
  const rules = [
    { fault: { kind: 'limited', seconds: 7 } as const, path: '/api/v3/klines', times: 1 },
  ]
  const world = virtualWorld(new Exchange({ symbols: [{ symbol: 'BTCUSDT' }], faults: { rules } }))
  const { events } = await attempt(job('[BTCUSDT]'), { world })
  const waits = events.filter((event) => event.kind === 'wait')
  expect(waits.length).toBeGreaterThan(0)
  const ms = waits.reduce((sum, wait) => sum + wait.ms, 0)
  expect((await onlyRecord(world)).waits).toEqual({
    limit: { count: waits.length, ms: Math.round(ms) },
  })
})

it('stays small: of many series the first are written down and the others counted', async () => {
  const names = Array.from({ length: 130 }, (_, index) => `COIN${index}USDT`)
  const world = virtualWorld(exchange([{ kind: 'status', status: 404 }], names))
  const { summary } = await attempt(job(`[${names.join(', ')}]`), { world })
  expect(summary?.series).toHaveLength(130)
  const run = await onlyRecord(world)
  expect(run).toMatchObject({ exit: 3, series: 130, moreMissing: 30, moreSymbols: 0 })
  expect(run.missing.map(({ symbol }) => symbol)).toEqual(names.slice(0, 100))
  expect(run.symbols).toEqual({ spot: names })
})

it('a run with nothing to do changes nothing else in the lake', async () => {
  const files = memFiles()
  const world = virtualWorld(exchange(), { files })
  await attempt(job('[BTCUSDT]'), { world })
  const before = withoutRuns(files)
  expect(await attempt(job('[BTCUSDT]'), { world })).toMatchObject({
    exit: 0,
    summary: { rows: 0 },
  })
  expect(withoutRuns(files)).toEqual(before)
  expect((await records(world)).map(({ rows }) => rows)).toEqual([0, 1440])
})

function withoutRuns({ contents }: MemFiles): ReadonlyMap<string, Uint8Array> {
  return new Map([...contents].filter(([path]) => !/^_(runs|lock)\//.test(path)))
}

it('a record that cannot be written is a warning, and changes neither the run nor the lake', async () => {
  const calm = virtualWorld(exchange())
  const expected = await attempt(job('[BTCUSDT]'), { world: calm })
  const files = refusing(/^_runs/, new StoreError('E_STORE_FULL', 'no space'))
  const world = virtualWorld(exchange(), { files })
  const ended = await attempt(job('[BTCUSDT]'), { world })
  expect(ended.summary).toEqual(expected.summary)
  expect(ended.events.at(-2)).toEqual({
    kind: 'warning',
    message: 'this run is missing from the history: no space',
  })
  expect(ended.events.at(-1)?.kind).toBe('summary')
  expect(await lakeOf(world.files)).toEqual(await lakeOf(calm.files))
  expect(await records(world)).toEqual([])
})

/** Files that take nothing whose path matches. */
function refusing(path: RegExp, error: StoreError): Files {
  const files = memFiles()
  return {
    ...files,
    replace: async (name, bytes, expected) => {
      if (path.test(name)) throw error
      return files.replace(name, bytes, expected)
    },
  }
}
