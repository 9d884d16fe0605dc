/**
 * The law of the store: the same rows and answers give the same bytes, manifest and all, whatever pieces, order and
 * interruptions they came in; and asking again changes nothing.
 */

import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Gap } from '../../src/base/gap.ts'
import { earliest, latest, micros, type Micros, type Window } from '../../src/base/time.ts'
import { manifestFromFooters } from '../../src/store/rebuild.ts'
import { formatManifest } from '../../src/store/manifest.ts'
import type { AggTrade, Kline } from '../../src/simulator/index.ts'
import { aggTradeAt, klineAt } from '../support/histories.ts'
import { memFiles, type MemFiles } from '../support/mem-files.ts'
import {
  manifestOf,
  missingOf,
  openStored,
  storeWindow,
  type MadeStep,
  type StoredOptions,
} from '../support/stored-series.ts'

const RUNS = Number(process.env['STORE_RUNS'] ?? 30)
const HOUR = 3_600_000_000n
const DAYS = 3
const BEGIN = micros(20_514n * 24n * HOUR)
const WANTED: Window = { from: BEGIN, to: micros(BEGIN + BigInt(DAYS * 24) * HOUR) }

function hour(count: number): Micros {
  return micros(BEGIN + BigInt(count) * HOUR)
}

/** A plan of how to go about it: windows to ask for, where to cut them into steps, and after how many to give up. */
type Course = readonly {
  readonly from: number
  readonly length: number
  readonly stepRows: number
  readonly steps: number
}[]

const course: fc.Arbitrary<Course> = fc.array(
  fc.record({
    from: fc.integer({ min: 0, max: DAYS * 24 - 1 }),
    length: fc.integer({ min: 1, max: 40 }),
    stepRows: fc.integer({ min: 1, max: 9 }),
    steps: fc.constantFrom(1, 2, 3, 1_000),
  }),
  { maxLength: 5 },
)

const klineOptions = (files: MemFiles): StoredOptions => ({
  files,
  key: { market: 'spot', dataset: 'klines', symbol: 'BTCUSDT', interval: '1h' },
  partition: 'day',
})
const tradeOptions = (files: MemFiles): StoredOptions => ({
  files,
  key: { market: 'spot', dataset: 'aggTrades', symbol: 'BTCUSDT' },
  partition: 'day',
})

/** What an honest walk tells of a window of klines: rows, and every missing hour with its reason. */
function* klineSteps(
  rows: readonly Kline[],
  window: Window,
  stepHours: number,
): Generator<MadeStep<Kline>> {
  const step = BigInt(stepHours) * HOUR
  for (let from = window.from; from < window.to; from = micros(from + step)) {
    const to = earliest(micros(from + step), window.to)
    const inside = rows.filter(({ openTime }) => from <= openTime && openTime < to)
    const gaps: Gap[] = []
    for (let slot = from; slot < to; slot = micros(slot + HOUR))
      if (!inside.some(({ openTime }) => slot <= openTime && openTime < slot + HOUR))
        gaps.push({ from: slot, to: micros(slot + HOUR), reason: reasonAt(rows, slot) })
    yield { rows: inside, reached: to, gaps }
  }
}

function reasonAt(rows: readonly Kline[], slot: Micros): Gap['reason'] {
  const [first, last] = [rows[0], rows.at(-1)]
  if (first === undefined || last === undefined || slot < first.openTime) return 'before-listing'
  return slot > last.openTime ? 'after-delisting' : 'outage'
}

/** What a walk by id tells: it has come up to the time of its last row, not past it. */
function* tradeSteps(
  rows: readonly AggTrade[],
  window: Window,
  stepRows: number,
  nextId: bigint | undefined,
): Generator<MadeStep<AggTrade>> {
  const inside = rows.filter(
    ({ id, time }) =>
      time < window.to && (nextId === undefined ? time >= window.from : id >= nextId),
  )
  for (let row = 0; row < inside.length; row += stepRows) {
    const part = inside.slice(row, row + stepRows)
    yield { rows: part, reached: latest(window.from, part.at(-1)!.time), gaps: [] }
  }
  yield { rows: [], reached: window.to, gaps: [] }
}

