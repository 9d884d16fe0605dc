/** Settlements of funding and steps of open interest against klines: what the rules allow is silent, all else is named. */

import type { RecordBatch } from 'apache-arrow'
import { describe, expect, test } from 'vitest'
import { micros, parseMicros, type Micros } from '../../src/base/time.ts'
import type { Dataset } from '../../src/binance/dataset.ts'
import { MARKETS } from '../../src/binance/market.ts'
import { verify } from '../../src/index.ts'
import { decodePage } from '../../src/rows/scan.ts'
import {
  compareFunding,
  compareOpenInterest,
  type SampleSides,
} from '../../src/verify/cross/compare-samples.ts'
import { run, serve, tempDir } from '../support/lake.ts'

const { fundingRate, markPriceKlines, klines, openInterestHist } = MARKETS.um.datasets
const START = parseMicros('2026-06-01')
const MINUTE_MS = 60_000
const startMs = Number(START) / 1000

function page(dataset: Dataset | undefined, rows: readonly object[]): RecordBatch {
  const body = new TextEncoder().encode(JSON.stringify(rows))
  return decodePage(dataset!, 'float64', body, 'ms').batch
}

function side(name: string, dataset: Dataset | undefined, rows: readonly object[]) {
  async function* batches(): AsyncGenerator<RecordBatch> {
    // Two batches, so that nothing depends on where one ends.
    const half = rows.length >> 1
    for (const some of [rows.slice(0, half), rows.slice(half)])
      if (some.length > 0) yield page(dataset, some)
  }
  return { name, dataset: dataset!, batches: batches() }
}

const bar = (minute: number, low: string, high: string, volume = '0'): object[] =>
  [
    ...[startMs + minute * MINUTE_MS, low, high, low, high, volume],
    ...[startMs + (minute + 1) * MINUTE_MS - 1, '0', volume === '0' ? 60 : 3, '0', '0', '0'],
  ] as unknown as object[]

const common = [{ from: micros(START - 3_600_000_000n), to: micros(START + 86_400_000_000n) }]

async function told(
  compare: typeof compareFunding,
  sides: Pick<SampleSides, 'samples' | 'klines'>,
): Promise<{ readonly rows: number; readonly words: readonly string[] }> {
  let rows = 0
  const words: string[] = []
  const all = { ...sides, interval: '1m', slack: 60_000_000n, common } as const
  for await (const message of compare(all, (more) => (rows += more))) words.push(message)
  return { rows, words }
}

describe('settlements of funding', () => {
  const funding = (ms: number, markPrice: string, rateType = 'Regular'): object => ({
    ...{ symbol: 'BTCUSDT', fundingTime: startMs + ms, fundingRate: '0.0001', markPrice, rateType },
  })
  const marks = [bar(-1, '100', '110'), bar(0, '108', '120'), bar(30, '90', '95')]
  const compared = (...rows: object[]) =>
    told(compareFunding, {
      samples: side('fundingRate', fundingRate, rows),
      klines: side('marks', markPriceKlines, marks),
    })

  test.each([
    ['on the hour, at a price of the minute before', funding(3, '101.5')],
    ['on the hour, at a price of the minute after', funding(19, '120')],
    ['special, in between', funding(30.5 * MINUTE_MS, '92', 'Special')],
    ['without a price', funding(0, '')],
  ])('%s are as they should be', async (_, row) => {
    expect(await compared(row)).toEqual({ rows: 1, words: [] })
  })

  test.each([
    [
      funding(3, '121'),
      /mark_price is 121 in fundingRate, and from 100 to 120 in marks within 15 s/,
    ],
    [funding(3, '99'), /mark_price is 99 in fundingRate, and from 100 to 120 in marks/],
    [funding(30.5 * MINUTE_MS, '92'), /the settlement in fundingRate is 1830 s after the hour/],
    [funding(60 * MINUTE_MS, '92'), /marks has no row: what is omitted is the row of marks/],
  ])('what is off is named', async (row, words) => {
    expect(await compared(row)).toEqual({ rows: 1, words: [expect.stringMatching(words)] })
  })
})

describe('open interest', () => {
  const sample = (minute: number, sumOpenInterest: string): object => ({
    ...{ symbol: 'BTCUSDT', sumOpenInterest, sumOpenInterestValue: '1' },
    ...{ timestamp: startMs + minute * MINUTE_MS, CMCCirculatingSupply: '1' },
  })
  const traded = Array.from({ length: 20 }, (_, minute) => bar(minute, '1', '2', '10'))
  const compared = (samples: readonly object[], rows: readonly object[] = traded) =>
    told(compareOpenInterest, {
      samples: side('interest', openInterestHist, samples),
      klines: side('klines', klines, rows),
    })

  test('changes by what is traded between two samples, a period about them included', async () => {
    const samples = [sample(5, '1000'), sample(10, '1070'), sample(15, '1000')]
    expect(await compared(samples)).toEqual({ rows: 2, words: [] })
  })

  test('that changes by more is named with both values', async () => {
    const samples = [sample(5, '1000'), sample(10, '1070.5'), sample(15, '1070')]
    expect(await compared(samples)).toEqual({
      rows: 2,
      words: [
        expect.stringMatching(/from 1000 to 1070.5 in interest, and 70 were traded by klines/),
      ],
    })
  })

  test('is not judged where a kline is lacking', async () => {
    const samples = [sample(5, '1000'), sample(10, '5000'), sample(16, '5000')]
    const rows = traded.filter((_, minute) => minute !== 7)
    expect(await compared(samples, rows)).toEqual({ rows: 1, words: [] })
  })
})

test('the lake is looked at so, and a series without klines is named', async () => {
  const time = (hours: number): Micros => micros(START + BigInt(hours) * 3_600_000_000n + 3_000n)
  const settled = {
    rate: '0.00010000',
    markPrice: '999999.00000000',
    rateType: 'Regular',
    hours: 8,
  }
  const funding = [0, 8, 16].map((hours) => ({ ...settled, time: time(hours) }))
  const symbols = [{ symbol: 'BTCUSDT', price: 60_000, listedAt: START, funding }]
  const { url } = await serve({ exchange: { symbols: [], um: { symbols } } })
  const dataDir = await tempDir()
  await run(
    `{version: 1, market: um, symbols: [BTCUSDT], from: 2026-06-01, to: 2026-06-02, source: rest, datasets: [
      {kind: fundingRate}, {kind: markPriceKlines, intervals: [1m]}, {kind: klines, intervals: [1h]}]}`,
    { dataDir, baseUrls: [`um=${url}`] },
  )
  for await (const step of verify([], { dataDir, cross: true })) {
    if (step.kind !== 'report') continue
    expect(step.cross).toMatchObject([
      {
        series: ['um/fundingRate/BTCUSDT', 'um/markPriceKlines/BTCUSDT/1m'],
        rows: 2,
        differences: 2,
      },
      {
        series: ['um/klines/BTCUSDT/1h'],
        note: expect.stringMatching(/no shorter klines/) as string,
      },
    ])
    expect(step.findings.map(({ code }) => code)).toEqual(['cross-difference', 'cross-difference'])
  }
})
