/** The plan says what comes from the archive and what from REST; `verify --remote` says what was replaced since. */

import { describe, expect, test } from 'vitest'
import { union } from '../../src/base/coverage.ts'
import { planJobs } from '../../src/backfill/plan-jobs.ts'
import type { Files } from '../../src/base/ports.ts'
import { parseJob } from '../../src/job/parse.ts'
import type { Options } from '../../src/options.ts'
import type { Plan } from '../../src/plan/plan.ts'
import { Exchange, type ArchiveRule } from '../../src/simulator/index.ts'
import { archiveExchange, archiveJob, doors } from '../support/archive-jobs.ts'
import { verifyLake } from '../support/checked.ts'
import { run, serve, tempDir } from '../support/lake.ts'
import { memFiles, type MemFiles } from '../support/mem-files.ts'
import { attempt, lakeOf, virtualWorld } from '../support/virtual.ts'

const KLINES = { kind: 'klines', interval: '15m' }
const DAY = '-2025-03-05.zip'

async function planOf(job: string, rules: readonly ArchiveRule[] = []): Promise<Plan> {
  const simulator = await serve({ exchange: archiveExchange(rules) })
  return planJobs([parseJob(job, 'test.yaml')], { dataDir: await tempDir(), ...doors(simulator) })
}

describe('the plan', () => {
  test('names the files, what they save, and what REST is asked for besides', async () => {
    const span = ['2024-11-01', '2025-01-05'] as const
    const { series, total } = await planOf(archiveJob(KLINES, span, 'auto'))
    // Two months and four days; REST has nothing left to do.
    expect(series[0]).toMatchObject({
      requests: 0,
      weight: 0,
      archive: { files: 6, requestsSaved: 7 },
    })
    expect(series[0]?.archive?.bytes).toBeGreaterThan(100_000)
    expect(series[0]?.rows).toBe(65 * 96)
    expect(total).toMatchObject({ requests: 0, weight: 0, rows: 65 * 96 })
    // Nothing but the work on six files, and their bytes.
    expect(total.minutes * 60).toBeGreaterThan(6 * 0.02)
  })

  test('counts REST where a file is missing, and one request more at the seam', async () => {
    const span = ['2024-11-01', '2025-01-05'] as const
    const rules = [{ path: '-2025-01-03.zip', fault: { kind: 'missing' } as const }]
    const { series, total } = await planOf(archiveJob(KLINES, span, 'auto'), rules)
    expect(series[0]).toMatchObject({
      requests: 2,
      weight: 4,
      archive: { files: 5, requestsSaved: 5 },
    })
    expect(total).toMatchObject({ requests: 2, weight: 4 })
  })

  test('has no archive where it is not to be used, and no REST where that is not', async () => {
    const span = ['2025-01-01', '2025-01-05'] as const
    const rest = await planOf(archiveJob(KLINES, span, 'rest'))
    expect(rest.series[0]).toMatchObject({ requests: 1, weight: 2 })
    expect(rest.series[0]?.archive).toBeUndefined()
    const rules = [{ path: '15m', fault: { kind: 'missing' } as const }]
    const alone = await planOf(archiveJob(KLINES, span, 'archive'), rules)
    expect(alone.series[0]).toMatchObject({ requests: 0, weight: 0 })
    expect(alone.series[0]?.archive).toBeUndefined()
  })

  test('is made of tasks that hold what is missing, each moment once; a run reads their files and no others', async () => {
    const rules = [{ path: '-2025-01-03.zip', fault: { kind: 'missing' } as const }]
    const simulator = await serve({ exchange: archiveExchange(rules) })
    const options = { dataDir: await tempDir(), ...doors(simulator) }
    const job = archiveJob(KLINES, ['2024-12-20', '2025-01-05T06:00'], 'auto')
    const plan = await planJobs([parseJob(job, 'test.yaml')], options)
    const [{ tasks, missing } = { tasks: [], missing: [] }] = plan.series
    expect(tasks.map(({ source }) => source)).toEqual(['archive', 'archive', 'rest'])
    expect(union(tasks.map(({ window }) => window))).toEqual(missing)
    expect(tasks.reduce((sum, { window }) => sum + window.to - window.from, 0n)).toBe(
      missing.reduce((sum, { from, to }) => sum + to - from, 0n),
    )
    const before = simulator.log.entries.length
    expect((await run(job, options)).summary.complete).toBe(true)
    const read = simulator.log.entries
      .slice(before)
      .flatMap(({ path }) => (path.endsWith('.zip') ? [path.slice(1)] : []))
    const files = tasks.flatMap((task) => (task.source === 'archive' ? task.files : []))
    expect(read.toSorted()).toEqual(files.map(({ path }) => path).toSorted())
  })

  test('holds: a run sends no more requests to REST than planned', async () => {
    const rules = [{ path: '-2025-01-03.zip', fault: { kind: 'missing' } as const }]
    const simulator = await serve({ exchange: archiveExchange(rules) })
    const options = { dataDir: await tempDir(), ...doors(simulator) }
    const { summary, events } = await run(
      archiveJob(KLINES, ['2024-12-20', '2025-01-05'], 'auto'),
      options,
    )
    const plan = events.flatMap((event) => (event.kind === 'plan' ? [event.plan] : []))[0]
    expect(summary.complete).toBe(true)
    const asked = simulator.log.entries.filter(({ path }) => path === '/api/v3/klines')
    expect(asked.length).toBeLessThanOrEqual(plan!.total.requests)
    expect(plan!.series[0]?.archive?.files).toBe(4)
  })
})