function* firstOf<T>(items: Iterable<T>, count: number): Generator<T> {
  let taken = 0
  for (const item of items) {
    if (taken++ === count) return
    yield item
  }
}

function dataOf(files: MemFiles): Record<string, string> {
  return Object.fromEntries(
    [...files.contents]
      .filter(([path]) => path.startsWith('spot/'))
      .map(([path, bytes]): [string, string] => [path, Buffer.from(bytes).toString('latin1')])
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  )
}

async function storeKlines(files: MemFiles, rows: readonly Kline[], course: Course): Promise<void> {
  const options = klineOptions(files)
  for (const { from, length, stepRows, steps } of course) {
    const asked = { from: hour(from), to: earliest(hour(from + length), WANTED.to) }
    const series = await openStored(options, [WANTED])
    for (const window of missingOf(series, asked))
      await storeWindow(options, series, window, firstOf(klineSteps(rows, window, stepRows), steps))
  }
  const series = await openStored(options, [WANTED])
  for (const window of missingOf(series, WANTED))
    await storeWindow(options, series, window, klineSteps(rows, window, 100))
}

async function storeTrades(
  files: MemFiles,
  rows: readonly AggTrade[],
  course: Course,
): Promise<void> {
  const options = tradeOptions(files)
  for (const { from, length, stepRows, steps } of course) {
    // Bounds that fall on a burst, and between its microseconds.
    const asked = {
      from: micros(hour(from) + BigInt(length % 3)),
      to: earliest(micros(hour(from + length) + BigInt(stepRows % 3)), WANTED.to),
    }
    const series = await openStored(options, [WANTED])
    for (const window of missingOf(series, asked)) {
      const all = tradeSteps(rows, window, stepRows, series.nextId(window.from))
      await storeWindow(options, series, window, firstOf(all, steps))
    }
  }
  const series = await openStored(options, [WANTED])
  for (const window of missingOf(series, WANTED)) {
    const all = tradeSteps(rows, window, 1_000, series.nextId(window.from))
    await storeWindow(options, series, window, all)
  }
}

const klineRows = fc
  .uniqueArray(fc.integer({ min: 0, max: DAYS * 24 - 1 }), { maxLength: DAYS * 24 })
  .map((hours) =>
    hours
      .sort((a, b) => a - b)
      .map((at) => {
        // Some open off the grid.
        const open = micros(hour(at) + (at % 11 === 5 ? 1_234_000n : 0n))
        return klineAt(open, micros(hour(at + 1) - 1n))
      }),
  )

const tradeRows = fc
  .array(fc.tuple(fc.integer({ min: 0, max: DAYS * 24 - 1 }), fc.integer({ min: 1, max: 8 })), {
    maxLength: 20,
  })
  .map((bursts) => {
    const rows: AggTrade[] = []
    for (const [at, count] of bursts.sort(([a], [b]) => a - b))
      for (let row = 0; row < count; row++) {
        const time = latest(rows.at(-1)?.time ?? hour(at), micros(hour(at) + BigInt(row >> 1)))
        rows.push(aggTradeAt(BigInt(rows.length), time))
      }
    return rows
  })

test('klines: pieces in any order, cut short anywhere, give the bytes of one run', async () => {
  await fc.assert(
    fc.asyncProperty(klineRows, course, async (rows, pieces) => {
      const [whole, inPieces] = [memFiles(), memFiles()]
      await storeKlines(whole, rows, [])
      await storeKlines(inPieces, rows, pieces)
      expect(dataOf(inPieces)).toEqual(dataOf(whole))
    }),
    { numRuns: RUNS },
  )
})

test('aggTrades: pieces in any order, cut within a microsecond, give the bytes of one run', async () => {
  await fc.assert(
    fc.asyncProperty(tradeRows, course, async (rows, pieces) => {
      const [whole, inPieces] = [memFiles(), memFiles()]
      await storeTrades(whole, rows, [])
      await storeTrades(inPieces, rows, pieces)
      expect(dataOf(inPieces)).toEqual(dataOf(whole))
    }),
    { numRuns: RUNS },
  )
})

