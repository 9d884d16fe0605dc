/** One window that cannot be fetched keeps none of the other windows of its series, and is told at the end. */

import { expect, test } from 'vitest'
import { micros, parseMicros } from '../../src/base/time.ts'
import { aggTradeAt } from '../support/histories.ts'
import { run, serve, tempDir } from '../support/lake.ts'

const JOB = (from: string, to: string): string => `
version: 1
source: rest
symbols: [BTCUSDT]
from: ${from}
to: ${to}
datasets: [{kind: aggTrades}]
`

const BEGIN = parseMicros('2026-03-01')
const MINUTE = 60_000_000n
const rows = Array.from({ length: 5 * 1440 }, (_, id) =>
  aggTradeAt(BigInt(id), micros(BEGIN + BigInt(id) * MINUTE)),
)
const exchange = { symbols: [{ symbol: 'BTCUSDT', rows: { aggTrades: rows } }] }

test('the windows after a bad one are fetched, and the next run fetches that one', async () => {
  const dataDir = await tempDir()
  const whole = await serve({ exchange })
  // The third day is there: what is left are two windows.
  await run(JOB('2026-03-03', '2026-03-04'), { dataDir, baseUrls: [whole.url] })
  const fault = { kind: 'error', code: -1100 } as const
  const rules = [{ path: '/api/v3/aggTrades', query: 'fromId=2000', times: Infinity, fault }]
  const bad = await serve({ exchange: { ...exchange, faults: { rules } } })
  const job = JOB('2026-03-01', '2026-03-05')
  const { summary } = await run(job, { dataDir, baseUrls: [bad.url] })
  expect(summary).toMatchObject({ complete: false, exit: 3 })
  expect(summary.series[0]!.error?.code).toBe('E_REJECTED')
  // All of the fourth day, and the first two thousand rows of the first two.
  expect(summary.rows).toBe(1440 + 2000)
  const after = await run(job, { dataDir, baseUrls: [whole.url] })
  expect(after.summary).toMatchObject({ complete: true, exit: 0, rows: 2 * 1440 - 2000 })
})
