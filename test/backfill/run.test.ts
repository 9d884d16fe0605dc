/** The whole run on real sockets and a real disk, compared with the exchange's own truth by a foreign reader. */

import { expect, test } from 'vitest'
import { parseMicros, formatMicros, type Micros } from '../../src/base/time.ts'
import {
  QUICKSTART_WINDOW,
  quickstartExchange,
  trueAggTrades,
  trueKlines,
} from '../../src/simulator/index.ts'
import { parquet, query } from '../support/duck.ts'
import { contents, run, serve, tempDir } from '../support/lake.ts'

const KLINES = `
version: 1
datasets:
  - kind: klines
    symbols: [BTCUSDT, ETHUSDT, 币安人生USDT]
    intervals: [1m, 1h]
    from: 2026-11-02
    to: 2026-11-09
    numbers: string
`
const DAY = { from: parseMicros('2026-11-04'), to: parseMicros('2026-11-05') }
const TRADES = `
version: 1
datasets:
  - kind: aggTrades
    symbols: [BTCUSDT]
    from: 2026-11-04
    to: 2026-11-05
    numbers: string
`

function duckTime(time: Micros): string {
  const iso = formatMicros(time)
  return `${iso.slice(0, 10)} ${iso.slice(11, -1)}`.replace(/\.?0+$/, '') + '+00'
}

test('klines of a week come out value for value, the outage stays absent', async () => {
  const simulator = await serve({ exchange: quickstartExchange() })
  const dataDir = await tempDir()
  const { summary } = await run(KLINES, { dataDir, baseUrls: [simulator.url] })
  expect(summary).toMatchObject({ complete: true, exit: 0 })
  for (const symbol of ['BTCUSDT', 'ETHUSDT', '币安人生USDT'])
    for (const interval of ['1m', '1h'] as const) {
      const series = parquet(dataDir, `spot/klines/interval=${interval}/symbol=${symbol}`)
      const stored = await query(`SELECT * FROM ${series} ORDER BY open_time`)
      const now = parseMicros('2026-11-20')
      const truth = trueKlines(simulator.exchange, {
        symbol,
        interval,
        window: QUICKSTART_WINDOW,
        now,
      })
      expect(stored).toEqual(
        truth.map((row) => ({
          open_time: duckTime(row.openTime),
          open: row.open,
          high: row.high,
          low: row.low,
          close: row.close,
          volume: row.volume,
          close_time: duckTime(row.closeTime),
          quote_volume: row.quoteVolume,
          trade_count: String(row.tradeCount),
          taker_buy_volume: row.takerVolume,
          taker_buy_quote_volume: row.takerQuoteVolume,
        })),
      )
    }
})

test('aggTrades of a busy day come out value for value, thousands in one microsecond', async () => {
  const simulator = await serve({ exchange: quickstartExchange() })
  const dataDir = await tempDir()
  const { summary } = await run(TRADES, { dataDir, baseUrls: [simulator.url] })
  expect(summary).toMatchObject({ complete: true, exit: 0 })
  const stored = await query(
    `SELECT * FROM ${parquet(dataDir, 'spot/aggTrades/symbol=BTCUSDT')} ORDER BY agg_trade_id`,
  )
  const now = parseMicros('2026-11-20')
  const truth = [...trueAggTrades(simulator.exchange, { symbol: 'BTCUSDT', window: DAY, now })]
  expect(stored).toEqual(
    truth.map((row) => ({
      agg_trade_id: String(row.id),
      price: row.price,
      quantity: row.quantity,
      first_trade_id: String(row.firstTradeId),
      last_trade_id: String(row.lastTradeId),
      time: duckTime(row.time),
      is_buyer_maker: String(row.isBuyerMaker),
      is_best_match: String(row.isBestMatch),
    })),
  )
  const [busiest] = await query(
    `SELECT count(*) AS rows FROM ${parquet(dataDir, 'spot/aggTrades/symbol=BTCUSDT')} GROUP BY time ORDER BY 1 DESC LIMIT 1`,
  )
  expect(Number(busiest?.['rows'])).toBeGreaterThanOrEqual(3_000)
})

test('a second run asks for no rows and changes no byte', async () => {
  const simulator = await serve({ exchange: quickstartExchange() })
  const dataDir = await tempDir()
  await run(KLINES, { dataDir, baseUrls: [simulator.url] })
  const before = await contents(dataDir)
  const asked = simulator.log.count
  const { summary } = await run(KLINES, { dataDir, baseUrls: [simulator.url] })
  expect(summary).toMatchObject({ complete: true, exit: 0, rows: 0, partitions: 0 })
  const later = simulator.log.entries.slice(asked).map(({ path }) => path)
  expect(later).toEqual(['/api/v3/time', '/api/v3/exchangeInfo'])
  expect(await contents(dataDir)).toEqual(before)
})

test('ranges taken in pieces and out of order give the bytes of one run', async () => {
  const simulator = await serve({ exchange: quickstartExchange() })
  const [whole, pieces] = [await tempDir(), await tempDir()]
  await run(TRADES, { dataDir: whole, baseUrls: [simulator.url] })
  for (const [from, to] of [
    ['2026-11-04T12:00:00Z', '2026-11-04T14:30:00.123456Z'],
    ['2026-11-04', '2026-11-04T03:00:00Z'],
    ['2026-11-04', '2026-11-05'],
  ])
    await run(TRADES.replace('2026-11-04\n', `${from}\n`).replace('2026-11-05\n', `${to}\n`), {
      dataDir: pieces,
      baseUrls: [simulator.url],
    })
  expect(await contents(pieces)).toEqual(await contents(whole))
})

test('a duration that reaches beyond 1970 is since 1970', async () => {
  const simulator = await serve({ exchange: { symbols: [{ symbol: 'BTCUSDT' }] } })
  const job = (from: string): string => `
version: 1
symbols: [BTCUSDT]
from: ${from}
to: 2017-09-01
source: rest
datasets: [{kind: klines, intervals: [1w]}]
`
  const [long, since] = [await tempDir(), await tempDir()]
  const baseUrls = [simulator.url]
  const { summary } = await run(job('30000d'), { dataDir: long, baseUrls })
  expect(summary).toMatchObject({ complete: true, exit: 0 })
  await run(job('1970-01-01'), { dataDir: since, baseUrls })
  expect(await contents(long)).toEqual(await contents(since))
})
