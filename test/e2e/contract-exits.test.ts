/** The public contract, section 1: every exit code by a process that ends with it, and the error that it prints. */

import { existsSync } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { fromMillis } from '../../src/base/time.ts'
import type { Fault } from '../../src/simulator/index.ts'
import { bench, dataRequests, KLINES, klines, serve, type Bench } from './contract-support.ts'
import { errorOf, finished, jsonLines, startCli } from './support.ts'

const PARTITION = join('spot', 'klines', 'interval=1h', 'symbol=BTCUSDT', 'period=2024')

/** An exchange whose klines always answer so. */
function klinesThat(fault: Fault, query = '') {
  return { faults: { rules: [{ fault, path: '/api/v3/klines', query, times: Infinity }] } }
}

/** The error of a run that ends with this code, and what it printed. */
async function failing(lake: Bench, exit: number, ...args: readonly string[]) {
  const json = await lake.call(['run', ...args, '--json'])
  expect(json.exit, json.stderr).toBe(exit)
  const error = errorOf(json)
  const told = { kind: 'error', exit, code: expect.any(String) as string }
  expect(error).toMatchObject({ ...told, message: expect.any(String) as string })
  return { error, lines: jsonLines(json) }
}

describe('2: nothing was done', () => {
  test.each([
    [['run', '--dataset', 'klines', '--symbol', 'BTCUSDT', '--from', '2024-01-01']],
    [['run', ...KLINES, '--max-wait', 'long']],
    [['run', ...KLINES, '--numbers', 'float']],
    [['run', ...klines('BTCUSDT', '2024-02-30', '2024-03-01')]],
    [['run', ...klines('BTCUSDT', '2024-03-02', '2024-03-01')]],
    [['run', '--dataset', 'myTrades', '--symbol', 'BTCUSDT', '--from', '2024-01-01']],
    [['run', '--dataset', 'uiKlines', ...KLINES.slice(2), '--source', 'archive']],
    [['plan', 'no-such-job.yaml']],
    [['status', 'no-such-job.yaml']],
  ])('%j', async (args) => {
    const simulator = await serve()
    const { dataDir, call } = await bench(simulator.url)
    const { exit, stdout, stderr } = await call(args)
    expect([exit, stdout]).toEqual([2, ''])
    expect(stderr.trimEnd().split('\n').at(-1)).toMatch(/^error: /)
    expect(errorOf(await call([...args, '--json']))).toMatchObject({ kind: 'error', exit: 2 })
    expect(existsSync(dataDir)).toBe(false)
    expect(dataRequests(simulator)).toBe(0)
  })

  test('two jobs that disagree make no lake', async () => {
    const lake = await bench((await serve()).url)
    const jobs = ['float64', 'decimal'].map((numbers) => ({
      file: join(dirname(lake.dataDir), `${numbers}.yaml`),
      text: `{version: 1, symbols: [BTCUSDT], from: 2024-01-01, numbers: ${numbers}, datasets: [{kind: aggTrades}]}`,
    }))
    for (const { file, text } of jobs) await writeFile(file, text)
    const { error } = await failing(lake, 2, ...jobs.map(({ file }) => file))
    expect(error['message']).toMatch(/BTCUSDT.*different settings/)
    expect(existsSync(lake.dataDir)).toBe(false)
  })

  test('an account label is no matter to public datasets', async () => {
    const lake = await bench((await serve()).url)
    const env = { BINANCE_ACCOUNT_LABEL: 'my account / 1' }
    for (const command of ['plan', 'run', 'status'])
      expect(
        (await lake.call([command, ...(command === 'status' ? [] : KLINES)], { env })).exit,
      ).toBe(0)
  })

  test('a job that asks for what the series was not begun with', async () => {
    const lake = await bench((await serve()).url)
    expect((await lake.call(['run', ...KLINES])).exit).toBe(0)
    for (const flags of [
      ['--partition', 'day'],
      ['--numbers', 'decimal'],
    ]) {
      const { error } = await failing(lake, 2, ...KLINES, ...flags)
      expect(error['hint']).toMatch(/another --data-dir/)
    }
  })

  test('a newer lake, and a directory that is none', async () => {
    const lake = await bench((await serve()).url)
    expect((await lake.call(['run', ...KLINES])).exit).toBe(0)
    await writeFile(join(lake.dataDir, '_lake.json'), '{"format":2}')
    expect((await failing(lake, 2, ...KLINES)).error['message']).toMatch(/format 2, newer than 1/)
    expect((await lake.call(['status'])).exit).toBe(2)
    expect((await lake.call(['verify'])).exit).toBe(2)
    const foreign = await bench((await serve()).url)
    await mkdir(foreign.dataDir)
    await writeFile(join(foreign.dataDir, 'holiday.jpg'), '')
    expect((await failing(foreign, 2, ...KLINES)).error['message']).toMatch(/not a lake.*holiday/)
  })
})

