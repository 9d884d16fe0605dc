/** Whole runs with threads of the built program: the same bytes, however many there are. */

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { ArchiveRule } from '../../src/simulator/index.ts'
import { contents, run, serve, tempDir } from '../support/lake.ts'

const WORKS = join(import.meta.dirname, '../../dist/thread/main.js')

const JOB = `
version: 1
symbols: [BTCUSDT, ETHUSDT]
source: archive
datasets:
  - {kind: aggTrades, from: 2025-03-01, to: 2025-03-04}
  - {kind: trades, symbols: [ETHUSDT], from: 2025-03-01, to: 2025-03-03T12:00:00Z, numbers: decimal}
  - {kind: aggTrades, symbols: [BNBUSDT], from: 2025-03-01, to: 2025-03-03, partition: month}
  - {kind: klines, intervals: [1m, 1h], from: 2025-01-01, to: 2025-03-01, numbers: string}
`
const FAULTS: readonly ArchiveRule[] = [
  // Or they would stand in for what the days lack.
  { path: 'Trades-2025-03.zip', fault: { kind: 'missing' } },
  { path: 'trades-2025-03.zip', fault: { kind: 'missing' } },
  { path: 'aggTrades/ETHUSDT/ETHUSDT-aggTrades-2025-03-02', fault: { kind: 'interleaved' } },
  {
    path: 'aggTrades/ETHUSDT/ETHUSDT-aggTrades-2025-03-03',
    fault: { kind: 'cutRows', fraction: 0.7 },
  },
  { path: 'trades/ETHUSDT/ETHUSDT-trades-2025-03-02', fault: { kind: 'wrongPeriod' } },
]

test('1, 2 and 5 threads: the same files, and the same is missing', async () => {
  expect(existsSync(WORKS), 'run: npm run build').toBe(true)
  const symbols = ['BTCUSDT', 'ETHUSDT', 'BNBUSDT'].map((symbol) => ({
    symbol,
    aggTradesPerDay: symbol === 'BTCUSDT' ? 125_000 : 2_000,
  }))
  const { url } = await serve({ exchange: { symbols, archive: { rules: FAULTS } } })
  const lakes = []
  for (const threads of [1, 2, 5]) {
    const dataDir = await tempDir()
    const { summary } = await run(JOB, { dataDir, threads, baseUrls: [url], archiveUrl: url })
    const { exit, series } = summary
    lakes.push({ exit, missing: series.map((one) => one.missing), files: await contents(dataDir) })
  }
  expect(lakes[0]!.exit).toBe(3)
  expect(Object.keys(lakes[0]!.files).length).toBeGreaterThan(15)
  expect(lakes[1]).toEqual(lakes[0])
  expect(lakes[2]).toEqual(lakes[0])
})

test('a run that is stopped leaves what is whole, and the next one goes on to the same bytes', async () => {
  const symbols = [{ symbol: 'BTCUSDT', aggTradesPerDay: 10_000 }]
  const { url } = await serve({ exchange: { symbols } })
  const yaml = `{version: 1, symbols: [BTCUSDT], source: archive, datasets: [{kind: aggTrades, from: 2025-03-01, to: 2025-03-05}]}`
  const calm = await tempDir()
  await run(yaml, { dataDir: calm, threads: 1, baseUrls: [url], archiveUrl: url })
  const dataDir = await tempDir()
  const stop = new AbortController()
  const options = { dataDir, threads: 3, baseUrls: [url], archiveUrl: url }
  const { backfill, parseJob } = await import('../../src/index.ts')
  const stopped = async (): Promise<void> => {
    for await (const event of backfill([parseJob(yaml, 'x.yaml')], {
      ...options,
      signal: stop.signal,
    }))
      if (event.kind === 'committed') stop.abort(new Error('enough'))
  }
  await expect(stopped()).rejects.toThrow('enough')
  const left = await contents(dataDir)
  const whole = await contents(calm)
  const files = Object.keys(left).filter((path) => path.endsWith('.parquet'))
  expect(files.length).toBeGreaterThan(0)
  expect(files.length).toBeLessThan(4)
  const { summary } = await run(yaml, options)
  expect(summary.exit).toBe(0)
  expect(await contents(dataDir)).toEqual(whole)
})
