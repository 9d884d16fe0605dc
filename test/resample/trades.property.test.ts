/** Klines and bars of trades are what a naive count in scaled integers makes of them, from trades and aggregates alike. */

import fc from 'fast-check'
import type { RecordBatch } from 'apache-arrow'
import { describe, expect, test } from 'vitest'
import { union, type Coverage } from '../../src/base/coverage.ts'
import { formatMicros, micros } from '../../src/base/time.ts'
import { NUMBERS, type Numbers } from '../../src/binance/dataset.ts'
import { DATASETS } from '../../src/binance/market.ts'
import { barColumns } from '../../src/resample/columns.ts'
import { resampleGrid } from '../../src/resample/grid.ts'
import { parseMeasure } from '../../src/resample/measure.ts'
import { tradeBars } from '../../src/resample/trade-bars.ts'
import { tradeKlines } from '../../src/resample/trade-klines.ts'
import { valueText } from '../../src/rows/value-text.ts'
import type { Kline, Trade } from '../../src/simulator/rows.ts'
import {
  aggregateBatch,
  klineOfTrades,
  klinesOfTrades,
  START,
  tradeBatch,
  tradeHistory,
  unitsOf,
} from '../support/trade-histories.ts'

const MINUTE = 60_000_000
const ALWAYS: Coverage = [{ from: micros(0n), to: micros(2n ** 52n) }]

type Texts = Record<string, string>

async function textsOf(
  batches: AsyncIterable<RecordBatch>,
  hasIds: boolean,
): Promise<readonly Texts[]> {
  const rows: Texts[] = []
  for await (const batch of batches)
    for (let row = 0; row < batch.numRows; row++)
      rows.push(
        Object.fromEntries(
          barColumns(DATASETS.klines, hasIds).map((column, index) => [
            column.name,
            valueText(column, batch.data.children[index]!, row),
          ]),
        ),
      )
  return rows
}

/** A kline as its columns are written. */
function expected(kline: Kline, numbers: Numbers, isPartial: boolean): Texts {
  const number = (text: string): string => (numbers === 'float64' ? String(Number(text)) : text)
  return {
    open_time: formatMicros(kline.openTime),
    open: number(kline.open),
    high: number(kline.high),
    low: number(kline.low),
    close: number(kline.close),
    volume: number(kline.volume),
    close_time: formatMicros(kline.closeTime),
    quote_volume: number(kline.quoteVolume),
    trade_count: String(kline.tradeCount),
    taker_buy_volume: number(kline.takerVolume),
    taker_buy_quote_volume: number(kline.takerQuoteVolume),
    partial: String(isPartial),
  }
}

async function* cut<Row>(
  rows: readonly Row[],
  size: number,
  batchOf: (rows: readonly Row[]) => RecordBatch,
): AsyncGenerator<RecordBatch> {
  for (let from = 0; from < rows.length; from += size) yield batchOf(rows.slice(from, from + size))
}

const target = (numbers: Numbers, hasIds: boolean) => ({ klines: DATASETS.klines, numbers, hasIds })

const length = (count: number): Parameters<typeof resampleGrid>[0] => ({
  kind: 'interval',
  count,
  unit: 'm',
})

describe.each(NUMBERS)('numbers: %s', (numbers) => {
  test('klines of any number of minutes, with the time that is not covered told', async () => {
    await fc.assert(
      fc.asyncProperty(
        tradeHistory,
        fc.integer({ min: 1, max: 7 }),
        fc.integer({ min: 1, max: 9 }),
        fc.array(fc.nat(30), { maxLength: 3 }),
        async ({ trades, aggregates }, count, size, holes) => {
          const hole = (minute: number): Coverage => [{ from: at(minute), to: at(minute + 1) }]
          const coverage = holes.reduce<Coverage>(
            (left, minute) => withoutStretch(left, hole(minute)[0]!),
            ALWAYS,
          )
          const grid = resampleGrid(length(count), undefined, undefined)
          const how = { target: target(numbers, false), grid, coverage }
          const step = count * MINUTE
          const truth = klinesOfTrades(trades, step).map((kline) =>
            expected(
              kline,
              numbers,
              holes.some(
                (minute) => at(minute) <= kline.closeTime && at(minute + 1) > kline.openTime,
              ),
            ),
          )
          const ofTrades = tradeKlines(
            cut(trades, size, (some) => tradeBatch(some, numbers)),
            { ...how, trades: DATASETS.trades },
          )
          expect(await textsOf(ofTrades, false)).toEqual(truth)
          const ofAggregates = tradeKlines(
            cut(aggregates, size, (some) => aggregateBatch(some, numbers)),
            { ...how, trades: DATASETS.aggTrades },
          )
          expect(await textsOf(ofAggregates, false)).toEqual(truth)
        },
      ),
      { numRuns: 40 },
    )
  })

  test('tick, volume and dollar bars end with the trade that fills them', async () => {
    const size = fc.oneof(
      fc.integer({ min: 1, max: 9 }).map((count) => `${count}tick`),
      fc.integer({ min: 1, max: 3_000_000 }).map((some) => `${some / 1000}volume`),
      fc.integer({ min: 1, max: 300 }).map((some) => `${some}e6dollars`),
    )
    await fc.assert(
      fc.asyncProperty(
        tradeHistory,
        size,
        fc.integer({ min: 1, max: 9 }),
        async ({ trades }, text, rows) => {
          const measure = parseMeasure(text)
          if (measure.kind === 'interval') throw new Error('no size')
          const bars = tradeBars(
            cut(trades, rows, (some) => tradeBatch(some, numbers)),
            {
              trades: DATASETS.trades,
              target: target(numbers, true),
              size: measure,
              coverage: ALWAYS,
            },
          )
          const truth = filled(trades, text).map(({ inside, isFull }) => {
            const times = inside.map(({ time }) => Number(time))
            const bar = klineOfTrades(inside, Math.min(...times), Math.max(...times))
            return {
              ...expected(bar, numbers, !isFull),
              first_trade_id: String(inside[0]!.id),
              last_trade_id: String(inside.at(-1)!.id),
            }
          })
          expect(await textsOf(bars, true)).toEqual(truth)
        },
      ),
      { numRuns: 40 },
    )
  })
})

