/**
 * Numbers end to end: from the exchange's texts through socket, decoder and Parquet to three foreign readers, value by
 * value, in each of the three forms; and what cannot be stored exactly is refused by name.
 */

import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import fc from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import { parseMicros } from '../../src/base/time.ts'
import { NUMBERS, type ColumnType, type Numbers } from '../../src/binance/dataset.ts'
import { DATASETS } from '../../src/binance/market.ts'
import type { AggTrade, Kline } from '../../src/simulator/index.ts'
import { nodeFiles } from '../../src/node/files.ts'
import { aggTradeAt, klineAt, minute } from '../support/histories.ts'
import { parquet, query } from '../support/duck.ts'
import { contents, run, serve, tempDir } from '../support/lake.ts'
import {
  readWithArrowRs,
  readWithDuckdb,
  readWithHyparquet,
  type Columns,
} from '../support/parquet-foreign.ts'
import type { Cell } from '../support/parquet-tables.ts'
import { openStored, storeWindow } from '../support/stored-series.ts'

const HOUR = { from: minute(0), to: minute(60) }

function job(kind: 'klines' | 'aggTrades', numbers: Numbers): string {
  const intervals = kind === 'klines' ? 'intervals: [1m]' : ''
  return `
version: 1
datasets:
  - kind: ${kind}
    symbols: [BTCUSDT]
    from: 2026-03-01
    to: 2026-03-01T01:00:00Z
    numbers: ${numbers}
    ${intervals}
`
}

/** Real and extreme: the least price, the greatest, volumes of coins priced at 1e-6, 38 digits. */
const KLINES: readonly Kline[] = [
  kline(0, ['0.00000001', '0.00000001', '0.00000001'], ['28367292769.36000000', '0.00000000']),
  kline(1, ['9999999999.99999998', '9999999999.99999999', '0.10000000'], [MAX(), MAX()]),
  kline(2, ['0.30000000', '0.30000000', '0.10000000'], ['9007199254740993.00000001', '0.1']),
  kline(
    3,
    ['67123.45000000', '67200', '67000.5'],
    ['123456789012345678901234567890.12345678', '7'],
  ),
]

function MAX(): string {
  return `${'9'.repeat(30)}.${'9'.repeat(8)}`
}

function kline(
  at: number,
  [open, high, low]: readonly [string, string, string],
  [volume, taker]: readonly [string, string],
): Kline {
  const numbers = { open, high, low, close: open, volume, takerVolume: taker }
  return {
    ...klineAt(minute(at)),
    ...numbers,
    quoteVolume: volume,
    takerQuoteVolume: taker,
    tradeCount: 2_147_483_648,
  }
}

const FIRST_ID = 9_007_199_254_740_990n
const TRADES: readonly AggTrade[] = [
  ['0.00000001', '92141578900.00000000'],
  ['9999999999.99999999', '0.00000001'],
  ['0.10000000', MAX()],
  ['0.30000000', '0.1'],
  ['67123.45', '0.00049000'],
].map(([price = '', quantity = ''], row) => ({
  ...aggTradeAt(FIRST_ID + BigInt(row), minute(row)),
  firstTradeId: 2n ** 53n - 3n + BigInt(row),
  lastTradeId: 2n ** 53n - 3n + BigInt(row),
  price,
  quantity,
}))

describe.each(NUMBERS)('numbers: %s', (numbers) => {
  test('klines are read back value by value by DuckDB, arrow-rs and hyparquet', async () => {
    const dataDir = await storedLake({ klines: { '1m': KLINES } }, 'klines', numbers)
    await expectRead(dataDir, DATASETS.klines.columns, KLINES.map(klineValues), numbers)
  })

  test('aggTrades with ids around 2^53 are, too', async () => {
    const dataDir = await storedLake({ aggTrades: TRADES }, 'aggTrades', numbers)
    await expectRead(dataDir, DATASETS.aggTrades.columns, TRADES.map(tradeValues), numbers)
  })

  test('any klines are, too', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyKline, { minLength: 1, maxLength: 12 }), async (made) => {
        const dataDir = await tempDir()
        const rows = made.map((row, at) => ({ ...row, ...klineTimes(at) }))
        const options = {
          files: nodeFiles(dataDir),
          key: { market: 'spot', dataset: 'klines', symbol: 'BTCUSDT', interval: '1m' },
          partition: 'month',
          numbers,
        } as const
        const gaps = [
          { from: minute(rows.length), to: HOUR.to, reason: 'after-delisting' as const },
        ]
        await storeWindow(options, await openStored(options), HOUR, [
          { rows, reached: HOUR.to, gaps },
        ])
        await expectRead(dataDir, DATASETS.klines.columns, rows.map(klineValues), numbers)
      }),
      { numRuns: 20 },
    )
  })
})

