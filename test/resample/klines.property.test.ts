/** Longer klines made of stored shorter ones are the exchange's own, value for value; and what is not whole says so. */

import fc from 'fast-check'
import type { RecordBatch } from 'apache-arrow'
import { describe, expect, test } from 'vitest'
import { union, type Coverage } from '../../src/base/coverage.ts'
import { formatWindow, micros, parseMicros } from '../../src/base/time.ts'
import { NUMBERS } from '../../src/binance/dataset.ts'
import type { Interval } from '../../src/binance/interval.ts'
import { DATASETS } from '../../src/binance/market.ts'
import { readTable } from '../../src/index.ts'
import { resample } from '../../src/resample/klines.ts'
import { resampleGrid, type Grid } from '../../src/resample/grid.ts'
import { parseMeasure } from '../../src/resample/measure.ts'
import { rowTexts, valueText } from '../../src/rows/value-text.ts'
import { Exchange, trueKlines, type Kline } from '../../src/simulator/index.ts'
import { run, serve, tempDir } from '../support/lake.ts'
import { EXCHANGE_SLOTS, fixedSlots, longer } from '../support/long-klines.ts'
import { pageOfRows } from '../support/stored-series.ts'
import { memFiles } from '../support/mem-files.ts'

const FROM = parseMicros('2026-05-28')
const TO = parseMicros('2026-08-04')
const HOURS = trueKlines(new Exchange({ symbols: [{ symbol: 'BTCUSDT' }] }), {
  symbol: 'BTCUSDT',
  interval: '1h',
  window: { from: FROM, to: TO },
  now: TO,
})
const INTERVALS = Object.keys(EXCHANGE_SLOTS) as (keyof typeof EXCHANGE_SLOTS)[]

test.each(NUMBERS)('klines of the exchange, numbers: %s', async (numbers) => {
  const klines = Object.fromEntries(
    INTERVALS.map((interval) => [interval, longer(HOURS, EXCHANGE_SLOTS[interval])]),
  )
  const symbols = [{ symbol: 'BTCUSDT', rows: { klines: { ...klines, '1h': HOURS } } }]
  const simulator = await serve({ exchange: { symbols } })
  const dataDir = await tempDir()
  const told = await run(
    `{version: 1, symbols: [BTCUSDT], from: 2026-05-28, to: 2026-08-04, numbers: ${numbers},
      datasets: [{kind: klines, intervals: [1h, ${INTERVALS.join(', ')}]}]}`,
    { dataDir, baseUrls: [simulator.url], source: 'rest' },
  )
  expect(told.error).toBeUndefined()
  const series = { dataDir, dataset: 'klines', symbol: 'BTCUSDT' } as const
  for (const interval of INTERVALS) {
    const [own] = (await readTable({ ...series, interval })).batches
    const [made, ...more] = (await readTable({ ...series, interval: '1h', resample: interval }))
      .batches
    expect(more).toEqual([])
    const isWhole = (row: { partial: string }): boolean => row.partial === 'false'
    const [ours, theirs] = [rowsOf(made!), rowsOf(own!)]
    const whole = ours.filter(isWhole).map(withoutPartial)
    // Only what the range cuts is partial.
    expect(ours.length - whole.length).toBeLessThanOrEqual(2)
    const opens = new Set(whole.map((row) => row['open_time']))
    expect(whole).toEqual(theirs.filter((row) => opens.has(row['open_time'])))
    expect(theirs.length - whole.length).toBeLessThanOrEqual(2)
  }
})

function withoutPartial({ partial, ...row }: Texts): Record<string, string> {
  expect(partial).toMatch(/^(true|false)$/)
  return row
}

type Texts = Record<string, string> & { partial: string }

function rowsOf(batch: RecordBatch): Texts[] {
  const partial = batch.schema.names.indexOf('partial')
  return Array.from({ length: batch.numRows }, (_, row) => ({
    ...rowTexts(DATASETS.klines, batch, row),
    ...(partial < 0
      ? {}
      : { partial: valueText({ type: 'flag' }, batch.data.children[partial]!, row) }),
  })) as Texts[]
}

const MINUTE = 60e6
const START = Number(parseMicros('2026-06-01'))

/** Minutes from START: which have a row, and which are covered. */
const minutes = fc.array(fc.record({ hasRow: fc.boolean(), isCovered: fc.boolean() }), {
  minLength: 1,
  maxLength: 60,
})
const price = fc.bigInt(1n, 10n ** 14n).map(decimalText)
const volume = fc.bigInt(0n, 10n ** 15n).map(decimalText)

function decimalText(units: bigint): string {
  const digits = String(units).padStart(9, '0')
  return `${digits.slice(0, -8)}.${digits.slice(-8)}`
}

