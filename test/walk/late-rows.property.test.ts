/**
 * The law of trades whose times do not rise with their ids: every row lies once, in the period of its own time, and the
 * files are those of one calm run, whatever the distance, the pieces that the rows came in, and where a run was killed.
 */

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { latest, micros, periodOf, type Micros, type Window } from '../../src/base/time.ts'
import { nextIdOf } from '../../src/walk/id-start.ts'
import { emptyTally, WindowStore } from '../../src/store/window-store.ts'
import { pageOf } from '../../src/rows/batch.ts'
import { DATASETS } from '../../src/binance/market.ts'
import type { AggTrade } from '../../src/simulator/index.ts'
import { rowGroups } from '../../src/store/newest-rows.ts'
import { aggTradeAt } from '../support/histories.ts'
import { memFiles, type MemFiles } from '../support/mem-files.ts'
import { manifestOf, openStored, pageOfRows, type StoredOptions } from '../support/stored-series.ts'

const RUNS = Number(process.env['STORE_RUNS'] ?? 30)
const HOUR = 3_600_000_000n
const BEGIN = micros(20_514n * 24n * HOUR)
const WANTED: Window = { from: BEGIN, to: micros(BEGIN + 5n * 24n * HOUR) }
const DISTANCES = [0n, 0n, 0n, 1n, 932_000n, 9_000_000n, HOUR, 30n * HOUR]

/** Rows by id; each is `distance` before or after its place, but the first, which every first run stores. */
const disordered: fc.Arbitrary<readonly AggTrade[]> = fc
  .array(
    fc.tuple(fc.constantFrom(0n, 1n, 1_000n, HOUR, 7n * HOUR), fc.constantFrom(...DISTANCES)),
    {
      minLength: 1,
      maxLength: 60,
    },
  )
  .map((steps) => {
    let place: bigint = BEGIN + 20n * HOUR
    return steps.map(([pause, distance], row) => {
      place += pause
      const time = row % 2 === 0 ? place - distance : place + distance
      const last = WANTED.to - 1n
      if (row === 0) return aggTradeAt(0n, BEGIN)
      return aggTradeAt(BigInt(row), micros(time < BEGIN ? BEGIN : time > last ? last : time))
    })
  })

/** Where each run ends, how it is cut into steps, and after how many events it is killed. */
const lives = fc.array(
  fc.record({
    hours: fc.integer({ min: 1, max: 60 }),
    stepRows: fc.integer({ min: 1, max: 9 }),
    events: fc.constantFrom(0, 1, 2, 3, 5, 1_000),
  }),
  { maxLength: 5 },
)

function optionsOf(files: MemFiles): StoredOptions {
  return {
    files,
    key: { market: 'spot', dataset: 'aggTrades', symbol: 'BTCUSDT' },
    partition: 'day',
  }
}

type Life = { readonly to: Micros; readonly stepRows: number; readonly events: number }

/** One process: stores what is missing up to `to`, and dies after so many events. */
async function live(files: MemFiles, rows: readonly AggTrade[], life: Life): Promise<void> {
  const options = optionsOf(files)
  const series = await openStored(options, [WANTED])
  const from = series.manifest.coverage[0]?.to ?? WANTED.from
  if (from >= life.to) return
  const next = (await nextIdOf(series, from)) ?? 0n
  const asked = rows.filter(({ id, time }) => id >= next && time < life.to)
  const store = new WindowStore(series, { from, to: life.to }, micros(2n ** 52n), emptyTally())
  let reached = from
  const run = async function* (): AsyncGenerator {
    for (let row = 0; row < asked.length; row += life.stepRows) {
      const part = asked.slice(row, row + life.stepRows)
      for (const { time } of part) reached = latest(reached, time)
      const page = pageOfRows(options, part)
      yield* store.take({ page, first: 0, end: part.length, reached, gaps: [], source: 'rest' })
    }
    const last = { page: undefined, first: 0, end: 0, reached: life.to, gaps: [], source: 'rest' }
    yield* store.take(last)
    yield* store.finish()
  }
  const told = run()
  for (let events = 0; events < Math.max(1, life.events); events++)
    if ((await told.next()).done === true) break
  await store.abort()
}

async function keysByPeriod(files: MemFiles): Promise<Record<string, readonly bigint[]>> {
  const { partitions } = await manifestOf(optionsOf(files))
  const found: Record<string, bigint[]> = {}
  for (const period of partitions.keys()) {
    const path = `spot/aggTrades/symbol=BTCUSDT/period=${period}/data.parquet`
    found[period] = []
    for await (const batch of rowGroups(files, path))
      found[period].unshift(...pageOf(DATASETS.aggTrades, batch).keys)
  }
  return found
}

function truthOf(rows: readonly AggTrade[]): Record<string, readonly bigint[]> {
  const truth: Record<string, bigint[]> = {}
  for (const { id, time } of rows) (truth[periodOf(time, 'day')] ??= []).push(id)
  return truth
}

function dataOf(files: MemFiles): Record<string, string> {
  const data = [...files.contents].filter(([path]) => path.startsWith('spot/'))
  return Object.fromEntries(
    data
      .map(([path, bytes]): [string, string] => [path, Buffer.from(bytes).toString('latin1')])
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  )
}

test('rows come in any order of time: each in its period, the bytes of one run, wherever runs are killed', async () => {
  await fc.assert(
    fc.asyncProperty(disordered, lives, async (rows, plans) => {
      const [calm, hard] = [memFiles(), memFiles()]
      await live(calm, rows, { to: WANTED.to, stepRows: 1_000, events: 1_000 })
      expect(await keysByPeriod(calm)).toEqual(truthOf(rows))
      let to: bigint = WANTED.from
      for (const { hours, stepRows, events } of plans) {
        to += BigInt(hours) * HOUR
        const end = micros(to < WANTED.to ? to : WANTED.to)
        await live(hard, rows, { to: end, stepRows, events })
      }
      await live(hard, rows, { to: WANTED.to, stepRows: 7, events: 1_000 })
      expect(await keysByPeriod(hard)).toEqual(truthOf(rows))
      expect(dataOf(hard)).toEqual(dataOf(calm))
    }),
    { numRuns: RUNS },
  )
})

test('what was stored is kept and told when a row of an earlier period comes last', async () => {
  const files = memFiles()
  const at = (hours: number): Micros => micros(BEGIN + BigInt(hours) * HOUR)
  const rows = [1, 30, 60, 90, 2].map((hours, id) => aggTradeAt(BigInt(id), at(hours)))
  await live(files, rows, { to: WANTED.to, stepRows: 1, events: 1_000 })
  expect(await keysByPeriod(files)).toEqual(truthOf(rows))
  const { coverage, revisions } = await manifestOf(optionsOf(files))
  expect([coverage, revisions]).toEqual([[WANTED], []])
})
