/** Runs that are watched over: metrics, signs of life and JSON logs, on real sockets and a real disk. */

import { spawnSync } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { backfill } from '../../src/backfill/run.ts'
import { run as runCommand } from '../../src/cli/dispatch.ts'
import { watchedBackfill, type Progress, type WatchOptions } from '../../src/index.ts'
import { parseJob } from '../../src/job/parse.ts'
import { quickstartExchange } from '../../src/simulator/index.ts'
import { serve, tempDir } from '../support/lake.ts'
import { fakeIo } from '../support/terminal.ts'
import '../support/cli-library.ts'

const JOB = parseJob(
  `
version: 1
datasets:
  - { kind: klines, symbols: [BTCUSDT, ETHUSDT], intervals: [1h], from: 2026-11-02, to: 2026-11-09, source: rest }
`,
  'job.yaml',
)
const FLAGS =
  '--dataset klines --symbol BTCUSDT --interval 1h --from 2026-11-02 --to 2026-11-09 --source rest'.split(
    ' ',
  )

type Told = { readonly items: readonly Progress[]; readonly error: unknown }

async function watched(options: WatchOptions, job = JOB): Promise<Told> {
  const items: Progress[] = []
  try {
    for await (const item of watchedBackfill([job], options)) items.push(item)
    return { items, error: undefined }
  } catch (error) {
    return { items, error }
  }
}

function warnings({ items }: Told): string[] {
  return items.flatMap((item) => (item.kind === 'warning' ? [item.message] : []))
}

async function exchange(region = false): Promise<string> {
  const faults = { rules: [{ fault: { kind: 'region' as const }, nth: 1, times: Infinity }] }
  const options = { ...quickstartExchange(), ...(region ? { faults } : {}) }
  return (await serve({ exchange: options })).url
}

/** Samples of a job by name and the other labels. */
async function metrics(path: string, job = 'job'): Promise<ReadonlyMap<string, number>> {
  const text = await readFile(path, 'utf8')
  const samples = text.split('\n').filter((line) => line.includes(`{job="${job}"`))
  return new Map(
    samples.map((line) => {
      const at = line.lastIndexOf(' ')
      const name = line.slice('binance_backfill_'.length, at).replace(`job="${job}"`, '')
      return [name.replace('{}', '').replace('{,', '{'), Number(line.slice(at + 1))]
    }),
  )
}

