/** One small history, told calmly and told through faults, and what must be the same about the lakes that come of it. */

import type { RecordBatch } from 'apache-arrow'
import { expect } from 'vitest'
import { clip, subtractAll, type Coverage } from '../../src/base/coverage.ts'
import type { Files } from '../../src/base/ports.ts'
import { micros, parseMicros, type Window } from '../../src/base/time.ts'
import { datasetOf } from '../../src/binance/market.ts'
import type { SeriesKey } from '../../src/binance/series.ts'
import { pageOf } from '../../src/rows/batch.ts'
import type { Summary } from '../../src/progress.ts'
import {
  Exchange,
  type ExchangeOptions,
  type Fault,
  type FaultOptions,
  type SymbolOptions,
} from '../../src/simulator/index.ts'
import { listSeries } from '../../src/store/lake.ts'
import { partitionPath } from '../../src/store/layout.ts'
import { readFooter, readRowGroup } from '../../src/store/parquet/read.ts'
import { readManifest } from '../../src/store/series.ts'
import { memFiles } from './mem-files.ts'
import { attempt, lakeOf, virtualWorld } from './virtual.ts'

/** What the history spans. */
export const CHAOS_WINDOW: Window = {
  from: parseMicros('2026-04-30'),
  to: parseMicros('2026-05-02'),
}

/** Five series in eight partitions, about twenty requests. Not compressed: see `virtual.ts`. */
export const CHAOS_JOB = `
version: 1
compression: none
source: rest
numbers: string
symbols: [BTCUSDT, ETHUSDT]
from: 2026-04-30
to: 2026-05-02
datasets:
  - {kind: klines, intervals: [1m, 1h]}
  - {kind: aggTrades, symbols: [BTCUSDT]}
`

const SYMBOLS: readonly SymbolOptions[] = [
  {
    symbol: 'BTCUSDT',
    aggTradesPerDay: 600,
    bursts: [{ at: parseMicros('2026-04-30T23:59:59.999999'), count: 1_200 }],
  },
  {
    symbol: 'ETHUSDT',
    outages: [
      { from: parseMicros('2026-04-30T20:00'), to: parseMicros('2026-05-01T03:17'), offGrid: true },
    ],
  },
]

/** The exchange of the history, with other options. */
export function chaosExchange(options: Partial<ExchangeOptions> = {}): Exchange {
  return new Exchange({ symbols: SYMBOLS, ...options })
}

/** Everything of which another try may get a right answer: lost or broken on the way, or a server in trouble. */
export const FAULTS: readonly Fault[] = [
  { kind: 'reset' },
  { kind: 'reset', fraction: 0.3 },
  { kind: 'reset', fraction: 0.99 },
  { kind: 'truncatedGzip', fraction: 0.5 },
  { kind: 'closeDelimitedCut', fraction: 0 },
  { kind: 'closeDelimitedCut', fraction: 0.1 },
  { kind: 'closeDelimitedCut', fraction: 0.5 },
  { kind: 'closeDelimitedCut', fraction: 0.999_9 },
  { kind: 'wrongLength', by: 10 },
  { kind: 'wrongLength', by: -10 },
  { kind: 'drip', bytes: 1, everyMs: 5 },
  { kind: 'hang' },
  { kind: 'hang', fraction: 0.9 },
  { kind: 'hugeBody', bytes: 1 << 30 },
  { kind: 'closeAfter' },
  { kind: 'status', status: 500 },
  { kind: 'status', status: 502 },
  { kind: 'status', status: 503 },
  { kind: 'status', status: 504 },
  { kind: 'error', code: -1000 },
  { kind: 'error', code: -1001 },
  { kind: 'error', code: -1007 },
  { kind: 'error', code: -1008 },
  { kind: 'body', body: 'empty' },
  { kind: 'body', body: 'object' },
  { kind: 'body', body: 'null' },
  { kind: 'body', body: 'html' },
  { kind: 'body', body: 'garbage' },
  { kind: 'body', body: 'error' },
  { kind: 'body', body: 'wrongShape' },
  { kind: 'page', page: 'short' },
]

/** Whole pages that are not true. Not among them: times in ms, which are true as far as they go, and warned of. */
export const LIES: readonly Fault[] = [
  { kind: 'page', page: 'duplicated' },
  { kind: 'page', page: 'reversed' },
  { kind: 'page', page: 'outOfWindow' },
  { kind: 'page', page: 'impossible' },
]

/** A share of all answers is faulty, by chance that depends on the seed. */
export function atRandom(
  seed: number,
  probability: number,
  faults: readonly Fault[] = FAULTS,
): FaultOptions {
  return { random: { seed, probability, faults, inARow: Infinity } }
}

/** A lake as it comes out when nothing goes wrong. */
export type Calm = {
  readonly files: Files
  readonly lake: Readonly<Record<string, Uint8Array>>
  readonly requests: number
}

/** Runs once, calmly. */
export async function calmRun(yaml: string = CHAOS_JOB, exchange = chaosExchange()): Promise<Calm> {
  const files = memFiles()
  const { exit } = await attempt(yaml, { world: virtualWorld(exchange, { files }) })
  expect(exit).toBe(0)
  return { files, lake: await lakeOf(files), requests: exchange.log.count }
}

/** The same paths with the same bytes? */
export function expectSameLake(
  lake: Readonly<Record<string, Uint8Array>>,
  calm: Readonly<Record<string, Uint8Array>>,
  about = '',
): void {
  expect(Object.keys(lake).sort(), about).toEqual(Object.keys(calm).sort())
  for (const [path, bytes] of Object.entries(calm))
    if (!Buffer.from(bytes).equals(lake[path]!)) {
      // A manifest is text, and a difference in it is worth to be seen.
      if (path.endsWith('.json')) expect(textOf(lake[path]!), about).toBe(textOf(bytes))
      throw new Error(`${about}: ${path} has other bytes`)
    }
}

