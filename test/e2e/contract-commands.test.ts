/** The public contract, section 1: commands, flags, environment variables, and the documents of `--json`. */

import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { once } from 'node:events'
import { describe, expect, onTestFinished, test } from 'vitest'
import { bench, callCli, dataRequests, KLINES, klines, serve } from './contract-support.ts'
import { errorOf, filesOf, finished, jsonLines, newLakeDir, startCli } from './support.ts'

const WINDOW = { from: '2024-01-01T00:00:00.000000Z', to: '2024-01-03T00:00:00.000000Z' }
const KEY = { market: 'spot', dataset: 'klines', symbol: 'BTCUSDT', interval: '1h' }
const JOB = `version: 1
name: contract
symbols: [BTCUSDT]
from: 2024-01-01
to: 2024-01-03
datasets:
  - kind: klines
    intervals: [1h]
`

const COMMANDS = 'run plan status verify validate schema symbols report simulate doctor'.split(' ')
const ON_LAKE = 'run plan status verify symbols report doctor'.split(' ')
const SHARED =
  'data-dir base-url archive-url source weight-share concurrency max-wait wire no-progress quiet verbose json'.split(
    ' ',
  )

describe('help', () => {
  test.each(COMMANDS)('%s has examples, --json and --quiet', async (name) => {
    const { exit, stdout, stderr } = await callCli([name, '--help'])
    expect([exit, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(new RegExp(`\nExamples:[^]*\n  binance-backfill ${name}\\b`))
    const wanted = ON_LAKE.includes(name) ? SHARED : ['json', 'quiet']
    for (const flag of wanted) expect(stdout).toMatch(new RegExp(`\n  --${flag}\\b`))
  })
})

describe('plan', () => {
  test('--json has the fields of the contract, and nothing is written', async () => {
    const simulator = await serve()
    const { dataDir, call } = await bench(simulator.url)
    const { exit, stdout } = await call(['plan', ...KLINES, '--json'])
    const plan = JSON.parse(stdout) as { series: object[]; total: object }
    const estimate = {
      ...{ requests: 1, weight: 2, rows: 48, bytes: expect.any(Number) as number },
      rewritten: { partitions: 0, rows: 0, bytes: 0 },
    }
    expect(exit).toBe(0)
    expect(plan).toEqual({
      series: [{ ...KEY, missing: [WINDOW], source: 'auto', ...estimate }],
      total: { ...estimate, minutes: expect.any(Number) as number },
    })
    expect((await filesOf(dataDir)).size).toBe(0)
    expect(dataRequests(simulator)).toBe(0)
  })

  test('--json --tasks adds the pieces of work', async () => {
    const { url } = await serve()
    const { call } = await bench(url)
    const { exit, stdout } = await call(['plan', ...KLINES, '--json', '--tasks'])
    expect(exit).toBe(0)
    expect((JSON.parse(stdout) as { tasks: unknown }).tasks).toEqual([
      {
        ...KEY,
        source: 'rest',
        window: WINDOW,
        ...{ requests: 1, weight: 2 },
        bytes: expect.any(Number) as number,
        seconds: expect.any(Number) as number,
      },
    ])
    const bare = await call(['plan', ...KLINES, '--tasks'])
    expect([bare.exit, bare.stderr]).toEqual([2, expect.stringContaining('--json')])
  })

  test('an unknown symbol among good ones: these are planned, and the exit code is 3', async () => {
    const { url } = await serve()
    const { call } = await bench(url)
    const flags = ['--interval', '1h', '--from', '2024-01-01', '--to', '2024-01-03', '--json']
    const symbols = ['--symbol', 'NOPEUSDT', '--symbol', 'BTCUSDT']
    const { exit, stdout } = await call(['plan', '--dataset', 'klines', ...symbols, ...flags])
    expect(exit).toBe(3)
    const { series } = JSON.parse(stdout) as { series: { symbol: string; error?: object }[] }
    expect(series.map(({ symbol, error }) => [symbol, error !== undefined])).toEqual([
      ['NOPEUSDT', true],
      ['BTCUSDT', false],
    ])
  })

  test('--weight-share, --source and --detailed-exitcode count', async () => {
    const { url } = await serve()
    const { call } = await bench(url)
    const flags = ['--weight-share', '0.5', '--source', 'rest', '--detailed-exitcode', '--json']
    const { exit, stdout } = await call(['plan', ...KLINES, ...flags])
    expect(exit).toBe(10)
    expect(JSON.parse(stdout)).toMatchObject({
      series: [{ source: 'rest' }],
      total: { minutes: 2 / 3000 },
    })
    expect((await call(['run', ...KLINES])).exit).toBe(0)
    expect((await call(['plan', ...KLINES, ...flags])).exit).toBe(0)
  })

  test('as text marks estimates', async () => {
    const { url } = await serve()
    const { call } = await bench(url)
    const { stdout } = await call(['plan', ...KLINES])
    expect(stdout).toMatch(/ ~48 /)
    expect(stdout).toContain('~ are estimates')
  })
})

describe('run', () => {
  test('--json is an object a line, the last the summary', async () => {
    const { url } = await serve()
    const { call } = await bench(url)
    const result = await call(['run', ...KLINES, '--json'])
    const lines = jsonLines(result)
    const work = {
      ...{ rows: 48, partitions: 1, bytes: expect.any(Number) as number },
      rewritten: { partitions: 0, rows: 0, bytes: 0 },
    }
    expect([result.exit, result.stderr]).toEqual([0, ''])
    expect(lines.every(({ kind }) => typeof kind === 'string')).toBe(true)
    expect(lines.at(-1)).toEqual({
      kind: 'summary',
      complete: true,
      requests: 3,
      weight: 23,
      seconds: expect.any(Number) as number,
      ...work,
      series: [
        {
          ...KEY,
          complete: true,
          upToDate: true,
          ...work,
          revisions: 0,
          missing: [],
          unconfirmed: [],
        },
      ],
      exit: 0,
    })
  })

  test('takes job files and environment variables; flags beat those', async () => {
    const { url } = await serve()
    const dataDir = await newLakeDir()
    const job = join(dataDir, '..', 'job.yaml')
    await writeFile(job, JOB)
    const env = {
      BINANCE_BACKFILL_DATA_DIR: dataDir,
      BINANCE_BACKFILL_BASE_URL: `http://127.0.0.1:9, ${url}/`,
      BINANCE_BACKFILL_ARCHIVE_URL: url,
    }
    const fromEnv = await callCli(['run', job, '--json'], { env })
    expect(jsonLines(fromEnv).at(-1)).toMatchObject({ complete: true, rows: 48 })
    const other = await newLakeDir()
    const flags = ['--data-dir', other, '--base-url', url, '--concurrency', '1', '--json']
    const fromFlags = await callCli(['run', job, ...flags], { env })
    expect(jsonLines(fromFlags).at(-1)).toMatchObject({ complete: true, rows: 48 })
    expect([...(await filesOf(other)).keys()]).toContain(
      join('spot', 'klines', 'interval=1h', 'symbol=BTCUSDT', '_series.json'),
    )
  })

  test('a second one asks for no rows and changes no byte', async () => {
    const simulator = await serve()
    const { dataDir, call } = await bench(simulator.url)
    const all = ['run', '--dataset', 'aggTrades', '--symbol', 'BTCUSDT']
    const range = ['--from', '2024-01-01', '--to', '2024-01-02']
    for (const args of [
      ['run', ...KLINES],
      [...all, ...range],
    ]) {
      expect((await call(args)).exit).toBe(0)
      const [asked, before] = [dataRequests(simulator), await dataOf(dataDir)]
      expect((await call(args)).exit).toBe(0)
      expect(dataRequests(simulator)).toBe(asked)
      expect(await dataOf(dataDir)).toEqual(before)
    }
  })

  test('the words go to stderr, and none with --quiet; no colour in a pipe', async () => {
    const { url } = await serve()
    const { call } = await bench(url)
    const quiet = await call(['run', ...KLINES, '--quiet'], { env: { FORCE_COLOR: '1' } })
    expect(quiet).toEqual({ exit: 0, stdout: '', stderr: '' })
    const loud = await call(['run', ...klines('BTCUSDT', '2024-02-01', '2024-02-03')], {
      env: { NO_COLOR: '1' },
    })
    expect(loud.stdout).toMatch(/^Complete: /)
    expect(loud.stderr).toMatch(/^to do: /)
    const escape = String.fromCharCode(27)
    expect(loud.stdout + loud.stderr).not.toContain(escape)
    const terse = await call([
      'run',
      ...klines('BTCUSDT', '2024-03-01', '2024-03-03'),
      '--no-progress',
    ])
    expect(terse.stderr).toBe('')
  })
})

describe('status and verify', () => {
  test('tell of all series, or of what a job wants', async () => {
    const { url } = await serve()
    const { dataDir, call } = await bench(url)
    const job = join(dataDir, '..', 'job.yaml')
    await writeFile(job, JOB.replace('2024-01-03', '2024-01-04'))
    expect((await call(['run', ...KLINES])).exit).toBe(0)
    const held = {
      unconfirmed: [],
      gaps: [],
      rows: 48,
      partitions: 1,
      bytes: expect.any(Number) as number,
    }
    const common = {
      ...KEY,
      covered: [WINDOW],
      ...held,
      newest: '2024-01-02T23:00:00.000000Z',
      asked: expect.stringMatching(/^20\d\d-.*Z$/) as string,
      verdict: expect.any(String) as string,
    }
    const all = await call(['status', '--json'])
    expect(JSON.parse(all.stdout)).toEqual({ series: [{ ...common, missing: [] }] })
    const missing = [{ from: WINDOW.to, to: '2024-01-04T00:00:00.000000Z' }]
    const ofJob = await call(['status', job, '--json'])
    expect(JSON.parse(ofJob.stdout)).toEqual({
      series: [{ ...common, wanted: [{ ...WINDOW, to: missing[0]!.to }], missing }],
    })
    const verified = await call(['verify', '--json'])
    expect(verified.exit).toBe(0)
    expect(JSON.parse(verified.stdout)).toMatchObject({
      ok: true,
      series: [{ ...KEY, missing: [], partitions: 1, rows: 48 }],
      findings: [],
      partitions: 1,
      rows: 48,
    })
    for (const part of ['1/2', '2/2']) {
      const { exit, stdout } = await call(['verify', '--subset', part, '--json'])
      expect([exit, (JSON.parse(stdout) as { ok: boolean }).ok]).toEqual([0, true])
    }
    const page = join(dataDir, '..', 'report.html')
    const reported = await call(['report', '--out', page, '--json'])
    expect(JSON.parse(reported.stdout)).toMatchObject({ path: page, series: 1, candles: 48 })
    expect(await readFile(page, 'utf8')).toMatch(/^<!doctype html>/i)
  })

  test('a directory that is no lake is refused, and stays away', async () => {
    const dataDir = await newLakeDir()
    for (const command of ['status', 'verify', 'report', 'history']) {
      const { exit, stdout, stderr } = await callCli([command, '--data-dir', dataDir])
      expect([command, exit, stdout]).toEqual([command, 2, ''])
      expect(stderr).toMatch(/^error: (there is no lake at|the lake holds no)/)
    }
    expect((await filesOf(dataDir)).size).toBe(0)
  })

  test('a job may be looked at before its lake is there', async () => {
    const { url } = await serve()
    const { call, dataDir } = await bench(url)
    const job = join(await newLakeDir(), '..', 'contract.yaml')
    await writeFile(job, JOB)
    const { exit, stdout } = await call(['status', job, '--json'])
    expect([exit, JSON.parse(stdout)]).toMatchObject([0, { series: [{ missing: [WINDOW] }] }])
    expect((await filesOf(dataDir)).size).toBe(0)
  })
})

describe('the other commands', () => {
  test('symbols are listed by quote, base and status', async () => {
    const { url } = await serve()
    const { call } = await bench(url)
    const names = async (...flags: string[]): Promise<string[]> => {
      const { exit, stdout } = await call(['symbols', ...flags, '--json'])
      expect(exit).toBe(0)
      const { symbols } = JSON.parse(stdout) as { symbols: { symbol: string }[] }
      return symbols.map(({ symbol }) => symbol)
    }
    expect(await names('--quote', 'USDT', '--status', 'TRADING')).toEqual([
      'BTCUSDT',
      'ETHUSDT',
      '币安人生USDT',
    ])
    expect(await names('--base', 'ETH')).toEqual(['ETHBTC', 'ETHUSDT'])
    expect(await names('--quote', 'NONE')).toEqual([])
  })

  test('doctor checks Node, directory and exchange', async () => {
    const { url } = await serve()
    const { call } = await bench(url)
    const { exit, stdout } = await call(['doctor', '--json'])
    const { ok, checks } = JSON.parse(stdout) as { ok: boolean; checks: { name: string }[] }
    expect([exit, ok, checks.map(({ name }) => name)]).toEqual([
      0,
      true,
      ['node', 'directory', url, 'clock', 'archive'],
    ])
    const dead = await (await bench('http://127.0.0.1:9')).call(['doctor', '--json'])
    expect([dead.exit, (JSON.parse(dead.stdout) as { ok: boolean }).ok]).toEqual([1, false])
    expect(errorOf(dead)).toMatchObject({ kind: 'error', code: 'E_UNFIT', exit: 1 })
  })

  test('a job file that ends within a character is refused', async () => {
    const file = join(await newLakeDir(), '..', 'cut.yaml')
    await writeFile(file, Buffer.from(`${JOB}# 币`).subarray(0, -1))
    const { exit, stderr } = await callCli(['validate', file])
    expect([exit, stderr]).toEqual([2, expect.stringContaining('is not UTF-8 text')])
  })

  test('a summary counts a file that was written twice once', async () => {
    const { url } = await serve({ symbols: [{ symbol: 'BTCUSDT', aggTradesPerDay: 30_000 }] })
    const { call } = await bench(url)
    // A file of trades of yesterday, REST for today: both in the file of the month.
    const flags = '--dataset aggTrades --symbol BTCUSDT --partition month'
    const job = `${flags} --from 2024-06-14 --to 2024-06-15T06:00`.split(' ')
    const run = await call(['run', ...job, '--archive-url', url, '--json'])
    const status = await call(['status', '--json'])
    const [{ partitions, bytes }] = (
      JSON.parse(status.stdout) as { series: [{ partitions: number; bytes: number }] }
    ).series
    expect(partitions).toBe(1)
    const commits = jsonLines(run).filter((line) => line['kind'] === 'committed')
    expect(commits.length).toBeGreaterThan(1)
    expect(jsonLines(run).at(-1)).toMatchObject({ partitions, bytes })
  })

  test('validate tells every problem of every file', async () => {
    const directory = join(await newLakeDir(), '..')
    const [good, bad] = [join(directory, 'good.yaml'), join(directory, 'bad.yaml')]
    await writeFile(good, JOB)
    await writeFile(bad, JOB.replace('[1h]', '[1h, 1Min]').replace('from: 2024-01-01', 'form: x'))
    const { exit, stdout, stderr } = await callCli(['validate', good, bad])
    expect([exit, stdout]).toEqual([2, `ok ${good} (contract)\n`])
    expect(stderr).toContain(
      `${bad}:8:21: datasets[0].intervals[1]: "1Min" is not an interval; did you mean "1m"?\n`,
    )
    expect(stderr).toMatch(/:4:1: form: an unknown key; did you mean "from"\?\n/)
    const json = await callCli(['validate', good, bad, '--json'])
    const { files } = JSON.parse(json.stdout) as { files: { ok: boolean; problems: object[] }[] }
    expect(files.map(({ ok, problems }) => [ok, problems.length])).toEqual([
      [true, 0],
      [false, 3],
    ])
    expect(errorOf(json)).toMatchObject({ kind: 'error', code: 'E_JOB_INVALID', exit: 2 })
  })

  test('simulate serves a run of another process, REST and archive', async () => {
    const child = startCli(['simulate', '--json'])
    const end = finished(child)
    onTestFinished(async () => {
      child.kill('SIGTERM')
      await end
    })
    const [chunk] = (await once(child.stdout!, 'data')) as [string]
    const { url } = JSON.parse(chunk) as { url: string }
    const { call } = await bench(url)
    const rest = await call(['run', ...KLINES, '--source', 'rest', '--json'])
    expect(jsonLines(rest).at(-1)).toMatchObject({ complete: true, rows: 48 })
    const archive = await bench(url)
    const flags = ['--source', 'archive', '--archive-url', url, '--json']
    const other = await archive.call(['run', ...KLINES, ...flags])
    expect(jsonLines(other).at(-1)).toMatchObject({ complete: true, rows: 48, requests: 0 })
    const remote = await archive.call(['verify', '--remote', '--archive-url', url, '--json'])
    expect([remote.exit, JSON.parse(remote.stdout)]).toMatchObject([0, { ok: true }])
    const gone = await archive.call([
      'verify',
      '--remote',
      '--archive-url',
      'http://127.0.0.1:9',
      '--json',
    ])
    expect([gone.exit, JSON.parse(gone.stdout)]).toMatchObject([3, { ok: true }])
    expect(errorOf(gone)['message']).toMatch(/archives? could not be compared/)
  })
})

async function dataOf(dataDir: string): Promise<readonly (readonly [string, string])[]> {
  // The lock names each holder anew, and each run leaves a record.
  return [...(await filesOf(dataDir))].filter(([path]) => !/^_(lock|runs)/.test(path))
}