function at(minute: number): ReturnType<typeof micros> {
  return micros(BigInt(START + minute * MINUTE))
}

function withoutStretch(coverage: Coverage, { from, to }: Coverage[number]): Coverage {
  return union(
    coverage.flatMap((one) => [
      ...(one.from < from ? [{ from: one.from, to: one.to < from ? one.to : from }] : []),
      ...(one.to > to ? [{ from: one.from > to ? one.from : to, to: one.to }] : []),
    ]),
  )
}

/** The trades of each bar. */
function filled(
  trades: readonly Trade[],
  text: string,
): readonly { readonly inside: readonly Trade[]; readonly isFull: boolean }[] {
  const [, number = '', kind = ''] = /^([\d.]+(?:e\d)?)([a-z]+)$/.exec(text) ?? []
  const least = unitsOf(Number(number).toFixed(8))
  const bars: { inside: Trade[]; isFull: boolean }[] = []
  let sum = 0n
  for (const trade of trades) {
    if (bars.at(-1)?.isFull !== false) {
      bars.push({ inside: [], isFull: false })
      sum = 0n
    }
    const bar = bars.at(-1)!
    bar.inside.push(trade)
    if (kind === 'tick') sum += 100_000_000n
    else sum += unitsOf(kind === 'volume' ? trade.quantity : trade.quoteQuantity)
    bar.isFull = sum >= least
  }
  return bars
}

describe('bars', () => {
  const trade = (id: number, minute: number): Trade => ({
    id: BigInt(id),
    price: '2.00000000',
    quantity: '1.00000000',
    quoteQuantity: '2.00000000',
    time: at(minute),
    isBuyerMaker: false,
    isBestMatch: true,
  })

  test.each([
    ['do not reach over time that is not covered', [1, 2, 12, 13, 14], ['1-2 partial', '3-5']],
    [
      'are partial where they are made of rows that are stored and not covered',
      [1, 6, 7, 8, 9, 12, 13, 14, 15],
      ['1-1 partial', '2-4 partial', '5-5 partial', '6-8', '9-9 partial'],
    ],
    [
      'are partial where times go back to before what is covered',
      [11, 9, 12, 13, 14, 15],
      ['1-3 partial', '4-6'],
    ],
  ] as const)('%s', async (_, minutes, expectedBars) => {
    const coverage = withoutStretch(ALWAYS, { from: at(5), to: at(10) })
    const rows = minutes.map((minute, index) => trade(index + 1, minute))
    const measure = parseMeasure('3tick')
    if (measure.kind === 'interval') throw new Error('no size')
    const bars = tradeBars(
      cut(rows, 9, (some) => tradeBatch(some, 'float64')),
      { trades: DATASETS.trades, target: target('float64', true), size: measure, coverage },
    )
    const made = await textsOf(bars, true)
    expect(
      made.map(
        ({ first_trade_id, last_trade_id, partial }) =>
          `${first_trade_id}-${last_trade_id}${partial === 'true' ? ' partial' : ''}`,
      ),
    ).toEqual(expectedBars)
  })

  test('have no trade of an aggregate that the exchange marked as none', async () => {
    const none = {
      ...{ id: 7n, price: '0.00000000', quantity: '0.00000000', time: at(1) },
      ...{ firstTradeId: -1n, lastTradeId: -1n, isBuyerMaker: false, isBestMatch: false },
    }
    const how = { trades: DATASETS.aggTrades, target: target('string', false), coverage: ALWAYS }
    const grid = resampleGrid(length(1), undefined, undefined)
    const batches = cut([none], 1, (some) => aggregateBatch(some, 'string'))
    expect(await textsOf(tradeKlines(batches, { ...how, grid }), false)).toEqual([])
  })

  test.each(['0tick', '1.5tick', 'tick', '0volume', '-1dollar', '1e999dollar', '5 ticks'])(
    '%s is no size',
    (text) => {
      expect(() => parseMeasure(text)).toThrow(/is not an interval to resample to/)
    },
  )
})