const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

/** Every row of a series by its key, as text. */
export async function rowsOf(
  files: Files,
  key: SeriesKey,
): Promise<Map<string, { time: bigint; row: string }>> {
  const rows = new Map<string, { time: bigint; row: string }>()
  const manifest = await readManifest(files, key)
  for (const period of [...(manifest?.partitions.keys() ?? [])].sort()) {
    const file = await files.open(partitionPath(key, period))
    if (file === undefined) throw new Error(`${period} is in the manifest and not in the lake`)
    const footer = await readFooter(file)
    for (let group = 0; group < footer.rowGroups.length; group++)
      for (const [name, row] of textRows(await readRowGroup(file, footer, group), key)) {
        if (rows.has(name)) throw new Error(`key ${name} is there twice`)
        rows.set(name, row)
      }
  }
  return rows
}

function* textRows(
  batch: RecordBatch,
  key: SeriesKey,
): Generator<[key: string, row: { time: bigint; row: string }]> {
  const { keys, times } = pageOf(datasetOf(key), batch)
  const columns = batch.schema.fields.map(({ name }) => batch.getChild(name))
  for (let row = 0; row < batch.numRows; row++) {
    const text = columns.map((column) => String(column?.get(row))).join(' ')
    yield [String(keys[row]), { time: times[row]!, row: text }]
  }
}

/**
 * A lake that is not complete: each series holds only true rows, all of those that it says are covered, and the summary
 * names exactly the rest as missing.
 */
export async function expectHonest(
  files: Files,
  calm: Calm,
  summary: Summary | undefined,
): Promise<void> {
  for (const key of await listSeries(files)) {
    const truth = await rowsOf(calm.files, key)
    const coverage = (await readManifest(files, key))?.coverage ?? []
    const stored = await rowsOf(files, key)
    for (const [name, row] of stored) expect(row).toEqual(truth.get(name))
    for (const [name, { time }] of truth)
      if (isIn(coverage, time)) expect(stored.has(name), `${key.symbol} ${name}`).toBe(true)
  }
  for (const { key, missing } of summary?.series ?? []) {
    const coverage = (await readManifest(files, key))?.coverage ?? []
    expect(missing).toEqual(subtractAll([CHAOS_WINDOW], coverage))
  }
}

function isIn(coverage: Coverage, time: bigint): boolean {
  return clip(coverage, { from: micros(time), to: micros(time + 1n) }).length > 0
}

/**
 * What a lake covers and is not to ask for once more, by the beginning of the queries for it; klines only, whose queries
 * name their windows.
 */
export async function coverageOf(files: Files): Promise<ReadonlyMap<string, Coverage>> {
  const covered = new Map<string, Coverage>()
  for (const key of await listSeries(files)) {
    if (key.interval === undefined) continue
    const { coverage = [], fresh = [] } = (await readManifest(files, key)) ?? {}
    covered.set(`symbol=${key.symbol}&interval=${key.interval}&`, subtractAll(coverage, fresh))
  }
  return covered
}

/** The queries from request `since` on that asked for pages of windows that were `covered` before. */
export function askedAgain(
  covered: ReadonlyMap<string, Coverage>,
  exchange: Exchange,
  since = 0,
): string[] {
  return exchange.log.entries.slice(since).flatMap(({ query }) => {
    const series = [...covered].find(([name]) => query.startsWith(name))?.[1]
    const [, from, to] = /startTime=(\d+)&endTime=(\d+)&limit=1000/.exec(query) ?? []
    if (series === undefined || from === undefined || to === undefined) return []
    const window = { from: micros(BigInt(from) * 1_000n), to: micros(BigInt(to) * 1_000n + 1_000n) }
    return clip(series, window).length > 0 ? [query] : []
  })
}

/** How a run through faults came out. */
export type Outcome = { readonly exit: number; readonly faults: number }

/**
 * One run through faults and, if that is not complete, calm ones until it is; checks everything on the way.
 */
export async function chaosRound(seed: number, faults: FaultOptions, calm: Calm): Promise<Outcome> {
  const exchange = chaosExchange({ faults })
  const files = memFiles()
  const world = virtualWorld(exchange, { files, seed })
  const { exit, summary, error } = await attempt(CHAOS_JOB, { world })
  const about = `seed ${seed}: exit ${exit}, ${String(error)}`
  expect([0, 3, 4], about).toContain(exit)
  if (exit !== 0) {
    await expectHonest(files, calm, summary)
    const codes = summary?.series.flatMap((series) => series.error?.code ?? []) ?? []
    expect(codes.includes('E_DATA_REFUSED'), about).toBe(exit === 4)
    const again = chaosExchange()
    const twice = await finishCalmly(files, again)
    expect(twice, about).toEqual([])
  }
  expectSameLake(await lakeOf(files), calm.lake, about)
  return { exit, faults: Object.values(exchange.log.faults).reduce((sum, count) => sum + count, 0) }
}

/** Runs calmly to the end; tells what was asked for though it was covered before. */
export async function finishCalmly(files: Files, exchange: Exchange): Promise<string[]> {
  const before = await coverageOf(files)
  const { exit } = await attempt(CHAOS_JOB, { world: virtualWorld(exchange, { files }) })
  expect(exit).toBe(0)
  return askedAgain(before, exchange)
}
