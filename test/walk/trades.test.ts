/** Trades and block trades over REST: a time becomes an id, and from there on the walk has the guarantees of all. */

import { expect, test } from 'vitest'
import { micros, parseMicros } from '../../src/base/time.ts'
import { trueBlockTrades, trueTrades, type AggTrade } from '../../src/simulator/index.ts'
import { parquet, query } from '../support/duck.ts'
import { aggTradeAt } from '../support/histories.ts'
import { run, serve, tempDir } from '../support/lake.ts'

const window = { from: parseMicros('2026-11-04T06:00'), to: parseMicros('2026-11-04T18:00') }
const now = parseMicros('2026-11-20')

function job(kind: string): string {
  return `
version: 1
datasets:
  - kind: ${kind}
    symbols: [BTCUSDT]
    from: 2026-11-04T06:00:00Z
    to: 2026-11-04T18:00:00Z
    numbers: string
`
}

test.each([
  ['trades', trueTrades],
  ['blockTrades', trueBlockTrades],
] as const)('%s come out value for value', async (kind, truth) => {
  const simulator = await serve({
    exchange: {
      symbols: [
        {
          symbol: 'BTCUSDT',
          aggTradesPerDay: 4_000,
          blockTradesPerDay: 300,
          bursts: [{ at: parseMicros('2026-11-04T12:00:00.5'), count: 1_500 }],
        },
      ],
    },
  })
  const dataDir = await tempDir()
  const options = { dataDir, baseUrls: [simulator.url] }
  const { summary } = await run(job(kind), options)
  expect(summary).toMatchObject({ complete: true, exit: 0 })
  const stored = await query(
    `SELECT trade_id, price, quantity, quote_quantity, epoch_us(time), is_buyer_maker
     FROM ${parquet(dataDir, `spot/${kind}/symbol=BTCUSDT`)} ORDER BY trade_id`,
  )
  const expected = [...truth(simulator.exchange, { symbol: 'BTCUSDT', window, now })]
  expect(expected.length).toBeGreaterThan(100)
  expect(stored.map((row) => Object.values(row))).toEqual(
    expected.map(({ id, price, quantity, quoteQuantity, time, isBuyerMaker }) =>
      [id, price, quantity, quoteQuantity, time, isBuyerMaker].map(String),
    ),
  )
  const again = await run(job(kind), options)
  expect(again.summary).toMatchObject({ complete: true, rows: 0, requests: 2 })
})

test('trades that REST no longer has are missing, said so, and the run ends with 3', async () => {
  const exchange = {
    symbols: [{ symbol: 'BTCUSDT', aggTradesPerDay: 2_000, restHistoryFrom: 6_738_000n }],
  }
  const simulator = await serve({ exchange })
  const probe = [...trueTrades(simulator.exchange, { symbol: 'BTCUSDT', window, now })]
  expect(probe.length).toBeGreaterThan(0)
  const { summary, events } = await run(job('trades'), {
    dataDir: await tempDir(),
    baseUrls: [simulator.url],
  })
  expect(summary).toMatchObject({ complete: false, exit: 3 })
  expect(events).toContainEqual(
    expect.objectContaining({ kind: 'gap', reason: 'unavailable-from-rest' }),
  )
})

test('regression: ids left out within one microsecond, where a run ended, come with the next run', async () => {
  const at = (ms: number) => micros(parseMicros('2026-11-04') + BigInt(ms) * 1_000n)
  const all = Array.from({ length: 21 }, (_, id) =>
    aggTradeAt(BigInt(id), at(id < 9 ? id : id < 16 ? 9 : 1_000 + id)),
  )
  const holed = all.filter(({ id }) => id < 10n || id > 14n)
  const exchangeOf = (aggTrades: readonly AggTrade[]) => [
    { symbol: 'BTCUSDT', rows: { aggTrades } },
  ]
  const fault = { kind: 'error', code: -1100 } as const
  const rules = [{ path: '/api/v3/aggTrades', query: 'fromId=16', times: Infinity, fault }]
  const first = await serve({
    exchange: { symbols: exchangeOf(holed), pageRows: 11, faults: { rules } },
  })
  const second = await serve({ exchange: { symbols: exchangeOf(all) } })
  const dataDir = await tempDir()
  const yaml = `${job('aggTrades').replace('T06:00:00Z', '')}    source: rest\n`
  expect((await run(yaml, { dataDir, baseUrls: [first.url] })).summary.rows).toBe(11)
  const { summary } = await run(yaml, { dataDir, baseUrls: [second.url] })
  expect(summary).toMatchObject({ complete: true, rows: 10 })
})