describe('1: a directory that cannot be written', () => {
  test('is named', async () => {
    const { url } = await serve()
    const lake = await bench(url)
    await writeFile(lake.dataDir, 'a file')
    const { error } = await failing(lake, 1, ...KLINES)
    expect(error).toMatchObject({ code: 'E_STORE_IO', hint: expect.any(String) as string })
  })

  test.runIf(existsSync('/proc/self'))('where no directory can be made', async () => {
    const { url } = await serve()
    const flags = ['--data-dir', '/proc/lake', '--base-url', url, '--json']
    const result = await finished(startCli(['run', ...KLINES, ...flags]))
    expect(result.exit).toBe(1)
    expect(errorOf(result)).toMatchObject({
      code: 'E_STORE_IO',
      message: expect.stringContaining('/proc/lake') as string,
      hint: expect.stringContaining('--data-dir') as string,
    })
  })
})

describe('3: some of it could not be fetched', () => {
  test('an invalid symbol is named, the others are kept, also with --quiet', async () => {
    const lake = await bench((await serve()).url)
    const args = klines('BTCUSDT,NOPEUSDT,ETHUSDT', '2024-01-01', '2024-01-03')
    const { error, lines } = await failing(lake, 3, ...args)
    expect(error['message']).toMatch(/NOPEUSDT.*-1121/)
    const series = [
      { symbol: 'BTCUSDT', complete: true },
      { symbol: 'NOPEUSDT', complete: false, error: { code: 'E_UNKNOWN_SYMBOL' } },
      { symbol: 'ETHUSDT', complete: true },
    ]
    expect(lines.at(-1)).toMatchObject({ kind: 'summary', complete: false, rows: 96, series })
    const quiet = await lake.call(['run', ...args, '--quiet'])
    expect([quiet.exit, quiet.stdout]).toEqual([3, ''])
    expect(quiet.stderr).toMatch(/^error: [^\n]*NOPEUSDT[^\n]*\n$/)
  })
})

describe('4: impossible or damaged', () => {
  test('rows that cannot be true', async () => {
    const { url } = await serve(klinesThat({ kind: 'page', page: 'impossible' }))
    const { error, lines } = await failing(await bench(url), 4, ...KLINES)
    expect(error['code']).toBe('E_DATA_REFUSED')
    expect(lines.at(-1)).toMatchObject({ complete: false, rows: 0 })
  })

  test('a data file that is not what was written', async () => {
    const lake = await bench((await serve()).url)
    expect((await lake.call(['run', ...KLINES])).exit).toBe(0)
    const file = join(lake.dataDir, PARTITION, 'data.parquet')
    const bytes = await readFile(file)
    bytes[bytes.length >> 1]! ^= 1
    await writeFile(file, bytes)
    const json = await lake.call(['verify', '--json'])
    expect([json.exit, JSON.parse(json.stdout)]).toMatchObject([4, { ok: false }])
    expect(errorOf(json)).toMatchObject({ code: 'E_DAMAGED', exit: 4 })
    const quiet = await lake.call(['verify', '--quiet'])
    expect([quiet.exit, quiet.stdout]).toEqual([4, ''])
    expect(quiet.stderr).toMatch(/^error: damage found in \d places?: [^\n]+\n$/)
  })

  test('a lost manifest, until it is rebuilt', async () => {
    const simulator = await serve()
    const lake = await bench(simulator.url)
    expect((await lake.call(['run', ...KLINES])).exit).toBe(0)
    await rm(join(lake.dataDir, PARTITION, '..', '_series.json'))
    expect((await lake.call(['verify'])).exit).toBe(4)
    expect((await lake.call(['verify', '--rebuild'])).exit).toBe(0)
    // No footer says when klines were stored: the last of them are taken for young, and asked for once more.
    const asked = dataRequests(simulator) + 1
    for (let times = 0; times < 2; times++) {
      expect((await lake.call(['run', ...KLINES])).exit).toBe(0)
      expect(dataRequests(simulator)).toBe(asked)
    }
  })
})

