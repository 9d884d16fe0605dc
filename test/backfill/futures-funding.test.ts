/** Settlements of funding: no grid, milliseconds after the hour, intervals that change, two sources of one row. */

import { expect, test } from 'vitest'
import { parseMicros } from '../../src/base/time.ts'
import { status } from '../../src/query/status.ts'
import { verify } from '../../src/verify/verify.ts'
import { trueFunding, type ExchangeOptions, type Simulator } from '../../src/simulator/index.ts'
import { parquet, query } from '../support/duck.ts'
import { contents, run, serve, tempDir } from '../support/lake.ts'

type Contract = NonNullable<ExchangeOptions['um']>['symbols'][number]

const LISTED = parseMicros('2024-02-10T09:30')

function exchange(more: Partial<Contract> = {}, market: 'um' | 'cm' = 'um'): ExchangeOptions {
  const symbol = market === 'um' ? 'SOLUSDT' : 'SOLUSD_PERP'
  return {
    symbols: [{ symbol: 'BTCUSDT' }],
    [market]: {
      symbols: [
        {
          symbol,
          listedAt: LISTED,
          fundingChanges: [
            { at: parseMicros('2024-05-01'), hours: 4 },
            { at: parseMicros('2024-06-01'), hours: 8 },
          ],
          specialFunding: [parseMicros('2024-06-10T03:00'), parseMicros('2024-06-10T09:00')],
          ...more,
        },
      ],
    },
  }
}

function job(
  market: string,
  symbol: string,
  [from, to]: readonly string[],
  source = 'auto',
): string {
  return `
version: 1
market: ${market}
symbols: [${symbol}]
from: ${from}
to: ${to}
source: ${source}
numbers: string
datasets: [{kind: fundingRate}]
`
}

function doors({ url }: Simulator): { baseUrls: string[]; archiveUrl: string } {
  return { baseUrls: [`um=${url}`, `cm=${url}`, url], archiveUrl: url }
}

function truth(
  { exchange: own }: Simulator,
  market: 'um' | 'cm',
  [from = '', to = '']: readonly string[],
) {
  const symbol = market === 'um' ? 'SOLUSDT' : 'SOLUSD_PERP'
  const window = { from: parseMicros(from), to: parseMicros(to) }
  return trueFunding(own.market(market), symbol, parseMicros('2026-11-01')).filter(
    ({ time }) => window.from <= time && time < window.to,
  )
}

async function stored(dataDir: string, path: string): Promise<Record<string, string | null>[]> {
  return query(
    `SELECT epoch_us(funding_time) AS time, funding_rate AS rate, mark_price AS mark,
       interval_hours AS hours, rate_type AS type
     FROM ${parquet(dataDir, path)} ORDER BY funding_time`,
  )
}

test.each(['um', 'cm'] as const)(
  '%s: all settlements since the listing, as they came',
  async (market) => {
    const simulator = await serve({ exchange: exchange({}, market) })
    const options = { dataDir: await tempDir(), ...doors(simulator) }
    const symbol = market === 'um' ? 'SOLUSDT' : 'SOLUSD_PERP'
    const range = ['2024-01-01', '2026-03-01']
    const text = job(market, symbol, ['listing', range[1]!])
    const { summary, error } = await run(text, options)
    expect(error).toBeUndefined()
    expect(summary).toMatchObject({ complete: true, exit: 0 })
    const rows = truth(simulator, market, range)
    expect(rows.length).toBeGreaterThan(2_000)
    expect(await stored(options.dataDir, `${market}/fundingRate/symbol=${symbol}`)).toEqual(
      rows.map(({ time, rate, markPrice, rateType }) => ({
        time: String(time),
        rate,
        mark: markPrice === '' ? null : markPrice,
        hours: null,
        type: rateType,
      })),
    )
    const before = await contents(options.dataDir)
    expect((await run(text, options)).summary).toMatchObject({ complete: true, rows: 0 })
    expect(await contents(options.dataDir)).toEqual(before)
    for await (const event of verify([], { dataDir: options.dataDir }))
      expect(event).not.toMatchObject({ kind: 'finding' })
    expect(simulator.exchange.futuresLog.entries.some(({ path }) => path.includes('data/'))).toBe(
      false,
    )
  },
)

test('a symbol that is not listed any more comes from the archive', async () => {
  const simulator = await serve({ exchange: exchange({ listed: false }) })
  const options = { dataDir: await tempDir(), ...doors(simulator) }
  const range = ['2024-03-01', '2025-03-01']
  const { summary, error } = await run(job('um', 'SOLUSDT', range), options)
  expect(error).toBeUndefined()
  expect(summary).toMatchObject({ complete: true, exit: 0 })
  expect(await stored(options.dataDir, 'um/fundingRate/symbol=SOLUSDT')).toEqual(
    truth(simulator, 'um', range).map(({ time, rate, hours }) => ({
      ...{ time: String(time), rate, mark: null, hours: String(hours), type: null },
    })),
  )
})

test('what one source does not know is filled from the other, and is no revision', async () => {
  const simulator = await serve({ exchange: exchange() })
  const options = { dataDir: await tempDir(), ...doors(simulator) }
  const range = ['2024-05-20', '2024-07-01']
  await run(job('um', 'SOLUSDT', range, 'archive'), options)
  const recheck = { from: parseMicros('2024-05-20'), to: parseMicros('2024-07-01') }
  const { summary } = await run(job('um', 'SOLUSDT', range, 'rest'), { ...options, recheck })
  expect(summary).toMatchObject({ complete: true, exit: 0, series: [{ revisions: 0 }] })
  expect(await stored(options.dataDir, 'um/fundingRate/symbol=SOLUSDT')).toEqual(
    truth(simulator, 'um', range).map(({ time, rate, hours, markPrice, rateType }) => ({
      ...{ time: String(time), rate, mark: markPrice, hours: String(hours), type: rateType },
    })),
  )
})

test('a settlement that is left out is asked for again, and a hole that stays is named', async () => {
  const hole = { from: parseMicros('2024-07-03T07:00'), to: parseMicros('2024-07-03T17:00') }
  for (const times of [1, 100]) {
    const simulator = await serve({ exchange: exchange({ flaky: [{ window: hole, times }] }) })
    const options = { dataDir: await tempDir(), ...doors(simulator) }
    const range = ['2024-07-01', '2024-08-01']
    const { summary } = await run(job('um', 'SOLUSDT', range), options)
    const lost = times === 1 ? 0 : 2
    expect(summary).toMatchObject({ complete: true, exit: 0, rows: 93 - lost })
    const [series] = (await status([], options)).series
    expect(series?.gaps.map(({ reason }) => reason)).toEqual(times === 1 ? [] : ['outage'])
  }
})

test('a contract with a day of delivery has no funding, and is refused with words', async () => {
  expect(() => job('um', 'BTCUSDT_260327', ['2024-01-01', '2024-02-01'])).not.toThrow()
  await expect(
    run(job('um', 'BTCUSDT_260327', ['2024-01-01', '2024-02-01']), { dataDir: await tempDir() }),
  ).rejects.toThrow('"BTCUSDT_260327" is delivered, and has no fundingRate')
})