describe('the plan of a run that goes on where an earlier one ended', () => {
  const TRADES = { kind: 'aggTrades' }
  const [from, middle, to] = ['2025-01-01', '2025-01-04T10:00:00Z', '2025-01-06'] as const
  const early = ['2025-01-01', '2025-01-04'] as const
  const gone = ['-2025-01-04.zip', '-2025-01-05.zip'].map((path): ArchiveRule => ({
    path,
    fault: { kind: 'missing' },
  }))

  /** What is planned, and what a run then asks REST for, in a lake that an earlier job left. */
  async function after(
    earlier: string,
    later: string,
    rules: readonly ArchiveRule[] = [],
  ): Promise<{ planned: Plan; asked: number }> {
    const dataDir = await tempDir()
    await run(earlier, { dataDir, ...doors(await serve({ exchange: archiveExchange() })) })
    const simulator = await serve({ exchange: archiveExchange(rules) })
    const options = { dataDir, ...doors(simulator) }
    const planned = await planJobs([parseJob(later, 'test.yaml')], options)
    const { summary } = await run(later, options)
    expect(summary).toMatchObject({ complete: true, exit: 0 })
    const asked = simulator.log.entries.filter(({ path }) => /\/(klines|aggTrades)$/.test(path))
    return { planned, asked: asked.length }
  }

  test.each([
    ['rest', []],
    ['auto', gone],
  ] as const)('from %s after the archive: one request more, at the seam', async (source, rules) => {
    const earlier = archiveJob(KLINES, early, 'archive')
    const { planned, asked } = await after(earlier, archiveJob(KLINES, [from, to], source), rules)
    expect(planned.total).toMatchObject({ requests: 2, weight: 4, rows: 2 * 96 })
    expect(asked).toBe(2)
    const trades = archiveJob(TRADES, early, 'archive')
    const more = await after(trades, archiveJob(TRADES, [from, to], source), rules)
    const pages = Math.ceil(more.planned.total.rows / 1_000)
    expect(more.planned.total).toMatchObject({ requests: pages + 1, weight: 4 * (pages + 1) })
  })

  test.each([
    ['REST after REST', 'rest', 'rest', 1],
    ['the archive after REST, whose file tells of the seam', 'rest', 'auto', 0],
    ['the archive after itself', 'archive', 'auto', 0],
  ])('%s: none', async (_, source, next, requests) => {
    const earlier = archiveJob(KLINES, [from, middle], source)
    const { planned, asked } = await after(earlier, archiveJob(KLINES, [from, to], next))
    expect(planned.total).toMatchObject({ requests, weight: 2 * requests })
    expect(asked).toBe(requests)
  })
})

describe('verify --remote', () => {
  test('finds archives that were replaced or are gone; a share of them with --subset', async () => {
    const span = ['2025-03-03', '2025-03-08'] as const
    const before = await serve({ exchange: archiveExchange() })
    const dataDir = await tempDir()
    const { summary } = await run(archiveJob({ kind: 'aggTrades' }, span, 'archive'), {
      dataDir,
      ...doors(before),
    })
    expect(summary.complete).toBe(true)
    const calm = await verifyLake({ dataDir, remote: true, archiveUrl: before.url })
    expect(calm.findings).toEqual([])

    const rules: ArchiveRule[] = [
      { path: DAY, fault: { kind: 'replaced' } },
      { path: '-2025-03-06.zip', fault: { kind: 'missing' } },
      { path: '-2025-03-07.zip', fault: { kind: 'checksumText', text: '<html>' } },
    ]
    const after = await serve({ exchange: archiveExchange(rules) })
    const archiveUrl = after.url
    const report = await verifyLake({ dataDir, remote: true, archiveUrl })
    expect(report.ok).toBe(true)
    const told = report.findings.map(({ severity, code, path }) => [
      severity,
      code,
      path.slice(-14),
    ])
    expect(told).toEqual([
      ['warning', 'archive-replaced', '2025-03-05.zip'],
      ['note', 'archive-gone', '2025-03-06.zip'],
      ['warning', 'archive-unknown', '2025-03-07.zip'],
    ])
    expect(report.findings[0]?.hint).toBe('binance-backfill run --refresh-archives')
    const shares = []
    for (const index of [1, 2, 3]) {
      const subset = { index, count: 3 }
      shares.push(...(await verifyLake({ dataDir, remote: true, archiveUrl, subset })).findings)
    }
    expect(shares.map(({ code }) => code).sort()).toEqual(told.map(([, code]) => code).sort())
    expect((await verifyLake({ dataDir, archiveUrl })).findings).toEqual([])
  })
})

