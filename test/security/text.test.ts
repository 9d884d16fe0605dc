/**
 * What a server, a symbol or a directory name says cannot move the cursor, hide text, or forge a line: neither in what
 * people read nor in what programs do. Through the whole command, in a pipe and on a terminal.
 */

import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Http } from '../../src/base/ports.ts'
import { jsonLogger, logView } from '../../src/cli/logs.ts'
import { Tally } from '../../src/cli/tally.ts'
import { csvLine } from '../../src/cli/command/sql.ts'
import { tableCell } from '../../src/cli/sql-table.ts'
import { Exchange } from '../../src/simulator/index.ts'
import { runCli } from '../e2e/support.ts'
import { command } from '../support/command.ts'
import { expectSafe, HOSTILE, HOSTILE_NAME } from '../support/hostile.ts'
import { run, serve, tempDir } from '../support/lake.ts'
import { fakeIo } from '../support/terminal.ts'
import { twist } from '../support/twist.ts'
import { attempt, virtualWorld } from '../support/virtual.ts'
import '../support/cli-library.ts'

const JOB = `
version: 1
source: rest
from: 2026-04-28
to: 2026-04-29
symbols: [BTCUSDT]
datasets: [{kind: klines, intervals: [1m]}]
`
const EXCHANGE = { symbols: [{ symbol: 'BTCUSDT' }, { symbol: 'ETHUSDT' }] }

const ANSWERS: readonly (readonly [string, number, string])[] = [
  ['a refusal', 400, JSON.stringify({ code: -1100, msg: HOSTILE })],
  ['a refusal that is no JSON', 400, HOSTILE],
  ['a ban', 418, JSON.stringify({ code: -1003, msg: HOSTILE })],
  ['the firewall', 403, `<html>${HOSTILE}</html>`],
  ['another region', 451, JSON.stringify({ code: 0, msg: HOSTILE })],
  ['a page of impossible rows', 200, JSON.stringify([[HOSTILE, HOSTILE]])],
]

/** A job file and the command line that runs it against a stand-in that says `body`. */
async function lying(status: number, body: string): Promise<readonly string[]> {
  const { exchange, url } = await serve({ exchange: EXCHANGE })
  twist(exchange, '/api/v3/klines', status, () => body)
  const directory = await tempDir()
  await writeFile(join(directory, 'job.yaml'), JOB)
  const [job, lake] = [join(directory, 'job.yaml'), join(directory, 'lake')]
  return ['run', job, '--data-dir', lake, '--base-url', url, '--max-wait', '0', '--concurrency=1']
}

describe('K6, K12: words of a server', () => {
  it.each(ANSWERS)('%s: nothing of it gets through raw', async (_, status, body) => {
    const argv = await lying(status, body)
    const views = [
      { flags: ['--verbose'], isTerminal: true },
      { flags: ['--verbose'], isTerminal: false },
      { flags: ['--json'], isTerminal: false },
      { flags: ['--log-format', 'json'], isTerminal: false },
    ]
    const runs = views.map(async ({ flags, isTerminal }, index) => {
      const own = argv.map((word) => word.replace(/lake$/, `lake-${index}`))
      const { exit, stdout, stderr } = await command([...own, ...flags], { isTerminal })
      expect(exit).not.toBe(0)
      expect(stdout + stderr).toMatch(status === 200 ? /gave up|refused|not/ : /evil|HTTP/)
      expectSafe(stdout, isTerminal)
      expectSafe(stderr, isTerminal)
      const json = flags.includes('--json') ? stdout : flags.includes('json') ? stderr : ''
      for (const line of json.split('\n').filter((text) => text !== ''))
        expect(() => JSON.parse(line) as unknown).not.toThrow()
    })
    await Promise.all(runs)
  })

  it('and so through the process', async () => {
    const { exit, stdout, stderr } = await runCli(await lying(400, HOSTILE))
    expect(exit).toBe(3)
    expect(stderr).toContain('\\u{1b}]52;c;')
    expectSafe(stdout)
    expectSafe(stderr)
  })

  it('names of symbols', async () => {
    const { exchange, url } = await serve({ exchange: EXCHANGE })
    twist(exchange, '/api/v3/exchangeInfo', 200, (text) =>
      text.replaceAll('"ETHUSDT"', JSON.stringify(HOSTILE)).replaceAll('"TRADING"', '"\\u001b[2J"'),
    )
    for (const flags of [[], ['--json']]) {
      const { exit, stdout, stderr } = await command(['symbols', '--base-url', url, ...flags])
      expect(exit).toBe(0)
      expect(stdout).toMatch(flags.length > 0 ? /\\u202e/ : /\\u\{202e\}/)
      expectSafe(stdout + stderr)
    }
  })

  it('a page that is none, given up after many tries', async () => {
    const world = virtualWorld(new Exchange(EXCHANGE))
    const http: Http = {
      ...world.http,
      get: async (request) => {
        const answer = await world.http.get(request)
        const body = new TextEncoder().encode(HOSTILE)
        return request.url.includes('klines') ? { ...answer, body } : answer
      },
    }
    const { exit, summary } = await attempt(JOB, { world: { ...world, http } })
    expect(exit).toBe(3)
    expect(summary?.series[0]?.error?.message).toContain('gave up after 8 attempts')
    expectSafe(summary?.series[0]?.error?.message ?? '')
  })
})

