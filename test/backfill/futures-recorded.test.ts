/** Rows of futures that Binance really served, through a whole run and read by DuckDB, value for value. */

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { micros, parseMicros } from '../../src/base/time.ts'
import { readInfo } from '../../src/binance/exchange-info.ts'
import { MARKETS } from '../../src/binance/market.ts'
import { decodeCsv } from '../../src/rows/csv.ts'
import { decodePage } from '../../src/rows/scan.ts'
import { all, inPieces } from '../support/archive.ts'
import { parquet, query } from '../support/duck.ts'
import { run, serve, tempDir } from '../support/lake.ts'
import { rowTexts, utf8 } from '../support/rows-pages.ts'

const RECORDED = join(import.meta.dirname, '../../../shared/recorded/futures')
const isThere = existsSync(RECORDED)
if (!isThere) console.warn(`recorded rows of futures are not there (${RECORDED})`)

function textOf(name: string): string {
  return readFileSync(join(RECORDED, name), 'utf8')
}

test.runIf(isThere)('klines of USD-M as REST sent them', async () => {
  const rows = JSON.parse(textOf('ezequielbes-candles.json')) as [number, ...string[]][]
  const klines = rows.map((row) => ({
    openTime: micros(BigInt(row[0]) * 1000n),
    ...{ open: row[1]!, high: row[2]!, low: row[3]!, close: row[4]!, volume: row[5]! },
    closeTime: micros(BigInt(row[6]!) * 1000n + 999n),
    ...{ quoteVolume: row[7]!, tradeCount: Number(row[8]), takerVolume: row[9]! },
    takerQuoteVolume: row[10]!,
  }))
  const um = { symbols: [{ symbol: 'BTCUSDT', rows: { klines: { '1h': klines } } }] } as const
  const { url } = await serve({ exchange: { symbols: [], um } })
  const options = { dataDir: await tempDir(), baseUrls: [`um=${url}`] }
  const from = new Date(rows[0]![0]).toISOString()
  const to = new Date(rows.at(-1)![0] + 3_600_000).toISOString()
  const { summary } = await run(
    `{version: 1, market: um, symbols: [BTCUSDT], from: '${from}', to: '${to}', numbers: string, datasets: [{kind: klines, intervals: [1h]}]}`,
    options,
  )
  expect(summary).toMatchObject({ complete: true, exit: 0, rows: 2 })
  const stored = await query(
    `SELECT epoch_ms(open_time) AS t, open, high, low, close, volume, epoch_us(close_time) AS u, quote_volume,
      trade_count, taker_buy_volume, taker_buy_quote_volume
     FROM ${parquet(options.dataDir, 'um/klines/interval=1h/symbol=BTCUSDT')} ORDER BY open_time`,
  )
  expect(stored.map((row) => Object.values(row))).toEqual(
    rows.map((row) => {
      const texts = row.slice(0, 11).map(String)
      texts[6] = `${texts[6]}999`
      return texts
    }),
  )
})

test.runIf(isThere)('settlements of both markets as REST sent them', () => {
  const um = textOf('ezequielbes-funding.json')
  const cm = textOf('excerpts/rest-rows-2026-10-06.jsonl')
    .split('\n')
    .filter((line) => line.includes('dapi/v1/fundingRate'))
    .map((line) => JSON.stringify((JSON.parse(line) as { row: unknown }).row))
  for (const [dataset, body] of [
    [MARKETS.um.datasets.fundingRate!, um],
    [MARKETS.cm.datasets.fundingRate!, `[${cm.join(',')}]`],
  ] as const) {
    const page = decodePage(dataset, 'string', utf8(body), 'ms')
    expect(page.unknownFields).toEqual([])
    const sent = JSON.parse(body) as Record<string, string | number>[]
    expect([...page.keys]).toEqual(sent.map((row) => BigInt(row['fundingTime']!) * 1000n))
    expect(
      rowTexts(dataset, page.batch).map((row) => [
        row['funding_rate'],
        row['mark_price'],
        row['rate_type'],
      ]),
    ).toEqual(sent.map((row) => [row['fundingRate'], row['markPrice'], row['rateType']]))
  }
})

const DAY = (day: string) => ({
  from: parseMicros(day),
  to: micros(parseMicros(day) + 86_400_000_000n),
})