test('refreshing passes over archives that are gone or do not answer, and says so', async () => {
  const span = ['2025-03-03', '2025-03-08'] as const
  const dataDir = await tempDir()
  const job = archiveJob({ kind: 'aggTrades' }, span, 'archive')
  await run(job, { dataDir, ...doors(await serve({ exchange: archiveExchange() })) })
  const rules: ArchiveRule[] = [
    { path: '-2025-03-04.zip', fault: { kind: 'checksumText', text: '<html>' } },
    { path: DAY, fault: { kind: 'replaced' } },
    { path: '-2025-03-06.zip', fault: { kind: 'missing' } },
  ]
  const after = await serve({ exchange: archiveExchange(rules) })
  const { summary, events } = await run(job, { dataDir, ...doors(after), refreshArchives: true })
  expect(summary).toMatchObject({ complete: true, exit: 0, partitions: 1 })
  expect(summary.series[0]?.revisions).toBeGreaterThan(1_000)
  const warnings = events.flatMap((event) => (event.kind === 'warning' ? [event.message] : []))
  expect(warnings.map((message) => message.includes('2025-03-04.zip'))).toEqual([true])
})

describe('a file that is longer than a partition, and was replaced', () => {
  const job = (from: string, to: string): string =>
    archiveJob(KLINES, [from, to], 'archive', ['partition: day'])
  const ALL = job('2024-12-08', '2025-01-02')
  const SOME = job('2024-12-08', '2024-12-20')

  /** The volume of 2024-12-10T01:00 is another one in the new file. */
  const change = (lines: readonly string[]): readonly string[] =>
    lines.map((line, index) =>
      index === 9 * 96 + 4 ? line.replace(/^((?:[^,]*,){5})/, '$11') : line,
    )
  const NEW: readonly ArchiveRule[] = [
    { path: '15m-2024-12.zip', fault: { kind: 'lines', change } },
  ]
  const symbols = [{ symbol: 'BTCUSDT', aggTradesPerDay: 200 }]
  const before = (files: Files): Options => optionsOf([], files)
  const after = (files: Files): Options => optionsOf(NEW, files)
  const refresh = (files: Files): Options => ({ ...after(files), refreshArchives: true })

  function optionsOf(rules: readonly ArchiveRule[], files: Files): Options {
    const world = virtualWorld(new Exchange(archiveExchange(rules, { symbols })), { files })
    return { world, archiveUrl: 'https://archive.test' }
  }

  async function codesOf(files: Files): Promise<readonly string[]> {
    const { findings } = await verifyLake({ ...after(files), remote: true })
    return [...new Set(findings.map(({ code }) => code))].sort()
  }

  /** A lake of before it was replaced, and what a refresh makes of it. */
  async function lakes(first = ALL) {
    const files = memFiles()
    await attempt(first, before(files))
    const renewed = copyOf(files)
    const { summary } = await attempt(ALL, refresh(renewed))
    expect(summary).toMatchObject({ complete: true, exit: 0 })
    expect(summary?.series[0]?.revisions).toBe(1)
    expect(await codesOf(renewed)).toEqual([])
    return { files, truth: await lakeOf(renewed) }
  }

  // Before and after the row that changed, and between footers that differ in the checksum alone.
  test.each([
    [2, ['archive-replaced']],
    [9, ['archive-replaced']],
    [30, ['archive-replaced', 'not-recorded']],
  ])('a refresh that ends at file %d is finished by the next one', async (at, codes) => {
    const { files, truth } = await lakes()
    const { error } = await attempt(ALL, refresh(endingAt(files, at)))
    expect(error).toMatchObject({ message: 'ended' })
    expect(await codesOf(files)).toEqual(codes)
    await attempt(ALL, refresh(files))
    expect(await lakeOf(files)).toEqual(truth)
  })

  test('a job that wants a part of its time renews all that is stored of it', async () => {
    const { files, truth } = await lakes()
    await attempt(job('2024-12-28', '2024-12-29'), refresh(files))
    expect(await lakeOf(files)).toEqual(truth)
  })

  test('a run that takes more of the new file does not hide that the old rows are old', async () => {
    const { files, truth } = await lakes(SOME)
    await attempt(ALL, after(files))
    expect(await codesOf(files)).toEqual(['archive-replaced'])
    await attempt(ALL, refresh(files))
    expect(await lakeOf(files)).toEqual(truth)
  })
})

function copyOf({ contents }: MemFiles): MemFiles {
  const files = memFiles()
  for (const [path, bytes] of contents) void files.replace(path, bytes, 'absent')
  return files
}

/** Files whose user ends before file `at` is begun, counted from 1. */
function endingAt(files: Files, at: number): Files {
  let begun = 0
  const upload: Files['upload'] = async (path) => {
    if (path.endsWith('.parquet') && ++begun >= at) throw new Error('ended')
    return files.upload(path)
  }
  return { ...files, upload }
}
