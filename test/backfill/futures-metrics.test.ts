/** Open interest and ratios from the archive: in disorder, doubled, with labels of two rules and values that are not known. */

import { expect, test } from 'vitest'
import { parseMicros } from '../../src/base/time.ts'
import { status } from '../../src/query/status.ts'
import { verify } from '../../src/verify/verify.ts'
import { labelsStarts, metricsAt } from '../../src/simulator/futures-metrics.ts'
import type { ArchiveRule, ExchangeOptions } from '../../src/simulator/index.ts'
import { parquet, query } from '../support/duck.ts'
import { contents, run, serve, tempDir } from '../support/lake.ts'

const DAY_MS = 86_400_000
const STEP_MS = 300_000

function exchange(rules: readonly ArchiveRule[] = []): ExchangeOptions {
  const listedAt = parseMicros('2020-08-01')
  return {
    symbols: [{ symbol: 'BTCUSDT' }],
    um: { symbols: [{ symbol: 'BTCUSDT', listedAt }] },
    cm: { symbols: [{ symbol: 'BTCUSD_PERP', listedAt }] },
    archive: { rules },
  }
}

async function world(rules?: readonly ArchiveRule[]) {
  const { url } = await serve({ exchange: exchange(rules) })
  return { dataDir: await tempDir(), baseUrls: [`um=${url}`, `cm=${url}`, url], archiveUrl: url }
}

function job(market: string, symbol: string, from: string, to: string): string {
  return `{version: 1, market: ${market}, symbols: [${symbol}], from: ${from}, to: ${to}, numbers: string, datasets: [{kind: metrics}]}`
}

const COLUMNS =
  'sum_open_interest, sum_open_interest_value, count_toptrader_long_short_ratio, sum_toptrader_long_short_ratio, count_long_short_ratio, sum_taker_long_short_vol_ratio'

async function stored(dataDir: string, market: string, symbol: string) {
  const rows = await query(
    `SELECT epoch_ms(time) AS t, create_time, label, ${COLUMNS}
     FROM ${parquet(dataDir, `${market}/metrics/symbol=${symbol}`)} ORDER BY time`,
  )
  return rows.map((row) => Object.values(row))
}

function truth(market: 'um' | 'cm', symbol: string, from: string, to: string) {
  const rows: (string | null)[][] = []
  for (let ms = Date.parse(`${from}Z`); ms < Date.parse(`${to}Z`); ms += STEP_MS) {
    // The row of a midnight is in the file of the day before.
    const day = Math.floor((ms - STEP_MS) / DAY_MS) * DAY_MS
    const isStart = labelsStarts(market, day)
    const label = new Date(isStart ? ms - STEP_MS : ms).toISOString().slice(0, 19)
    const values = metricsAt({ symbol, market }, ms).values
    rows.push([
      String(ms),
      label.replace('T', ' '),
      isStart ? 'start' : 'end',
      ...values.map((value) => (value === '""' ? null : value)),
    ])
  }
  return rows
}

test.each([
  ['um', 'BTCUSDT', '2026-06-23', '2026-06-28'],
  ['um', 'BTCUSDT', '2021-05-22', '2021-05-26'],
  ['cm', 'BTCUSD_PERP', '2023-12-30', '2024-01-03'],
] as const)('%s %s from %s to %s, value for value, and no-op after', async (...given) => {
  const [market, symbol, from, to] = given
  const options = await world()
  const text = job(market, symbol, from, to)
  const { summary, error } = await run(text, options)
  expect(error).toBeUndefined()
  const rows = truth(market, symbol, from, to)
  expect(summary).toMatchObject({ complete: true, exit: 0, rows: rows.length })
  expect(await stored(options.dataDir, market, symbol)).toEqual(rows)
  const before = await contents(options.dataDir)
  expect((await run(text, options)).summary).toMatchObject({ complete: true, rows: 0 })
  expect(await contents(options.dataDir)).toEqual(before)
  for await (const event of verify([], { dataDir: options.dataDir }))
    expect(event).not.toMatchObject({ kind: 'finding' })
})

test('a hole within a day is one of the publisher, and a day without a file is missing', async () => {
  const without = (label: string) => ({
    kind: 'lines' as const,
    change: (lines: readonly string[]) => lines.filter((line) => !line.startsWith(label)),
  })
  const options = await world([
    { path: 'metrics/BTCUSDT/BTCUSDT-metrics-2026-03-02', fault: without('2026-03-02 12:') },
    { path: 'metrics/BTCUSDT/BTCUSDT-metrics-2026-03-04', fault: { kind: 'missing' } },
  ])
  const { summary } = await run(job('um', 'BTCUSDT', '2026-03-01', '2026-03-06'), options)
  expect(summary).toMatchObject({ complete: false, exit: 3, rows: 5 * 288 - 288 - 12 })
  const [series] = (await status([], options)).series
  expect(series?.gaps).toMatchObject([
    { from: '2026-03-02T12:00:00.000000Z', to: '2026-03-02T13:00:00.000000Z', reason: 'outage' },
    {
      from: '2026-03-04T00:05:00.000000Z',
      to: '2026-03-05T00:05:00.000000Z',
      reason: 'not-published',
    },
  ])
})

test('labels of both rules in one file are refused, and labels of neither are said to be unknown', async () => {
  const both = {
    kind: 'lines' as const,
    change: (lines: readonly string[]) => [
      ...lines,
      '2026-03-02 00:00:00,BTCUSDT,1.00000000,1.00000000,1,1,1,1',
    ],
  }
  const part = {
    kind: 'lines' as const,
    change: (lines: readonly string[]) => lines.filter((line) => !/ (?:00:00|23:5)/.test(line)),
  }
  const options = await world([
    { path: 'BTCUSDT-metrics-2026-03-02', fault: both },
    { path: 'BTCUSDT-metrics-2026-03-03', fault: part },
  ])
  const { summary, events } = await run(
    job('um', 'BTCUSDT', '2026-03-02T00:05', '2026-03-04'),
    options,
  )
  expect(summary).toMatchObject({ complete: false, exit: 3 })
  expect(
    events
      .filter(({ kind }) => kind === 'warning')
      .map((one) => JSON.stringify(one))
      .join(),
  ).toMatch(/two rules/)
  const rows = await stored(options.dataDir, 'um', 'BTCUSDT')
  expect(new Set(rows.map(([, , label]) => label))).toEqual(new Set(['unknown']))
})
