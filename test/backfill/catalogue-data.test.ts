/** Oddities of real data that somebody met once, through a whole run and read back by a foreign reader. */

import { describe, expect, test } from 'vitest'
import { parseMicros, type Micros } from '../../src/base/time.ts'
import { parseJob } from '../../src/job/parse.ts'
import { trueAggTrades, trueKlines, type Kline } from '../../src/simulator/index.ts'
import { verifyLake } from '../support/checked.ts'
import { parquet, query } from '../support/duck.ts'
import { klineAt } from '../support/histories.ts'
import { run, serve, tempDir } from '../support/lake.ts'
import { simClock } from '../support/sim-clock.ts'

const ms = (value: number): Micros => BigInt(value * 1_000) as Micros

function jobOf(kind: string, interval: string, [from, to]: readonly [string, string]): string {
  const intervals = kind === 'klines' ? `, intervals: [${interval}]` : ''
  return `
version: 1
from: ${from}
to: ${to}
numbers: string
symbols: [BTCUSDT]
datasets: [{kind: ${kind}${intervals}}]
`
}

describe('klines after an outage (BTCUSDT 1h, 2018-02-11)', () => {
  const HOUR = 3_600_000
  const at = (open: number, close: number): Kline => ({
    ...klineAt(ms(open)),
    closeTime: (ms(close) + 999n) as Micros,
  })
  // The second opens within its hour and closes after the third has opened; the fourth closes at once.
  const ROWS = [
    at(1_518_314_400_000, 1_518_314_400_000 + HOUR - 1),
    at(1_518_319_694_789, 1_518_321_600_999),
    at(1_518_321_600_000, 1_518_321_600_000 + HOUR - 1),
    at(1_518_325_200_000, 1_518_325_200_838),
    at(1_518_328_800_000, 1_518_328_800_000 + HOUR - 1),
  ]

  test.each([1, 2, 3, 1_000])('pages of %d: all are there, as they were sent', async (pageRows) => {
    const symbols = [{ symbol: 'BTCUSDT', rows: { klines: { '1h': ROWS } } }]
    const simulator = await serve({ exchange: { symbols, pageRows } })
    const dataDir = await tempDir()
    const job = jobOf('klines', '1h', ['2018-02-11T02:00', '2018-02-11T07:00'])
    const { summary } = await run(job, { dataDir, baseUrls: [simulator.url] })
    expect(summary).toMatchObject({ complete: true, exit: 0, rows: 5 })
    const stored = await query(
      `SELECT epoch_us(open_time) AS open, epoch_us(close_time) AS close
       FROM ${parquet(dataDir, 'spot/klines/interval=1h/symbol=BTCUSDT')} ORDER BY 1`,
    )
    expect(stored.map(({ open, close }) => [open, close])).toEqual(
      ROWS.map(({ openTime, closeTime }) => [String(openTime), String(closeTime)]),
    )
    expect(await verifyLake({ dataDir })).toMatchObject({ ok: true, findings: [] })
  })
})

describe('an exchange that does not heed the header that asks for microseconds', () => {
  const span = ['2026-11-04', '2026-11-05'] as const
  const window = { from: parseMicros(span[0]), to: parseMicros(span[1]) }
  const now = parseMicros('2026-11-20')

  test.each(['klines', 'aggTrades'])('%s: the same rows, and a warning', async (kind) => {
    const rules = [
      { path: `/api/v3/${kind}`, times: Infinity, fault: { kind: 'page', page: 'wrongUnit' } },
    ] as const
    const symbols = [{ symbol: 'BTCUSDT', aggTradesPerDay: 3_000 }]
    const simulator = await serve({ exchange: { symbols, faults: { rules } } })
    const dataDir = await tempDir()
    const told = await run(jobOf(kind, '15m', span), { dataDir, baseUrls: [simulator.url] })
    expect(told.summary).toMatchObject({ complete: true, exit: 0 })
    const warnings = told.events.filter((event) => event.kind === 'warning')
    expect(warnings.map(({ message }) => message)).toEqual([
      expect.stringContaining('got milliseconds'),
    ])
    const { exchange } = simulator
    const whole = { symbol: 'BTCUSDT', window, now }
    if (kind === 'klines') {
      const stored = await query(
        `SELECT epoch_us(open_time) AS open, epoch_us(close_time) AS close, volume
         FROM ${parquet(dataDir, 'spot/klines/interval=15m/symbol=BTCUSDT')} ORDER BY 1`,
      )
      expect(stored.map(({ open, close, volume }) => [open, close, volume])).toEqual(
        trueKlines(exchange, { ...whole, interval: '15m' }).map((row) =>
          [row.openTime, row.closeTime, row.volume].map(String),
        ),
      )
      return
    }
    const stored = await query(
      `SELECT agg_trade_id AS id, epoch_us(time) AS time
       FROM ${parquet(dataDir, 'spot/aggTrades/symbol=BTCUSDT')} ORDER BY agg_trade_id`,
    )
    expect(stored.map(({ id, time }) => [id, time])).toEqual(
      [...trueAggTrades(exchange, whole)].map(({ id, time }) =>
        [id, time - (time % 1_000n)].map(String),
      ),
    )
  })
})

describe('a range far beyond the history', () => {
  test.each(['klines', 'aggTrades'])(
    '%s from 1970 to 2100: from the listing to now, in few requests',
    async (kind) => {
      const symbols = [
        { symbol: 'BTCUSDT', listedAt: parseMicros('2026-10-01T07:00'), aggTradesPerDay: 60 },
      ]
      const now = parseMicros('2026-11-04T12:00')
      const dataDir = await tempDir()
      const job = jobOf(kind, '1h', ['1970-01-01', '2100-01-01'])
      const simulator = await serve({ exchange: { symbols }, clock: simClock({ start: now }) })
      const first = await run(job, { dataDir, baseUrls: [simulator.url] })
      // No trade follows the last one yet: the time after it is not confirmed.
      const complete = kind === 'klines'
      expect(first.summary).toMatchObject({ complete, exit: 0 })
      // The kline of 11:00 is not final a minute before its close.
      if (kind === 'klines') expect(first.summary.rows).toBe(34 * 24 + 4)
      else expect(first.summary.rows).toBeGreaterThan(1_000)
      const probes = simulator.log.entries.filter(({ path }) => path === `/api/v3/${kind}`)
      // One to three pages of rows; the rest is for what lies before and after them.
      expect(probes.length).toBeLessThanOrEqual(10)

      const calm = await serve({ exchange: { symbols }, clock: simClock({ start: now }) })
      const again = await run(job, { dataDir, baseUrls: [calm.url] })
      expect(again.summary).toMatchObject({ complete, exit: 0, rows: 0 })
      const asked = calm.log.entries.filter(({ path }) => path === `/api/v3/${kind}`)
      expect(asked.length).toBeLessThanOrEqual(3)
    },
  )
})

test.each(['timeZone: 8', 'timeZone: "+08:00"'])('no job shifts candles: %s is refused', (line) => {
  const job = jobOf('klines', '1d', ['2024-01-01', '2024-02-01'])
  expect(() => parseJob(`${job}${line}\n`, 'x.yaml')).toThrow('timeZone')
})