describe('5: beyond --max-wait', () => {
  test.each([
    [{ kind: 'limited', seconds: 60 }, 'E_RATE_LIMITED'],
    [{ kind: 'banned', seconds: 600 }, 'E_BANNED'],
    [{ kind: 'blocked', seconds: 600 }, 'E_BLOCKED'],
    [{ kind: 'region' }, 'E_REGION'],
  ] as const)('%j', async (fault, code) => {
    const lake = await bench((await serve(klinesThat(fault))).url)
    const { error, lines } = await failing(lake, 5, ...KLINES, '--max-wait', '1')
    expect(error['code']).toBe(code)
    expect(lines.at(-1)).toMatchObject({ kind: 'summary', complete: false, exit: 5 })
    expect(lines.filter(({ kind }) => kind === 'wait')).toEqual([])
  })

  test('a ban is honoured by the next process, which asks for nothing', async () => {
    const simulator = await serve(klinesThat({ kind: 'banned', seconds: 600 }))
    const lake = await bench(simulator.url)
    await failing(lake, 5, ...KLINES, '--max-wait', '1')
    const { count } = simulator.log
    const { error } = await failing(lake, 5, ...KLINES, '--max-wait', '1')
    expect(error['code']).toBe('E_BANNED')
    expect((await lake.call(['plan', ...KLINES, '--max-wait', '1'])).exit).toBe(5)
    // It belongs to the address, not to the lake.
    await failing(await bench(simulator.url), 5, ...KLINES, '--max-wait', '1')
    expect(simulator.log.count).toBe(count)
    expect((await lake.call(['status'])).exit).toBe(0)
  })

  test('a short one is sat out', async () => {
    const fault = { kind: 'limited', seconds: 1 } as const
    const { url } = await serve(
      { faults: { rules: [{ fault, path: '/api/v3/klines' }] } },
      { now: () => fromMillis(Date.now()) },
    )
    const result = await (await bench(url)).call(['run', ...KLINES, '--json'])
    const lines = jsonLines(result)
    expect([result.exit, lines.at(-1)]).toMatchObject([0, { complete: true, rows: 48 }])
    expect(lines.find(({ kind }) => kind === 'wait')).toMatchObject({
      reason: 'limit',
      message: expect.stringContaining('HTTP 429') as string,
    })
  })
})

describe('6, 129, 130 and 143', () => {
  test.each([
    ['SIGHUP', 129],
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)(
    'another run is refused; %s ends this one, and what it had is kept',
    async (signal, exit) => {
      const simulator = await serve({ pageRows: 100 }, { latencyMs: 50 })
      const lake = await bench(simulator.url)
      const long = [
        '--dataset',
        'klines',
        '--symbol',
        'BTCUSDT',
        '--interval',
        '1m',
        '--from',
        '2024-01-01',
      ]
      const child = startCli(['run', ...long, ...lake.at, '--concurrency', '1', '--json'])
      const end = finished(child)
      await expect.poll(() => dataRequests(simulator), { timeout: 30_000 }).toBeGreaterThan(12)
      const { error } = await failing(lake, 6, ...KLINES)
      expect(error['code']).toBe('E_LOCKED')
      child.kill(signal)
      const stopped = await end
      expect(stopped.exit).toBe(exit)
      expect(errorOf(stopped)).toMatchObject({ code: 'E_STOPPED', exit })
      expect(jsonLines(stopped).at(-1)).toMatchObject({ kind: 'summary', complete: false, exit })
      const status = await lake.call(['status', '--json'])
      const { series } = JSON.parse(status.stdout) as {
        series: { rows: number; covered: object[] }[]
      }
      expect(series[0]?.rows).toBeGreaterThanOrEqual(1_000)
      expect(series[0]?.covered).toHaveLength(1)
      expect((await lake.call(['verify'])).exit).toBe(0)
    },
  )
})
