/** The queries of READING.md for futures, over a lake of all that they join. */

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { micros, parseMicros } from '../../src/base/time.ts'
import { sql } from '../../src/query/sql.ts'
import { attempt, virtualWorld } from '../support/virtual.ts'
import { Exchange } from '../../src/simulator/index.ts'
import { nodeFiles } from '../../src/node/files.ts'
import { tempDir } from '../support/lake.ts'

const HOLE = { from: parseMicros('2026-07-09T06:00'), to: parseMicros('2026-07-09T09:00') }
const JOB = `
version: 1
market: um
symbols: [BTCUSDT]
from: 2026-07-08
to: 2026-07-10T06:00
datasets:
  - {kind: klines, intervals: [1h, 5m]}
  - {kind: markPriceKlines, intervals: [1h]}
  - {kind: indexPriceKlines, intervals: [1h]}
  - {kind: fundingRate}
  - {kind: metrics}
  - {kind: openInterestHist, intervals: [5m]}
`

type Row = Readonly<Record<string, unknown>>

async function recipes(): Promise<readonly string[]> {
  const reading = await readFile(join(import.meta.dirname, '../../docs/READING.md'), 'utf8')
  const [, futures = ''] = /\n## Futures\n([\s\S]*?)\n## /.exec(reading) ?? []
  return [...futures.matchAll(/```sql\n([\s\S]*?)```/g)].map(([, query = '']) => query)
}

async function rowsOf(query: string, dataDir: string): Promise<readonly Row[]> {
  const answer = await sql(query, { dataDir })
  const rows: Row[] = []
  for await (const some of answer.rows())
    for (const values of some)
      rows.push(Object.fromEntries(answer.columns.map(({ name }, at) => [name, values[at]])))
  answer.close()
  return rows
}

test('joins of futures know their gaps', async () => {
  const dataDir = await tempDir()
  const um = { symbols: [{ symbol: 'BTCUSDT', price: 60_000, outages: [HOLE] }] }
  const exchange = new Exchange({ symbols: [], um, archive: {} })
  const start = micros(parseMicros('2026-07-10T13:00'))
  const world = virtualWorld(exchange, { start, files: nodeFiles(dataDir) })
  const { error } = await attempt(JOB, { world, archiveUrl: 'https://data.binance.vision' })
  expect(error).toBeUndefined()
  const [returns, basis, interest, toNow] = await recipes()
  const hours = await rowsOf(returns!, dataDir)
  // Without the first hour, those of the hole, and the one after it.
  expect(hours).toHaveLength(54 - 1 - 3 - 1)
  const paid = hours.filter((row) => Number(row['funding']) !== 0)
  expect(paid.length).toBeGreaterThan(4)
  for (const row of paid)
    expect(row['total']).toBeCloseTo(Number(row['price_return']) - Number(row['funding']), 12)
  expect(await rowsOf(basis!, dataDir)).toHaveLength(54 - 3)
  const changes = await rowsOf(interest!, dataDir)
  expect(changes.length).toBeGreaterThan(400)
  expect(changes.every(({ close, change }) => Number(close) > 0 && change !== null)).toBe(true)
  const all = await rowsOf(toNow!, dataDir)
  const times = all.map(({ time }) => String(time))
  expect(new Set(times).size).toBe(times.length)
  expect(times.length).toBeGreaterThan(2 * 288 - 36)
})