describe('K12: logs', () => {
  it('every line of JSON is one line, and shows what it holds escaped', () => {
    const io = fakeIo()
    const view = logView({
      logger: jsonLogger(io, false),
      tally: new Tally(0),
      ticker: io.ticker,
    })
    view.show({ kind: 'wait', reason: 'limit', message: HOSTILE, ms: 5_000 })
    view.show({ kind: 'warning', message: HOSTILE })
    view.end()
    const lines = io.err().trimEnd().split('\n')
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { event: 'wait', reason: 'limit', message: HOSTILE },
      { event: 'warning', message: HOSTILE },
    ])
    expectSafe(io.err())
  })
})

describe('answers of sql', () => {
  it('are safe in a table, and exact in CSV for a program', () => {
    expectSafe(tableCell(HOSTILE))
    expect(csvLine([HOSTILE, 'a'])).toBe(`"${HOSTILE.replaceAll('"', '""')}",a\n`)
  })

  it('are safe as JSON, and as CSV on a terminal', async () => {
    const { url } = await serve({ exchange: EXCHANGE })
    const dataDir = await tempDir()
    await run(JOB, { dataDir, baseUrls: [url] })
    const query = `SELECT chr(27) || '[2J' || chr(155) || chr(8238) || 'x' AS "a\u202e" FROM klines LIMIT 1`
    const argv = ['sql', query, '--data-dir', dataDir]
    const json = await command([...argv, '--json'])
    expectSafe(json.stdout)
    expect(JSON.parse(json.stdout)).toMatchObject({ rows: [['\u001b[2J\u009b\u202ex']] })
    expectSafe((await command([...argv, '--csv'], { isTerminal: true })).stdout)
    expect((await command([...argv, '--csv'])).stdout).toBe('a\u202e\n\u001b[2J\u009b\u202ex\n')
  })
})

it('names in a hostile lake', async () => {
  const dataDir = join(await tempDir(), 'lake')
  const klines = join(dataDir, 'spot', 'klines', 'interval=1m')
  for (const symbol of [HOSTILE_NAME, '%1B[2J%0Aerror: forged']) {
    const period = join(klines, `symbol=${symbol}`, 'period=2024-01')
    await mkdir(period, { recursive: true })
    await writeFile(join(period, '..', '_series.json'), HOSTILE)
    await writeFile(join(period, 'data.parquet'), HOSTILE)
    await writeFile(join(period, `${HOSTILE_NAME}.parquet`), HOSTILE)
  }
  await mkdir(join(dataDir, '_tmp'))
  await writeFile(join(dataDir, '_tmp', HOSTILE_NAME), 'left')
  for (const line of [
    ['status'],
    ['verify'],
    ['status', '--json'],
    ['verify', '--json'],
    ['verify', '--rebuild'],
    ['sql', 'SELECT 1'],
    ['report', '--out', join(dataDir, '..', 'report.html')],
  ]) {
    const { stdout, stderr } = await command([...line, '--data-dir', dataDir])
    expectSafe(stdout)
    expectSafe(stderr)
  }
})

it('names of job files, directories, flags and commands', async () => {
  for (const argv of [
    ['run', `${HOSTILE_NAME}.yaml`],
    ['status', '--data-dir', HOSTILE],
    ['doctor', '--data-dir', HOSTILE, '--base-url', 'http://127.0.0.1:9'],
    ['run', `--${HOSTILE}`],
    [HOSTILE],
    ['run', '--symbol', HOSTILE, '--dataset', HOSTILE, '--interval', HOSTILE, '--from', HOSTILE],
  ]) {
    const { stdout, stderr } = await command(argv)
    expectSafe(stdout)
    expectSafe(stderr)
  }
})