describe('what cannot be true or stored is refused with exit 4, by column, and nothing of it is stored', () => {
  test.each([
    ['decimal', 'volume', { volume: '1.000000001' }],
    ['decimal', 'high', { high: '10000000000.00000000' }],
    ['decimal', 'volume', { volume: `1${'0'.repeat(30)}.0` }],
    ['decimal', 'taker_buy_volume', { takerVolume: '-0.0' }],
    ['decimal', 'quote_volume', { quoteVolume: 'NaN' }],
    ['float64', 'quote_volume', { quoteVolume: 'Infinity' }],
    ['float64', 'quote_volume', { quoteVolume: '0x10' }],
    ['float64', 'open', { open: '' }],
    ['string', 'close', { close: '1,5' }],
    ['string', 'volume', { volume: '-1.00000000' }],
    ['string', 'low', { low: '2000000.00000000' }],
  ] as const)('%s: %s', async (numbers, column, wrong) => {
    const rows = [klineAt(minute(0)), { ...klineAt(minute(1)), ...wrong }]
    const simulator = await serve({
      exchange: { symbols: [{ symbol: 'BTCUSDT', rows: { klines: { '1m': rows } } }] },
    })
    const dataDir = await tempDir()
    const { summary } = await run(job('klines', numbers), { dataDir, baseUrls: [simulator.url] })
    expect(summary).toMatchObject({ complete: false, exit: 4 })
    expect(summary.series[0]?.error).toMatchObject({ code: 'E_DATA_REFUSED' })
    expect(summary.series[0]?.error?.message).toContain(column)
    const parquet = Object.keys(await contents(dataDir)).filter((path) => path.endsWith('.parquet'))
    expect(parquet).toEqual([])
  })

  test('exponents are numbers, and zeros beyond the eighth decimal are no loss', async () => {
    const rows = [
      {
        ...klineAt(minute(0)),
        volume: '1e3',
        takerVolume: '1.5E-7',
        quoteVolume: '700.500000000000',
      },
    ]
    const dataDir = await storedLake({ klines: { '1m': rows } }, 'klines', 'decimal')
    const [columns] = await readAll(dataDir, DATASETS.klines.columns.length)
    const of = (name: string): Cell | undefined =>
      columns?.[DATASETS.klines.columns.findIndex((column) => column.name === name)]?.[0]
    expect(of('volume')).toBe(100_000_000_000n)
    expect(of('taker_buy_volume')).toBe(15n)
    expect(of('quote_volume')).toBe(70_050_000_000n)
  })
})

/** What docs/NUMBERS.md says that DuckDB does. */
describe('DuckDB', () => {
  const TWO: readonly AggTrade[] = [
    ['0.1', '28367292769.36000000'],
    ['0.2', '0.00000001'],
  ].map(([price = '', quantity = ''], row) => ({ ...TRADES[row]!, price, quantity }))

  async function ask(numbers: Numbers, sql: string): Promise<readonly (string | null)[]> {
    const dataDir = await storedLake({ aggTrades: TWO }, 'aggTrades', numbers)
    const source = parquet(dataDir, 'spot/aggTrades/symbol=BTCUSDT')
    const [row] = await query(`SELECT ${sql} FROM ${source}`)
    return Object.values(row ?? {})
  }

  test.each([
    ['float64', 'sum(price), sum(quantity)', ['0.30000000000000004', '28367292769.36']],
    ['decimal', 'sum(price), sum(quantity)', ['0.30000000', '28367292769.36000001']],
    ['decimal', 'typeof(sum(price)), typeof(avg(price))', ['DECIMAL(38,8)', 'DOUBLE']],
    ['decimal', 'typeof(max(price * quantity))', ['DECIMAL(38,16)']],
    ['float64', 'sum(price::DECIMAL(18, 8))', ['0.30000000']],
    ['string', 'sum(price::DECIMAL(18, 8))', ['0.30000000']],
    ['string', 'max(agg_trade_id)', [String(FIRST_ID + 1n)]],
  ] as const)('%s: %s', async (numbers, sql, values) => {
    expect(await ask(numbers, sql)).toEqual(values)
  })

  test('texts cannot be summed', async () => {
    await expect(ask('string', 'sum(price)')).rejects.toThrow('sum(VARCHAR)')
  })

  test('a sum beyond 38 digits is an error', async () => {
    const rows = TWO.map((row) => ({ ...row, quantity: MAX() }))
    const dataDir = await storedLake({ aggTrades: rows }, 'aggTrades', 'decimal')
    const source = parquet(dataDir, 'spot/aggTrades/symbol=BTCUSDT')
    await expect(query(`SELECT sum(quantity) FROM ${source}`)).rejects.toThrow(
      /precision|[Oo]verflow|range/,
    )
  })
})

type Rows = { klines?: { '1m': readonly Kline[] }; aggTrades?: readonly AggTrade[] }

