/** What lies on the queue says the same as the jobs that it was made of. */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MARKETS } from '../../src/binance/market.ts'
import { MARKET_NAMES } from '../../src/binance/series.ts'
import type { DatasetJob } from '../../src/job/job.ts'
import { parseJob } from '../../src/job/parse.ts'
import { askedToo, readSeriesJob, seriesJobs } from '../../src/fleet/series-job.ts'

const JOBS = fc.record({
  symbols: fc.uniqueArray(fc.constantFrom('BTCUSDT', 'ETHUSDT', '币安人生USDT', 'A.B-C_D'), {
    minLength: 1,
  }),
  from: fc.constantFrom('2024-01-01', '2024-01-01T12:34:56.789012Z', 'listing', '30d', '86399s'),
  to: fc.constantFrom('now', '2025-01-01', '1h'),
  numbers: fc.constantFrom('float64', 'decimal', 'string'),
  compression: fc.constantFrom('zstd', 'snappy', 'gzip', 'none'),
  settle: fc.constantFrom('0s', '1m', '2d'),
  source: fc.constantFrom('auto', 'rest', 'archive'),
  partition: fc.constantFrom(undefined, 'day', 'month', 'year'),
  market: fc.constantFrom('spot', 'um', 'cm'),
  intervals: fc.uniqueArray(fc.constantFrom('1m', '1h', '1d', '1M'), { minLength: 1 }),
})
const known = { symbols: [], account: undefined }

/** Of one series. */
function settingsOf(datasets: readonly DatasetJob[], series: string): object[] {
  return datasets.flatMap((dataset) =>
    dataset.symbols.kind === 'filter'
      ? []
      : dataset.symbols.symbols.flatMap((symbol) =>
          dataset.intervals
            .filter((interval) => series.endsWith(`klines/${symbol}/${interval}`))
            .map((interval) => ({
              ...dataset,
              symbols: { kind: 'list', symbols: [symbol] },
              intervals: [interval],
            })),
        ),
  )
}

describe('series on the queue', () => {
  it('are read as they were asked for, each once', () => {
    fc.assert(
      fc.property(JOBS, ({ intervals, ...top }) => {
        const text = JSON.stringify({
          version: 1,
          ...top,
          datasets: [{ kind: 'klines', intervals }],
        })
        const job = parseJob(text, 'test.yaml')
        const found = seriesJobs([job, job], {}, known)
        expect(new Set(found.map(({ series }) => series)).size).toBe(found.length)
        expect(found).toHaveLength(top.symbols.length * intervals.length)
        for (const data of found) {
          const { series, jobs } = readSeriesJob(JSON.parse(JSON.stringify(data)))
          expect(series).toBe(data.series)
          expect(jobs).toHaveLength(2)
          for (const { datasets, name } of jobs) {
            expect(name).toBe('test')
            expect(datasets).toEqual(settingsOf(job.datasets, series))
          }
        }
      }),
    )
  })

  it('are what each job asked last, in one order, whoever asked when', () => {
    const ask = fc.record({
      name: fc.constantFrom('a', 'b', 'c'),
      from: fc.constantFrom('2024-01-01', '2025-01-01', '30d'),
    })
    const of = ({ name, from }: { name: string; from: string }) => {
      const text = `{version: 1, name: ${name}, symbols: [BTCUSDT], from: ${from}, datasets: [{kind: klines, intervals: [1h]}]}`
      return seriesJobs([parseJob(text, 'test.yaml')], {}, known)[0]!
    }
    fc.assert(
      fc.property(fc.array(ask, { minLength: 1, maxLength: 6 }), (asks) => {
        const [first, ...more] = asks.map(of)
        const found = more.reduce((before, one) => askedToo(before, one), first!)
        const last = new Map(asks.map((one) => [one.name, of(one).jobs[0]]))
        expect(found.jobs).toEqual([...last.keys()].sort().map((name) => last.get(name)))
      }),
    )
  })

  it('are refused when a filter and a list ask for one with different settings', () => {
    const text = (symbols: string, numbers: string): string =>
      `{version: 1, symbols: ${symbols}, numbers: ${numbers}, from: 2024-01-01, datasets: [{kind: klines, intervals: [1h]}]}`
    const jobs = [text('{match: BTC*}', 'string'), text('[BTCUSDT]', 'decimal')]
    const symbols = [{ symbol: 'BTCUSDT', status: 'TRADING', baseAsset: 'BTC', quoteAsset: 'USDT' }]
    const parsed = jobs.map((job, index) => parseJob(job, `${index}.yaml`))
    expect(() => seriesJobs(parsed, {}, { ...known, symbols })).toThrow('two jobs ask for it')
  })

  it.each(
    MARKET_NAMES.flatMap((market) =>
      Object.values(MARKETS[market].datasets)
        .filter(({ security }) => security !== 'signed')
        .map((facts) => [market, facts.kind, facts] as const),
    ),
  )('%s %s is read as the series that it was', (market, kind, { subject, ...facts }) => {
    const symbol = { spot: 'BTCUSDT', um: 'BTCUSDT', cm: 'BTCUSD_PERP' }[market]
    const text = JSON.stringify({
      version: 1,
      ...{ market, symbols: [subject === 'pair' ? symbol.replace('_PERP', '') : symbol] },
      from: facts.reachDays === undefined ? '2026-01-01' : '7d',
      datasets: [
        {
          kind,
          ...(facts.hasInterval ? { intervals: ['1h'] } : {}),
          ...(facts.contracts === undefined ? {} : { contracts: facts.contracts }),
        },
      ],
    })
    const found = seriesJobs([parseJob(text, 'test.yaml')], {}, known)
    expect(found).toHaveLength(facts.contracts?.length ?? 1)
    for (const data of found) expect(readSeriesJob(data).series).toBe(data.series)
  })

  it.each([
    [{ version: 2 }, 'a newer version put this on the queue'],
    [undefined, 'what lies on the queue is no series'],
    [{ version: 1, series: 'klines/BTCUSDT/1h', jobs: [] }, 'what lies on the queue is no series'],
    [{ version: 1, series: 'x', jobs: [null] }, 'what lies on the queue is no series'],
    [{ version: 1, series: 'x', jobs: [{ version: 1 }] }, 'is missing'],
  ])('are refused where they are something else: %j', (data, why) => {
    expect(() => readSeriesJob(data)).toThrow(why)
  })

  it('are refused where the job would be about another series', () => {
    const job = parseJob(
      '{version: 1, symbols: [BTCUSDT], from: 2024-01-01, datasets: [{kind: klines, intervals: [1h]}]}',
      'test.yaml',
    )
    const [data] = seriesJobs([job], {}, known)
    expect(() => readSeriesJob({ ...data, series: 'klines/ETHUSDT/1h' })).toThrow('would be')
  })
})