test('klines asked again as they are change no byte', async () => {
  await fc.assert(
    fc.asyncProperty(klineRows, course, async (rows, again) => {
      const files = memFiles()
      await storeKlines(files, rows, [])
      const before = dataOf(files)
      const options = klineOptions(files)
      for (const { from, length, stepRows } of again) {
        const series = await openStored(options)
        const window = { from: hour(from), to: earliest(hour(from + length), WANTED.to) }
        const told = await storeWindow(options, series, window, klineSteps(rows, window, stepRows))
        expect(told.revisions).toBe(0)
      }
      expect(dataOf(files)).toEqual(before)
    }),
    { numRuns: RUNS },
  )
})

test('klines that changed or went away are revisions, once; rows and coverage are kept, and they are young until two runs agree', async () => {
  await fc.assert(
    fc.asyncProperty(klineRows, fc.array(fc.nat(), { maxLength: 5 }), async (rows, picks) => {
      fc.pre(rows.length > 0)
      const files = memFiles()
      const options = klineOptions(files)
      await storeKlines(files, rows, [])
      const { coverage } = await manifestOf(options)
      const changed = new Set(picks.map((pick) => pick % rows.length))
      const now = rows.flatMap((row, index) => {
        if (!changed.has(index)) return [row]
        return index % 2 === 0 ? [{ ...row, tradeCount: row.tradeCount + 1 }] : []
      })
      const ask = async (): Promise<number> => {
        const series = await openStored(options)
        const told = await storeWindow(options, series, WANTED, klineSteps(now, WANTED, 7))
        return told.revisions
      }
      expect(await ask()).toBe(changed.size)
      const after = dataOf(files)
      const manifest = await manifestOf(options)
      expect(manifest.coverage).toEqual(coverage)
      expect(sumOfRows(manifest)).toBe(rows.length)
      expect(manifest.revisions.map(({ key }) => key)).toEqual(
        [...changed].sort((a, b) => a - b).map((index) => String(rows[index]!.openTime)),
      )
      // No gap is said to be where a row is kept.
      for (const { openTime } of rows)
        expect(manifest.gaps.some(({ from, to }) => from <= openTime && openTime < to)).toBe(false)
      expect(manifest.fresh.length > 0).toBe(changed.size > 0)
      expect(await ask()).toBe(0)
      // Asked for once more, they are final: only that they were young is not said any more.
      expect((await manifestOf(options)).fresh).toEqual([])
      const final = dataOf(files)
      expect(partsOf(final)).toEqual(partsOf(after))
      expect(await ask()).toBe(0)
      expect(dataOf(files)).toEqual(final)
    }),
    { numRuns: RUNS },
  )
})

test('a lost manifest is written anew from the footers, but for time after the last row', async () => {
  await fc.assert(
    fc.asyncProperty(klineRows, course, async (rows, pieces) => {
      fc.pre(rows.length > 0)
      const files = memFiles()
      await storeKlines(files, rows, pieces)
      const options = klineOptions(files)
      const lost = await manifestOf(options)
      const found = await manifestFromFooters(files, options.key)
      const lastDay = hour(
        (Math.floor(Number((rows.at(-1)!.openTime - BEGIN) / HOUR) / 24) + 1) * 24,
      )
      if (lastDay >= WANTED.to) expect(formatManifest(found!)).toBe(formatManifest(lost))
      else {
        expect(found?.partitions).toEqual(lost.partitions)
        expect(found?.coverage).toEqual([{ from: WANTED.from, to: lastDay }])
      }
    }),
    { numRuns: RUNS },
  )
})

/** The files of rows alone. */
function partsOf(data: Record<string, string>): unknown {
  return Object.entries(data).filter(([path]) => path.endsWith('.parquet'))
}

function sumOfRows({ partitions }: Awaited<ReturnType<typeof manifestOf>>): number {
  return [...partitions.values()].reduce((sum, { rows }) => sum + rows, 0)
}
