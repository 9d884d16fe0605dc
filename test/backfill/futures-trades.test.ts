/** Trades of futures: files alone, ids with holes that are no loss, and files that were cut. */

import { expect, test } from 'vitest'
import { parseMicros, type Window } from '../../src/base/time.ts'
import { parseJob } from '../../src/job/parse.ts'
import { sql } from '../../src/query/sql.ts'
import { status } from '../../src/query/status.ts'
import { trueTrades, type ArchiveRule, type ExchangeOptions } from '../../src/simulator/index.ts'
import { verify } from '../../src/verify/verify.ts'
import { parquet, query } from '../support/duck.ts'
import { contents, run, serve, tempDir } from '../support/lake.ts'
import { FILES_FIRST } from '../support/speeds.ts'

const SYMBOLS = { um: 'BTCUSDT', cm: 'BTCUSD_PERP' }
const WINDOW = { from: parseMicros('2024-03-01'), to: parseMicros('2024-03-04') }

function exchangeWith(rules: readonly ArchiveRule[] = []): ExchangeOptions {
  const own = { aggTradesPerDay: 700, price: 60_000, volatility: 0.01 }
  return {
    symbols: [{ symbol: 'BTCUSDT' }],
    um: { symbols: [{ symbol: SYMBOLS.um, ...own }] },
    cm: { symbols: [{ symbol: SYMBOLS.cm, ...own, quantityDecimals: 0 }] },
    archive: { rules },
  }
}

async function world(rules: readonly ArchiveRule[] = []) {
  const simulator = await serve({ exchange: exchangeWith(rules) })
  const { url } = simulator
  const doors = { baseUrls: [`um=${url}`, `cm=${url}`], archiveUrl: url, speed: FILES_FIRST }
  return { simulator, options: { dataDir: await tempDir(), ...doors } }
}

function job(market: 'um' | 'cm', from = '2024-03-01', to = '2024-03-04'): string {
  return `{version: 1, market: ${market}, symbols: [${SYMBOLS[market]}], from: ${from}, to: ${to}, numbers: string, datasets: [{kind: trades}]}`
}

async function stored(dataDir: string, market: 'um' | 'cm'): Promise<unknown[][]> {
  const rows = await query(
    `SELECT trade_id::VARCHAR AS id, epoch_ms(time)::VARCHAR AS ms, * FROM ${parquet(dataDir, `${market}/trades/symbol=${SYMBOLS[market]}`)} ORDER BY trade_id`,
  )
  const paid = market === 'um' ? 'quote_quantity' : 'base_quantity'
  return rows.map((row) => [
    row['id'],
    ...[row['price'], row['quantity'], row[paid]].map(Number),
    row['ms'],
    String(row['is_buyer_maker']),
  ])
}

function truth(
  { exchange }: Awaited<ReturnType<typeof serve>>,
  market: 'um' | 'cm',
  window: Window = WINDOW,
): unknown[][] {
  const now = parseMicros('2025-01-01')
  const rows = trueTrades(exchange.market(market), { symbol: SYMBOLS[market], window, now })
  return [...rows].map((row) => [
    String(row.id),
    ...[row.price, row.quantity, row.quoteQuantity].map(Number),
    String(row.time / 1000n),
    String(row.isBuyerMaker),
  ])
}

test.each(['um', 'cm'] as const)('%s: value for value, whole, and no-op after', async (market) => {
  const { simulator, options } = await world()
  const { summary, error } = await run(job(market), options)
  expect(error).toBeUndefined()
  const all = truth(simulator, market)
  expect(summary).toMatchObject({ complete: true, exit: 0, rows: all.length, partitions: 3 })
  expect(await stored(options.dataDir, market)).toEqual(all)
  const ids = all.map(([id]) => Number(id))
  // The stand-in leaves ids out, as the exchange does.
  expect(ids.at(-1)! - ids[0]! + 1).toBeGreaterThan(ids.length)
  const { series } = await status([parseJob(job(market), 'x.yaml')], options)
  expect(series[0]).toMatchObject({ gaps: [] })
  const checked = []
  for await (const step of verify([], options)) checked.push(step)
  expect(checked.at(-1)).toMatchObject({ kind: 'report', ok: true, findings: [] })
  const view = await sql(`SELECT count(*) AS n FROM ${market}_trades`, options)
  const counts: unknown[] = []
  for await (const rows of view.rows()) counts.push(...rows)
  view.close()
  expect(counts).toEqual([[all.length]])
  const asked = simulator.exchange.futuresLog.entries.map(({ path }) => path)
  expect(asked.filter((path) => path.includes('rades') && !path.startsWith('/data/'))).toEqual([])
  const before = await contents(options.dataDir)
  expect((await run(job(market), options)).summary).toMatchObject({ complete: true, rows: 0 })
  expect(await contents(options.dataDir)).toEqual(before)
})

