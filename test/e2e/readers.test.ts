/** DuckDB reads the lake in a loop while runs write, grow, merge and revise it: no error, nothing twice, never fewer. */

import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { expect, it, onTestFinished } from 'vitest'
import { micros, parseMicros, type Micros } from '../../src/base/time.ts'
import type { WireClock } from '../../src/simulator/wire.ts'
import { run, serve, tempDir } from '../support/lake.ts'

/** More in the long suites. */
const REVISIONS = Number(process.env['REVISIONS'] ?? 6)

const job = (to: string): string => `
version: 1
source: rest
from: 2026-04-28
to: ${to}
datasets:
  - {kind: klines, symbols: [BTCUSDT, ETHUSDT], intervals: [1m]}
  - {kind: aggTrades, symbols: [BTCUSDT]}
`
const ENDS = [
  '2026-04-29',
  '2026-04-30T13:00:00Z',
  '2026-05-01T07:30:00Z',
  '2026-05-02',
  '2026-05-04',
]
const FIRST = parseMicros('2026-06-01')
const REVISED = parseMicros('2026-04-30T12:00')

/** What one look at the lake saw, by symbol. */
type Look = { readonly rows: number; readonly distinct: number }

/** Looks at the lake until it is told to stop. */
class Reader {
  readonly looks: { readonly klines: Map<string, Look>; readonly trades: Look }[] = []
  #isOver = false
  #done: Promise<void> | undefined

  async start(dataDir: string): Promise<void> {
    const instance = await DuckDBInstance.create(':memory:')
    const connection = await instance.connect()
    onTestFinished(() => {
      connection.closeSync()
      instance.closeSync()
    })
    const ask = async (sql: string): Promise<Record<string, unknown>[]> =>
      (await connection.runAndReadAll(sql)).getRowObjects()
    const look = async (): Promise<void> => {
      const klines = await ask(
        `SELECT symbol, count(*) AS n, count(DISTINCT open_time) AS d
         FROM read_parquet('${dataDir}/spot/klines/**/*.parquet', hive_partitioning = true) GROUP BY symbol`,
      )
      const [trades] = await ask(
        `SELECT count(*) AS n, count(DISTINCT agg_trade_id) AS d
         FROM read_parquet('${dataDir}/spot/aggTrades/**/*.parquet')`,
      )
      this.looks.push({
        klines: new Map(klines.map((row) => [String(row['symbol']), lookOf(row)])),
        trades: lookOf(trades ?? {}),
      })
    }
    const work = async (): Promise<void> => {
      while (!this.#isOver) await look()
    }
    this.#done = work()
  }

  async stop(): Promise<void> {
    this.#isOver = true
    await this.#done
  }
}

const lookOf = (row: Record<string, unknown>): Look => ({
  rows: Number(row['n']),
  distinct: Number(row['d']),
})

/** A clock that stands where it is put. */
function standingClock(start: Micros): WireClock & { now: () => Micros; set(time: Micros): void } {
  let time = start
  return {
    now: () => time,
    sleep: async () => undefined,
    set: (next) => {
      time = next
    },
  }
}

it(`reads on while five runs grow a lake and ${REVISIONS} revise it`, async () => {
  const clock = standingClock(FIRST)
  const revisions = Array.from({ length: REVISIONS }, (_, i) => ({
    interval: '1m' as const,
    // Ten minutes apart, so that 500 of them lie before the end.
    openTime: micros(REVISED + BigInt(i) * 600_000_000n),
    at: micros(FIRST + BigInt(i + 1) * 3_600_000_000n),
  }))
  const exchange = {
    symbols: [
      { symbol: 'BTCUSDT', aggTradesPerDay: 4_000, revisions },
      { symbol: 'ETHUSDT', revisions },
    ],
  }
  const { url } = await serve({ exchange, clock })
  const directory = await tempDir()
  const dataDir = join(directory, 'lake')
  const options = { dataDir, baseUrls: [url] }
  // DuckDB takes an empty glob for an error, so there is something to read before it begins.
  await run(job('2026-04-28T01:00:00Z'), options)
  const reader = new Reader()
  await reader.start(dataDir)
  for (const to of ENDS) expect((await run(job(to), options)).summary.exit).toBe(0)
  let revised = 0
  for (let hour = 1; hour <= REVISIONS; hour++) {
    clock.set(micros(FIRST + BigInt(hour) * 3_600_000_000n + 1n))
    const recheck = { from: parseMicros('2026-04-28'), to: parseMicros('2026-05-04') }
    const { summary, events } = await run(job('2026-05-04'), { ...options, recheck })
    expect(summary.exit).toBe(0)
    revised += events.filter((event) => event.kind === 'committed' && event.revisions > 0).length
  }
  await reader.stop()
  expect(revised).toBeGreaterThanOrEqual(2 * REVISIONS)
  expectMonotone(reader.looks.map(({ trades }) => trades))
  for (const symbol of ['BTCUSDT', 'ETHUSDT'])
    expectMonotone(reader.looks.map(({ klines }) => klines.get(symbol)!))
  expect(reader.looks.at(-1)?.klines.get('ETHUSDT')?.rows).toBe(6 * 1_440)
  console.log(`${reader.looks.length} looks`)
  await rm(dataDir, { recursive: true })
}, 3_600_000)

/** Nothing is counted twice, and what was seen once is seen from then on. */
function expectMonotone(looks: readonly Look[]): void {
  expect(looks.length).toBeGreaterThan(10)
  let before = 0
  for (const { rows, distinct } of looks) {
    expect(distinct).toBe(rows)
    expect(rows).toBeGreaterThanOrEqual(before)
    before = rows
  }
  expect(before).toBeGreaterThan(looks[0]!.rows)
}
