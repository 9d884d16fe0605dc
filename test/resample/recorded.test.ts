/** Longer klines of recorded ones are those that the exchange itself gave out for the same time. */

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RecordBatch } from 'apache-arrow'
import { expect, test } from 'vitest'
import { parseMicros } from '../../src/base/time.ts'
import type { Interval } from '../../src/binance/interval.ts'
import { DATASETS } from '../../src/binance/market.ts'
import { resampleGrid } from '../../src/resample/grid.ts'
import { resample } from '../../src/resample/klines.ts'
import { parseMeasure } from '../../src/resample/measure.ts'
import { rowTexts } from '../../src/rows/value-text.ts'
import { decodePage } from '../../src/rows/scan.ts'
import type { Kline } from '../../src/simulator/rows.ts'
import { EXCHANGE_SLOTS, longer } from '../support/long-klines.ts'

const RECORDED = join(import.meta.dirname, '../../../shared/recorded/rest')
const isThere = existsSync(RECORDED)
if (!isThere) console.warn(`recorded answers are not there (${RECORDED}): their tests cannot run`)

/** BTCUSDT as the exchange has it: open, high, low, close, volume. The week of the outage of 2020-06-28 is one of them. */
const PUBLISHED = {
  '1w': {
    '2020-05-04': '8894.15 10067.0 8117.0 8722.77 780478.849466',
    '2020-05-18': '9681.11 9950.0 8700.0 8720.34 517248.177536',
    '2020-06-01': '9448.27 10380.0 9266.0 9746.99 427822.495347',
    '2020-06-22': '9294.69 9780.0 8833.0 9116.35 343601.083154',
  },
  '3d': {
    '2020-05-03': '8972.58 9200.0 8522.0 9021.83 251025.343316',
    '2020-05-18': '9681.11 9950.0 9326.0 9511.43 235470.102127',
    '2020-06-02': '10202.71 10228.99 9266.0 9789.06 212679.519059',
    '2020-06-26': '9249.49 9298.0 8833.0 9116.35 127271.404811',
  },
} as const

test.runIf(isThere).each(['1w', '3d'] as const)(
  '%s of BTCUSDT, from recorded hours',
  async (interval) => {
    const made = new Map<string, string>()
    const measure = parseMeasure(interval)
    if (measure.kind !== 'interval') throw new Error('not an interval')
    const how = {
      dataset: DATASETS.klines,
      numbers: 'decimal',
      interval: '1h',
      // The first day of BTCUSDT was 2017-08-17.
      grid: resampleGrid(measure, '1h', parseMicros('2017-08-17')),
      coverage: [{ from: parseMicros('2020-05-01'), to: parseMicros('2020-07-01') }],
    } as const
    for await (const batch of resample(hours(), how))
      for (let row = 0; row < batch.numRows; row++) {
        const { open_time, open, high, low, close, volume } = rowTexts(DATASETS.klines, batch, row)
        made.set(open_time!.slice(0, 10), [open, high, low, close, volume].map(Number).join(' '))
      }
    for (const [day, texts] of Object.entries(PUBLISHED[interval]))
      expect([day, made.get(day)]).toEqual([day, texts.split(' ').map(Number).join(' ')])
  },
)

/** Each from those before it; the exchange makes them of trades, so whichever are put together, they are the same. */
const CHAIN = [
  ['2h', '1h'],
  ['1d', '2h'],
  ['1w', '1d'],
  ['1M', '1d'],
] as const

test.runIf(isThere)(
  '2h from 1h, 1d from 2h, weeks and months from 1d, value for value',
  async () => {
    const recorded = await rowsOf(hours())
    const made: Record<string, readonly RecordBatch[]> = { '1h': await listOf(hours()) }
    for (const [interval, source] of CHAIN) {
      made[interval] = await listOf(resampled(made[source]!, interval, source))
      const oracle = longer(recorded, EXCHANGE_SLOTS[interval])
      expect([interval, await rowsOf(made[interval])]).toEqual([interval, oracle])
      expect(oracle.length).toBeGreaterThan(2)
    }
  },
)

async function* resampled(
  batches: readonly RecordBatch[],
  interval: Interval,
  source: Interval,
): AsyncGenerator<RecordBatch> {
  const measure = parseMeasure(interval)
  if (measure.kind !== 'interval') throw new Error('not an interval')
  const how = { dataset: DATASETS.klines, numbers: 'decimal', coverage: [] } as const
  const grid = resampleGrid(measure, source, undefined)
  async function* given(): AsyncGenerator<RecordBatch> {
    yield* batches
  }
  yield* resample(given(), { ...how, interval: source, grid })
}

async function listOf(batches: AsyncIterable<RecordBatch>): Promise<readonly RecordBatch[]> {
  const list: RecordBatch[] = []
  for await (const batch of batches) list.push(batch)
  return list
}

/** All values of klines, as the oracle has them. */
async function rowsOf(
  batches: AsyncIterable<RecordBatch> | Iterable<RecordBatch>,
): Promise<Kline[]> {
  const rows: Kline[] = []
  for await (const batch of batches)
    for (let row = 0; row < batch.numRows; row++) {
      const texts = rowTexts(DATASETS.klines, batch, row) as Record<string, string>
      rows.push({
        openTime: parseMicros(texts['open_time']!),
        closeTime: parseMicros(texts['close_time']!),
        open: texts['open']!,
        high: texts['high']!,
        low: texts['low']!,
        close: texts['close']!,
        volume: texts['volume']!,
        quoteVolume: texts['quote_volume']!,
        tradeCount: Number(texts['trade_count']),
        takerVolume: texts['taker_buy_volume']!,
        takerQuoteVolume: texts['taker_buy_quote_volume']!,
      })
    }
  return rows
}

async function* hours(): AsyncGenerator<ReturnType<typeof decodePage>['batch']> {
  for (const name of readdirSync(RECORDED).sort())
    if (name.startsWith('klines-BTCUSDT-1h-'))
      yield decodePage(DATASETS.klines, 'decimal', readFileSync(join(RECORDED, name)), 'ms').batch
}