const rowAt = (index: number): fc.Arbitrary<Kline> =>
  fc
    .record({
      prices: fc.tuple(price, price, price, price),
      volumes: fc.tuple(volume, volume, volume, volume),
      tradeCount: fc.nat(1_000_000),
    })
    .map(({ prices, volumes, tradeCount }) => {
      const [low = '', open = '', close = '', high = ''] = prices.toSorted(byValue)
      const [takerVolume = '', volume = ''] = volumes.slice(0, 2).toSorted(byValue)
      const [takerQuoteVolume = '', quoteVolume = ''] = volumes.slice(2).toSorted(byValue)
      const from = START + index * MINUTE
      return {
        ...{ openTime: micros(BigInt(from)), closeTime: micros(BigInt(from + MINUTE - 1)) },
        ...{ low, open, close, high, volume, takerVolume, quoteVolume, takerQuoteVolume },
        tradeCount: volume === '0.00000000' ? 0 : Math.max(1, tradeCount),
      }
    })

function byValue(a: string, b: string): number {
  return Number(a) - Number(b)
}

const history = minutes.chain((slots) =>
  fc.tuple(
    fc.constant(slots),
    fc
      .tuple(...slots.map((_, index) => rowAt(index)))
      .map((rows) => rows.filter((_, index) => slots[index]!.hasRow)),
    fc.integer({ min: 1, max: 9 }),
    fc.integer({ min: 1, max: 20 }),
  ),
)

test.each(NUMBERS)('any rows, gaps and batches, numbers: %s', async (numbers) => {
  await fc.assert(
    fc.asyncProperty(history, async ([slots, rows, count, batchRows]) => {
      const slotOf = fixedSlots(count * MINUTE)
      const how = {
        dataset: DATASETS.klines,
        numbers,
        interval: '1m',
        grid: gridOf(`${count}m`, '1m'),
        coverage: coveredBy(slots.map(({ isCovered }) => isCovered)),
      } as const
      const made: Texts[] = []
      for await (const batch of resample(batchesOf(rows, numbers, batchRows), how))
        made.push(...rowsOf(batch))
      const expected = longer(rows, slotOf)
      const oracle = expected.length === 0 ? [] : rowsOf(batchOf(expected, numbers))
      expect(made.map(withoutPartial)).toEqual(oracle)
      const wholes = expected.map(({ openTime }) => {
        const first = (Number(openTime) - START) / MINUTE
        return Array.from({ length: count }, (_, index) => slots[first + index]).every(
          (slot) => slot?.hasRow === true && slot.isCovered,
        )
      })
      expect(made.map(({ partial }) => partial === 'false')).toEqual(wholes)
    }),
    { numRuns: 40 },
  )
})

function batchOf(rows: readonly Kline[], numbers: (typeof NUMBERS)[number]): RecordBatch {
  const key = { market: 'spot', dataset: 'klines', symbol: 'BTCUSDT', interval: '1m' } as const
  return pageOfRows({ files: memFiles(), key, partition: 'month', numbers }, rows).batch
}

async function* batchesOf(
  rows: readonly Kline[],
  numbers: (typeof NUMBERS)[number],
  batchRows: number,
): AsyncGenerator<RecordBatch> {
  for (let from = 0; from < rows.length; from += batchRows)
    yield batchOf(rows.slice(from, from + batchRows), numbers)
}

function coveredBy(flags: readonly boolean[]): Coverage {
  const at = (index: number): bigint => BigInt(START + index * MINUTE)
  return union(
    flags.flatMap((isCovered, index) =>
      isCovered ? [{ from: micros(at(index)), to: micros(at(index + 1)) }] : [],
    ),
  )
}

function gridOf(text: string, source: Interval): Grid {
  const measure = parseMeasure(text)
  if (measure.kind !== 'interval') throw new Error('not an interval')
  return resampleGrid(measure, source, undefined)
}

describe('grids', () => {
  test.each([
    ['7m', '1m', '1970-01-01T00:10', '1970-01-01T00:07', '1970-01-01T00:14'],
    ['90m', '30m', '1970-01-01T02:00', '1970-01-01T01:30', '1970-01-01T03:00'],
    ['2w', '1d', '2026-06-10', '2026-06-08', '2026-06-22'],
    ['3M', '1d', '2026-06-10', '2026-04-01', '2026-07-01'],
    ['1mo', '1h', '2028-02-29', '2028-02-01', '2028-03-01'],
    ['72h', '1h', '1970-01-05', '1970-01-04', '1970-01-07'],
  ] as const)('%s of %s', (text, source, at, from, to) => {
    const grid = gridOf(text, source)
    const floor = grid.floor(parseMicros(at))
    expect(formatWindow({ from: floor, to: grid.next(floor) })).toEqual(
      formatWindow({ from: parseMicros(from), to: parseMicros(to) }),
    )
  })

  test.each([
    ['90m', '1h', /cannot be made of those of 1h/],
    ['1m', '5m', /cannot be made of those of 5m/],
    ['1M', '1w', /cannot be made of those of 1w/],
    ['1w', '1M', /cannot be made of those of 1M/],
    ['3d', '1h', /not documented/],
    ['1y', '1h', /is not an interval/],
    ['0m', '1m', /is not an interval/],
    ['1w', '3d', /nothing is resampled from 3d/],
  ] as const)('%s of %s is refused', (text, source, words) => {
    expect(() => gridOf(text, source)).toThrow(words)
  })
})