test.runIf(isThere).each([
  ['um', 'klines', 'um-klines-ADAUSDT-1m-2024-01.head.csv', '2024-01-01'],
  ['um', 'klines', 'um-klines-BTCUSDT-1m-2026-07-15.line.csv', '2026-07-15'],
  ['um', 'aggTrades', 'um-aggTrades-BTCUSDT-2026-07-15.line.csv', '2026-07-15'],
  ['cm', 'aggTrades', 'cm-aggTrades-BTCUSD_PERP-2023-06-25.line.csv', '2023-06-25'],
] as const)('lines of the archive: %s %s, %s', async (market, kind, file, day) => {
  const dataset = MARKETS[market].datasets[kind]!
  const text = textOf(`excerpts/${file}`)
  const options = { period: DAY(day), file, unit: 'ms' as const }
  const pages = await all(decodeCsv(dataset, 'string', inPieces(utf8(text), 50), options))
  const lines = text
    .trim()
    .split('\n')
    .filter((line) => /^\d/.test(line))
  const names = dataset.archive!.map(({ name }) => name)
  const rows = pages.flatMap((page) => rowTexts(dataset, page.batch))
  expect(rows).toHaveLength(lines.length)
  for (const [index, line] of lines.entries())
    for (const [at, value] of line.split(',').entries()) {
      const name = names[at]
      const column = dataset.columns.find((own) => own.name === name)
      if (column === undefined || column.type === 'time' || column.type === 'end') continue
      expect(rows[index]?.[column.name], column.name).toBe(value)
    }
})

test.runIf(isThere)('exchangeInfo of both markets: contracts, pairs, ends and statuses', () => {
  const infoOf = (file: string) => {
    const [line = ''] = textOf(file).split('\n')
    return readInfo(utf8(line.slice(line.indexOf('{'))))
  }
  const um = infoOf('cryptofeed-fapi-exchangeInfo-2021-07-22.txt')
  const cm = infoOf('cryptofeed-dapi-exchangeInfo-2021-07-22.txt')
  expect([um.symbols.length, cm.symbols.length]).toEqual([122, 36])
  expect(um.limits[0]).toMatchObject({ type: 'REQUEST_WEIGHT', limit: 2_400 })
  expect(cm.symbols[0]).toMatchObject({
    symbol: 'BTCUSD_PERP',
    status: 'TRADING',
    contract: { pair: 'BTCUSD', type: 'PERPETUAL' },
  })
  expect(cm.symbols[0]?.contract?.end).toBeUndefined()
  expect(cm.symbols.find(({ symbol }) => symbol === 'BTCUSD_210924')?.contract?.end).toBe(
    parseMicros('2021-09-24T08:00'),
  )
})

test.runIf(isThere).each([
  ['cm', 'klines', 'cm-klines-BTCUSD_PERP-1m.lines.csv', 0n],
  ['um', 'fundingRate', 'um-fundingRate.lines.csv', 0n],
  ['cm', 'fundingRate', 'cm-fundingRate-BTCUSD_PERP-2023-06.lines.csv', 0n],
  ['um', 'metrics', 'um-metrics-BTCUSDT.lines.csv', 300_000_000n],
  ['cm', 'metrics', 'cm-metrics-BTCUSD_PERP-2023-06-25.lines.csv', 300_000_000n],
] as const)('single lines of the archive: %s %s', async (market, kind, file, shift) => {
  const dataset = MARKETS[market].datasets[kind]!
  const names = dataset.archive!.map(({ name }) => name)
  for (const line of textOf(`excerpts/${file}`).trim().split('\n')) {
    if (!/^\d/.test(line)) continue
    const [first = ''] = line.split(',')
    const ms = /^\d+$/.test(first) ? Number(first) : Date.parse(`${first.replace(' ', 'T')}Z`)
    const { from, to } = DAY(new Date(ms).toISOString().slice(0, 10))
    const period = { from: micros(from + shift), to: micros(to + shift) }
    const options = { period, file, unit: 'ms' as const }
    const [page] = await all(decodeCsv(dataset, 'string', inPieces(utf8(line), 7), options))
    const [row] = rowTexts(dataset, page!.batch)
    for (const [at, value] of line.split(',').entries()) {
      const column = dataset.columns.find((own) => own.name === names[at])
      if (column === undefined || column.type === 'time' || column.type === 'end') continue
      expect(row?.[column.name], column.name).toBe(value === '""' ? 'null' : value)
    }
    expect(page?.keys[0]).toBe(BigInt(ms) * 1000n)
  }
})