describe('metrics', () => {
  test('tell what a run did and what the lake holds', async () => {
    const directory = await tempDir()
    const metricsFile = join(directory, 'backfill.prom')
    const told = await watched({
      dataDir: join(directory, 'lake'),
      baseUrls: [await exchange()],
      metricsFile,
    })
    expect(warnings(told)).toEqual([])
    const summary = told.items.at(-1)
    if (summary?.kind !== 'summary') throw new Error('no summary')
    const samples = await metrics(metricsFile)
    const eth = 'market="spot",dataset="klines",symbol="ETHUSDT",interval="1h",account=""'
    expect(Object.fromEntries(samples)).toMatchObject({
      last_run_exit_code: 0,
      last_run_rows: 332,
      last_run_requests: summary.requests,
      last_run_request_weight: summary.weight,
      last_run_files: 2,
      'last_run_responses{code="200"}': summary.requests,
      [`series_coverage_ratio{${eth}}`]: 1,
      [`series_complete{${eth}}`]: 1,
      [`series_rows{${eth}}`]: 164,
      [`series_gaps{${eth},reason="outage"}`]: 1,
    })
    expect(samples.get('last_success_timestamp_seconds')).toBe(
      samples.get('last_run_timestamp_seconds'),
    )
    expect(await readdir(directory)).toEqual(['backfill.prom', 'lake'])
  })

  test('of two jobs in one file stand side by side, and each keeps its own last success', async () => {
    const directory = await tempDir()
    const metricsFile = join(directory, 'backfill.prom')
    const other = {
      ...parseJob(
        `
version: 1
name: minors
datasets:
  - { kind: klines, symbols: [BTCUSDT], intervals: [1h], from: 2026-11-02, to: 2026-11-03, source: rest }
`,
        'other.yaml',
      ),
    }
    const [dataDir, baseUrls] = [join(directory, 'lake'), [await exchange()]]
    await watched({ dataDir, baseUrls, metricsFile })
    const first = await metrics(metricsFile)
    await watched({ dataDir: join(directory, 'l2'), baseUrls, metricsFile }, other)
    const minors = await metrics(metricsFile, 'minors')
    expect(await metrics(metricsFile)).toEqual(first)
    expect(minors.get('last_run_rows')).toBe(24)
    expect([...minors.keys()].filter((name) => name.includes('ETHUSDT'))).toEqual([])
    await watched({ dataDir: join(directory, 'l3'), baseUrls: [await exchange(true)], metricsFile })
    const failed = await metrics(metricsFile)
    expect(failed.get('last_run_exit_code')).toBe(5)
    expect(failed.get('last_success_timestamp_seconds')).toBe(
      first.get('last_success_timestamp_seconds'),
    )
    expect(await metrics(metricsFile, 'minors')).toEqual(minors)
  })

  test('of a run that fails keep when one last succeeded', async () => {
    const directory = await tempDir()
    const metricsFile = join(directory, 'backfill.prom')
    await watched({ dataDir: join(directory, 'lake'), baseUrls: [await exchange()], metricsFile })
    const before = await metrics(metricsFile)
    const other = join(directory, 'other')
    const told = await watched({ dataDir: other, baseUrls: [await exchange(true)], metricsFile })
    expect(told.error).toMatchObject({ exit: 5 })
    const after = await metrics(metricsFile)
    expect(after.get('last_run_exit_code')).toBe(5)
    expect(after.get('last_run_responses{code="451"}')).toBe(1)
    expect(after.get('last_success_timestamp_seconds')).toBe(
      before.get('last_success_timestamp_seconds'),
    )
  })

  test('tell of a run that met a damaged manifest', async () => {
    const directory = await tempDir()
    const metricsFile = join(directory, 'backfill.prom')
    const dataDir = join(directory, 'lake')
    const options = { dataDir, baseUrls: [await exchange()], metricsFile }
    await watched(options)
    const btc = 'spot/klines/interval=1h/symbol=BTCUSDT/_series.json'
    await writeFile(join(dataDir, btc), '{}')
    const told = await watched(options)
    expect(warnings(told)).toEqual([])
    expect(told.items.at(-1)).toMatchObject({ kind: 'summary', exit: 4 })
    const labels = (symbol: string): string =>
      `{market="spot",dataset="klines",symbol="${symbol}",interval="1h",account=""}`
    const samples = await metrics(metricsFile)
    expect(samples.get('last_run_exit_code')).toBe(4)
    expect(samples.get(`series_complete${labels('BTCUSDT')}`)).toBe(0)
    expect(samples.has(`series_rows${labels('BTCUSDT')}`)).toBe(false)
    expect(samples.get(`series_rows${labels('ETHUSDT')}`)).toBe(164)
  })

  test('tell of a run that another one kept out', async () => {
    const directory = await tempDir()
    const options = { dataDir: join(directory, 'lake'), baseUrls: [await exchange()] }
    const holder = backfill([JOB], options)
    await holder.next()
    const metricsFile = join(directory, 'backfill.prom')
    expect((await watched({ ...options, metricsFile })).error).toMatchObject({ exit: 6 })
    await holder.return()
    expect((await metrics(metricsFile)).get('last_run_exit_code')).toBe(6)
  })

  test.each([
    [
      'a directory that is not there',
      async (directory: string) => join(directory, 'none', 'x.prom'),
    ],
    [
      'a directory in its place',
      async (directory: string) => {
        await mkdir(join(directory, 'x.prom'))
        return join(directory, 'x.prom')
      },
    ],
  ])('that cannot be written (%s) are a warning, and the run succeeds', async (_, place) => {
    const directory = await tempDir()
    const metricsFile = await place(directory)
    const told = await watched({
      dataDir: join(directory, 'lake'),
      baseUrls: [await exchange()],
      metricsFile,
    })
    expect(warnings(told)).toEqual([
      expect.stringMatching(/^no metrics: .*x\.prom cannot be written \(E/),
    ])
    expect(told.items.at(-1)).toMatchObject({ kind: 'summary', exit: 0, complete: true })
    expect((await readdir(directory)).filter((name) => name.endsWith('.tmp'))).toEqual([])
  })

  test('pass the check of promtool', async () => {
    const metricsFile = join(await tempDir(), 'backfill.prom')
    await watched({ dataDir: await tempDir(), baseUrls: [await exchange()], metricsFile })
    const text = await readFile(metricsFile)
    const { status, error, stderr } = spawnSync('promtool', ['check', 'metrics'], {
      input: text,
      encoding: 'utf8',
    })
    if (error === undefined) expect([status, stderr]).toEqual([0, ''])
    else console.warn('\n*** NO PROMTOOL: the metrics were NOT checked by it. ***\n')
    // Each metric is told what it is, once, before its samples.
    const types = text.toString().match(/^# TYPE \S+/gm) ?? []
    expect(new Set(types).size).toBe(types.length)
    expect(text.toString().endsWith('\n')).toBe(true)
  })
})

/** A server that keeps what it is asked. */
async function listener(status = 200): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(request.url ?? '')
    response.writeHead(status).end('OK')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/ping/secret-id`, asked }
}

describe('signs of life', () => {
  test('come at the start and when the run succeeded', async () => {
    const { url, asked } = await listener()
    const told = await watched({
      dataDir: await tempDir(),
      baseUrls: [await exchange()],
      heartbeatUrl: `${url}?rid=1`,
    })
    expect(asked).toEqual(['/ping/secret-id/start?rid=1', '/ping/secret-id?rid=1'])
    expect(warnings(told)).toEqual([])
  })

  test('say that a run failed', async () => {
    const { url, asked } = await listener()
    const told = await watched({
      dataDir: await tempDir(),
      baseUrls: [await exchange(true)],
      heartbeatUrl: url,
    })
    expect(told.error).toMatchObject({ exit: 5 })
    expect(asked).toEqual(['/ping/secret-id/start', '/ping/secret-id/fail'])
  })

  test('that do not arrive are a warning without the address, and the run succeeds', async () => {
    const { url, asked } = await listener(500)
    const told = await watched({
      dataDir: await tempDir(),
      baseUrls: [await exchange()],
      heartbeatUrl: url,
    })
    expect(asked).toHaveLength(4)
    expect(warnings(told)).toEqual([
      expect.stringMatching(/^the heartbeat \(start\) did not reach 127\.0\.0\.1:\d+: status 500$/),
      expect.stringMatching(
        /^the heartbeat \(success\) did not reach 127\.0\.0\.1:\d+: status 500$/,
      ),
    ])
    expect(told.items.at(-1)).toMatchObject({ kind: 'summary', exit: 0 })
  })

  test.each([
    'http://hc.example/id',
    'ftp://127.0.0.1/id',
    'https://user:secret-id@hc.example/',
    'secret-id',
    'http://127.0.0.1.evil.example/secret-id',
  ])('are not sent to %s; nothing is done', async (heartbeatUrl) => {
    const dataDir = join(await tempDir(), 'lake')
    const { error } = await watched({ dataDir, heartbeatUrl })
    expect(error).toMatchObject({ name: 'UsageError', exit: 2 })
    expect(String(error)).not.toContain('secret-id')
    await expect(stat(dataDir)).rejects.toThrow('ENOENT')
  })
})

describe('the command', () => {
  test('logs JSON with one run id, and its result to stdout', async () => {
    const io = fakeIo()
    const args = [
      'run',
      ...FLAGS,
      '--data-dir',
      await tempDir(),
      '--base-url',
      await exchange(),
      '--log-format',
      'json',
    ]
    expect(await runCommand(args, io)).toBe(0)
    const lines = io
      .err()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(lines.map(({ event }) => event)).toEqual(['plan', 'committed', 'series', 'summary'])
    expect(new Set(lines.map(({ run }) => run)).size).toBe(1)
    for (const line of lines)
      expect(line).toMatchObject({
        level: 'info',
        time: expect.stringMatching(/^\d{4}-.*Z$/) as string,
      })
    expect(lines.at(-1)).toMatchObject({ complete: true, rows: 168, exit: 0 })
    expect(io.out()).toMatch(/^Complete: /)
  })

  test('writes a heartbeat into the log while nothing else happens, and only errors with --quiet', async () => {
    const io = fakeIo()
    const { logView, jsonLogger } = await import('../../src/cli/logs.ts')
    const { Tally } = await import('../../src/cli/tally.ts')
    const view = logView({ logger: jsonLogger(io, false), tally: new Tally(0), ticker: io.ticker })
    io.advance(20_000)
    view.end()
    io.advance(60_000)
    const events = io
      .err()
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { event: string }).event)
    expect(events).toEqual(['progress', 'progress'])
    const quiet = fakeIo()
    logView({ logger: jsonLogger(quiet, true), tally: new Tally(0), ticker: quiet.ticker }).show({
      kind: 'warning',
      message: 'x',
    })
    expect(quiet.err()).toBe('')
  })

  test('tells an error as JSON too', async () => {
    const io = fakeIo()
    const args = [
      'run',
      ...FLAGS,
      '--data-dir',
      await tempDir(),
      '--base-url',
      await exchange(true),
      '--log-format',
      'json',
    ]
    expect(await runCommand(args, io)).toBe(5)
    const lines = io
      .err()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(lines.at(-1)).toMatchObject({ kind: 'error', code: 'E_REGION', exit: 5 })
  })

  test('takes metrics and heartbeat from the environment', async () => {
    const directory = await tempDir()
    const { url, asked } = await listener()
    const metricsFile = join(directory, 'x.prom')
    const io = fakeIo({
      env: { BINANCE_BACKFILL_METRICS_FILE: metricsFile, BINANCE_BACKFILL_HEARTBEAT_URL: url },
    })
    const args = [
      'run',
      ...FLAGS,
      '--data-dir',
      join(directory, 'lake'),
      '--base-url',
      await exchange(),
    ]
    expect(await runCommand(args, io)).toBe(0)
    expect((await metrics(metricsFile, 'command-line')).get('last_run_rows')).toBe(168)
    expect(asked).toHaveLength(2)
  })
})
