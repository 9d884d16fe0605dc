/** Memory that does not grow with the rows, and a server that stands still is noticed. By the built command. */

import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { Exchange } from '../../src/simulator/index.ts'
import { finished, MAIN, runCli } from '../e2e/support.ts'
import { serve, tempDir } from '../support/lake.ts'
import { processLake, serveHistory } from '../support/process.ts'

const ROWS = 5_000_000

it(`${ROWS} klines with a heap of 256 MB`, async () => {
  // The same pages again and again cost the stand-in nothing; the limits are lifted so that only memory is in the way.
  const symbols = ['AUSDT', 'BUSDT', 'CUSDT', 'DUSDT'].map((symbol) => ({ symbol }))
  const rules = [
    { rateLimitType: 'REQUEST_WEIGHT', interval: 'MINUTE', intervalNum: 1, limit: 1e9 } as const,
  ]
  const exchange = new Exchange({ symbols, limits: { rules }, pageCacheEntries: 16 })
  const { url } = await serve({ exchange })
  const dataDir = join(await tempDir(), 'lake')
  const from = new Date(Date.UTC(2026, 0, 1) - (ROWS / symbols.length) * 60_000).toISOString()
  const flags = symbols.flatMap(({ symbol }) => ['--symbol', symbol])
  const job = [
    '--dataset',
    'klines',
    ...flags,
    '--interval',
    '1m',
    '--from',
    from,
    '--to',
    '2026-01-01',
  ]
  const args = [
    'run',
    ...job,
    '--json',
    '--source',
    'rest',
    '--data-dir',
    dataDir,
    '--base-url',
    url,
  ]
  const child = spawn(process.execPath, ['--max-old-space-size=256', MAIN, ...args])
  const { exit, stdout, stderr } = await finished(child)
  expect(exit, stderr).toBe(0)
  const summary = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as {
    rows: number
    seconds: number
  }
  expect(summary.rows).toBe(ROWS)
  console.log(`${summary.rows} rows in ${summary.seconds} s`)
  const verified = await runCli(['verify', '--data-dir', dataDir])
  expect(verified.exit, verified.stderr).toBe(0)
}, 3_600_000)

it('a server that stands still: a line within ten seconds, the deadline after twenty, and the run gets over it', async () => {
  const fault = { kind: 'hang' } as const
  const watched = await serveHistory({
    faults: { rules: [{ path: '/api/v3/klines', nth: 3, fault }] },
  })
  const { jobFile, dataDir } = await processLake()
  const url = watched.simulator.url
  const where = ['--data-dir', dataDir, '--base-url', url, '--concurrency', '1']
  const { exit, stderr } = await runCli(['run', jobFile, '--verbose', ...where])
  expect(exit, stderr).toBe(0)
  expect(stderr).toContain('no rows since the last line')
  expect(watched.simulator.log.faults).toEqual({ hang: 1 })
}, 120_000)