async function storedLake(
  rows: Rows,
  kind: 'klines' | 'aggTrades',
  numbers: Numbers,
): Promise<string> {
  const simulator = await serve({ exchange: { symbols: [{ symbol: 'BTCUSDT', rows }] } })
  const dataDir = await tempDir()
  const { summary, error } = await run(job(kind, numbers), {
    dataDir,
    baseUrls: [simulator.url],
    source: 'rest',
  })
  expect(error).toBeUndefined()
  expect(summary.rows).toBe((rows.aggTrades ?? rows.klines?.['1m'])?.length)
  return dataDir
}

type Values = readonly (string | number | bigint | boolean)[]

function klineValues(row: Kline): Values {
  const { openTime, open, high, low, close, volume, closeTime } = row
  const { quoteVolume, tradeCount, takerVolume, takerQuoteVolume } = row
  const head = [openTime, open, high, low, close, volume, closeTime]
  return [...head, quoteVolume, tradeCount, takerVolume, takerQuoteVolume]
}

function tradeValues(row: AggTrade): Values {
  const { id, price, quantity, firstTradeId, lastTradeId, time, isBuyerMaker, isBestMatch } = row
  return [id, price, quantity, firstTradeId, lastTradeId, time, isBuyerMaker, isBestMatch]
}

/** What a cell must be, worked out without any of the program's own arithmetic. */
function expected(value: Values[number], type: ColumnType, numbers: Numbers): Cell {
  if (typeof value === 'boolean') return value
  if (type !== 'price' && type !== 'quantity') return BigInt(value)
  const text = String(value)
  if (numbers === 'string') return text
  return numbers === 'float64' ? Number(text) : scaled(text)
}

function scaled(text: string): bigint {
  const [whole = '0', decimals = ''] = text.split('.')
  return BigInt(whole + decimals.padEnd(8, '0'))
}

async function expectRead(
  dataDir: string,
  columns: readonly { readonly name: string; readonly type: ColumnType }[],
  rows: readonly Values[],
  numbers: Numbers,
): Promise<void> {
  const wanted = columns.map(({ type }, index) =>
    rows.map((row) => expected(row[index]!, type, numbers)),
  )
  const readers = ['DuckDB', 'arrow-rs', 'hyparquet']
  for (const [index, found] of (await readAll(dataDir, columns.length)).entries())
    expect(found, readers[index]).toEqual(wanted)
}

/** The only file of a lake, by three readers. */
async function readAll(dataDir: string, columns: number): Promise<readonly Columns[]> {
  const names = await readdir(dataDir, { recursive: true })
  const [name, ...more] = names.filter((path) => path.endsWith('.parquet'))
  expect(more).toEqual([])
  const path = join(dataDir, name!)
  const bytes = await readFile(path)
  const connection = await (await DuckDBInstance.create(':memory:')).connect()
  onTestFinished(() => {
    connection.closeSync()
  })
  return [
    // DuckDB reads the directories' names as columns after the file's own.
    (await readWithDuckdb(connection, path)).slice(0, columns),
    readWithArrowRs(bytes, columns),
    await readWithHyparquet(bytes),
  ]
}

function klineTimes(at: number): Pick<Kline, 'openTime' | 'closeTime'> {
  const { openTime, closeTime } = klineAt(minute(at))
  return { openTime, closeTime }
}

function decimals(digitsMax: number): fc.Arbitrary<string> {
  return fc
    .tuple(fc.bigInt(0n, 10n ** BigInt(digitsMax) - 1n), fc.nat(99_999_999), fc.boolean())
    .map(([whole, rest, isShort]) => {
      const text = `${whole}.${String(rest).padStart(8, '0')}`
      return isShort ? text.replace(/0+$/, '').replace(/\.$/, '') : text
    })
}

const above = (text: string): string => (scaled(text) === 0n ? '0.00000001' : text)
const rising = (texts: readonly string[]): string[] =>
  [...texts].sort((a, b) => (scaled(a) < scaled(b) ? -1 : 1))

/** A kline that can be true, with every digit that its columns hold. */
const anyKline: fc.Arbitrary<Omit<Kline, 'openTime' | 'closeTime'>> = fc
  .record({
    prices: fc.array(decimals(10), { minLength: 4, maxLength: 4 }),
    base: fc.array(decimals(30), { minLength: 2, maxLength: 2 }),
    quote: fc.array(decimals(30), { minLength: 2, maxLength: 2 }),
    tradeCount: fc.nat(),
  })
  .map(({ prices, base, quote, tradeCount }) => {
    const [low = '', open = '', close = '', high = ''] = rising(prices.map(above))
    const [takerVolume = '', volume = ''] = rising(base)
    const [takerQuoteVolume = '', quoteVolume = ''] = rising(quote)
    const volumes = { volume, takerVolume, quoteVolume, takerQuoteVolume }
    return { open, high, low, close, ...volumes, tradeCount }
  })

test('the hour of these tests is the one that the jobs name', () => {
  expect(HOUR.from).toBe(parseMicros('2026-03-01'))
})
