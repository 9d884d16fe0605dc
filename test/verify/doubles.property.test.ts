/** Texts of 8 decimals stay the same when they are stored as doubles and held against each other, and no fault is hidden. */

import fc from 'fast-check'
import type { RecordBatch } from 'apache-arrow'
import { expect, test } from 'vitest'
import { micros } from '../../src/base/time.ts'
import { DATASETS } from '../../src/binance/market.ts'
import { resampleGrid } from '../../src/resample/grid.ts'
import { resample } from '../../src/resample/klines.ts'
import { slotBars } from '../../src/resample/trade-klines.ts'
import { decodePage } from '../../src/rows/scan.ts'
import { klineJson, type Kline, type Trade } from '../../src/simulator/rows.ts'
import { klinesIn, volumesOf, type Kline as StoredKline } from '../../src/verify/cross/bars.ts'
import { compareKlines, type SlotFinding } from '../../src/verify/cross/compare-klines.ts'
import { fixedSlots, longer } from '../support/long-klines.ts'
import {
  aggregateBatch,
  klinesOfTrades,
  START,
  textOf,
  tradeBatch,
  unitsOf,
} from '../support/trade-histories.ts'

const MINUTE = 60_000_000
const FIVE = 5 * MINUTE
const GRID = resampleGrid({ kind: 'interval', count: 5, unit: 'm' }, undefined, undefined)
const COMMON = [{ from: micros(BigInt(START)), to: micros(BigInt(START + FIVE)) }]

/** From 1e-3 to 1e10, small ones as often as large ones. */
const units = fc
  .integer({ min: 5, max: 18 })
  .chain((digits) =>
    fc.bigInt(10n ** BigInt(digits), 10n ** BigInt(digits === 18 ? 18 : digits + 1)),
  )

const trades = fc
  .array(fc.record({ price: units, quantity: units, isBuyerMaker: fc.boolean() }), {
    minLength: 5,
    maxLength: 20,
  })
  .map((events) =>
    events.map(({ price, quantity, isBuyerMaker }, index): Trade => ({
      id: BigInt(index),
      price: textOf(price),
      quantity: textOf(quantity),
      // As the exchange rounds it.
      quoteQuantity: textOf((price * quantity + 50_000_000n) / 100_000_000n),
      time: micros(BigInt(START + Math.floor((index * FIVE) / events.length))),
      isBuyerMaker,
      isBestMatch: true,
    })),
  )

const aggregates = (rows: readonly Trade[]): Parameters<typeof aggregateBatch>[0] =>
  rows.map((row) => ({ ...row, firstTradeId: row.id, lastTradeId: row.id, isBestMatch: true }))

function klineBatch(rows: readonly Kline[]): RecordBatch {
  const body = new TextEncoder().encode(`[${rows.map((row) => klineJson(row, 'us')).join(',')}]`)
  return decodePage(DATASETS.klines, 'float64', body, 'us').batch
}

async function* once<T>(one: T): AsyncGenerator<T> {
  yield one
}

async function* read(batches: AsyncIterable<RecordBatch>): AsyncGenerator<readonly StoredKline[]> {
  for await (const batch of batches) yield klinesIn(batch, DATASETS.klines, 'float64')
}

const SOURCES = {
  klines: (rows: readonly Trade[]): AsyncGenerator<readonly StoredKline[]> =>
    read(
      resample(once(klineBatch(klinesOfTrades(rows, MINUTE))), {
        ...{ dataset: DATASETS.klines, numbers: 'float64', interval: '1m' },
        ...{ grid: GRID, coverage: COMMON },
      }),
    ),
  trades: (rows: readonly Trade[]): AsyncGenerator<readonly StoredKline[]> =>
    slotBars(once(tradeBatch(rows, 'float64')), DATASETS.trades, GRID),
  aggTrades: (rows: readonly Trade[]): AsyncGenerator<readonly StoredKline[]> =>
    slotBars(once(aggregateBatch(aggregates(rows), 'float64')), DATASETS.aggTrades, GRID),
} as const

async function found(
  source: keyof typeof SOURCES,
  whole: Kline,
  rows: readonly Trade[],
): Promise<readonly SlotFinding[]> {
  const sides = {
    whole: read(once(klineBatch([whole]))),
    parts: SOURCES[source](rows),
    ...{ grid: GRID, common: COMMON, mayBeQuiet: false },
    exactness: {
      doubles: { whole: true, parts: true },
      isMultiplied: source === 'aggTrades',
      roundings: 0,
      volumes: volumesOf(DATASETS.klines),
    },
  }
  const findings: SlotFinding[] = []
  let slots = 0
  for await (const finding of compareKlines(sides, (more) => (slots += more)))
    findings.push(finding)
  expect(slots).toBe(1)
  return findings
}

const NUMBERS = ['open', 'high', 'low', 'close', 'volume', 'quoteVolume'] as const

test.each(['klines', 'trades', 'aggTrades'] as const)(
  'a kline of the same doubles as its %s never differs, and one that is a millionth off does',
  async (source) => {
    await fc.assert(
      fc.asyncProperty(trades, fc.constantFrom(...NUMBERS), async (rows, column) => {
        const [whole] = longer(klinesOfTrades(rows, MINUTE), fixedSlots(FIVE))
        expect(await found(source, whole!, rows)).toEqual([])
        const value = unitsOf(whole![column])
        // What is paid for tiny trades is rounded by more than that.
        fc.pre(source !== 'aggTrades' || value > 10n ** 12n)
        const altered = { ...whole!, [column]: textOf(value + value / 1_000_000n + 1n) }
        expect(await found(source, altered, rows)).toMatchObject([{ kind: 'differs' }])
      }),
      { numRuns: 150 },
    )
  },
)