test('a month by its file, a part of a day, and its rest later', async () => {
  const { simulator, options } = await world()
  expect(
    (await run(job('um', '2024-02-18T06:00', '2024-03-02T18:00'), options)).summary,
  ).toMatchObject({ complete: true })
  expect((await run(job('um', '2024-02-18', '2024-03-03'), options)).summary).toMatchObject({
    complete: true,
  })
  const window = { from: parseMicros('2024-02-18'), to: parseMicros('2024-03-03') }
  expect(await stored(options.dataDir, 'um')).toEqual(truth(simulator, 'um', window))
})

/** Lines of the part of a day. */
function without(path: string, isDropped: (hour: number) => boolean): ArchiveRule {
  const hourOf = (line: string): number => new Date(Number(line.split(',')[4])).getUTCHours()
  const change = (lines: readonly string[]): string[] =>
    lines.filter((line) => line.startsWith('id') || !isDropped(hourOf(line)))
  return { path, fault: { kind: 'lines', change } }
}

const DAY = '-trades-2024-03-02.zip'

test.each([
  ['its end', (hour: number) => hour >= 12, '2024-03-02T12:00', '2024-03-03T00:00'],
  ['its beginning', (hour: number) => hour < 9, '2024-03-02T00:00', '2024-03-02T09:00'],
  [
    'hours within',
    (hour: number) => hour >= 9 && hour < 14,
    '2024-03-02T09:00',
    '2024-03-02T14:00',
  ],
])('a day that lacks %s is not taken for whole: the month fills it', async (...given) => {
  const [, isDropped] = given
  const { simulator, options } = await world([without(DAY, isDropped)])
  const { summary } = await run(job('um'), options)
  expect(summary).toMatchObject({ complete: true, exit: 0 })
  expect(await stored(options.dataDir, 'um')).toEqual(truth(simulator, 'um'))
})

test.each([
  ['its end', (hour: number) => hour >= 12],
  ['hours within', (hour: number) => hour >= 9 && hour < 14],
])(
  'a day that lacks %s is unconfirmed while no other file of it is there, then an outage',
  async (_, isDropped) => {
    const month = { path: '-trades-2024-03.zip', fault: { kind: 'missing' } } as const
    const { options } = await world([without(DAY, isDropped), month])
    const { summary } = await run(job('um'), options)
    // Rows on both sides.
    expect(summary).toMatchObject({ complete: false, exit: 0 })
    const gaps = async () =>
      (await status([parseJob(job('um'), 'x.yaml')], options)).series[0]?.gaps.map(
        ({ reason }) => reason,
      )
    expect(await gaps()).toEqual(['unconfirmed'])
    expect((await run(job('um'), options)).summary).toMatchObject({
      complete: true,
      exit: 0,
      rows: 0,
    })
    expect(await gaps()).toEqual(['outage'])
  },
)

test('a day without a file is missing, whatever files are beside it', async () => {
  const { options } = await world([
    { path: DAY, fault: { kind: 'missing' } },
    { path: '-trades-2024-03.zip', fault: { kind: 'missing' } },
  ])
  expect((await run(job('um'), options)).summary).toMatchObject({
    complete: false,
    exit: 3,
    partitions: 2,
  })
  const { series } = await status([parseJob(job('um'), 'x.yaml')], options)
  expect(series[0]?.gaps).toMatchObject([
    {
      reason: 'not-published',
      from: '2024-03-02T00:00:00.000000Z',
      to: '2024-03-03T00:00:00.000000Z',
    },
  ])
})

test.each([
  ['um', '{kind: trades, source: rest}', 'trades are only published in the archive'],
  ['cm', '{kind: trades, symbols: [BTCUSD]}', 'write BTCUSD_PERP'],
  ['um', '{kind: trades, from: listing}', 'write a date'],
  ['um', '{kind: blockTrades}', 'um has no blockTrades'],
])('refused in %s: %s', (market, dataset, words) => {
  const text = `{version: 1, market: ${market}, symbols: [BTCUSDT], from: 2025-01-01, datasets: [${dataset}]}`
  expect(() => parseJob(text, 'x.yaml')).toThrow(words)
})
