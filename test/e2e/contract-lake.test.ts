/** The public contract, section 3: where files lie, what foreign readers see in them, and one truth for each row. */

import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { ExchangeOptions } from '../../src/simulator/index.ts'
import { query } from '../support/duck.ts'
import { accountOf } from '../support/accounts.ts'
import { bench, KLINES, klines, NOW, serve, SYMBOLS, type Bench } from './contract-support.ts'
import { filesOf, jsonLines } from './support.ts'

/** The paths of data files, without their name. */
async function partitions({ dataDir }: Bench): Promise<readonly string[]> {
  const files = [...(await filesOf(dataDir)).keys()]
  expect(files.filter((path) => path.startsWith('_tmp'))).toEqual([])
  return files
    .filter((path) => path.endsWith('.parquet'))
    .map((path) =>
      path
        .split('\\')
        .join('/')
        .replace(/\/data\.parquet$/, ''),
    )
}

async function runComplete(lake: Bench, ...args: readonly string[]): Promise<void> {
  const result = await lake.call(['run', ...args, '--json'])
  expect(result.exit, result.stderr).toBe(0)
  expect(jsonLines(result).at(-1)).toMatchObject({ complete: true })
}

function range(dataset: string, from: string, to: string): readonly string[] {
  return ['--dataset', dataset, '--symbol', 'BTCUSDT', '--from', from, '--to', to]
}

function allOf({ dataDir }: Bench, path: string): string {
  return `read_parquet('${join(dataDir, 'spot', path)}/**/data.parquet', hive_partitioning = false)`
}

/** Columns as DuckDB names and types them, in order. */
async function columns(lake: Bench, path: string): Promise<readonly string[]> {
  const rows = await query(
    `SELECT column_name || ' ' || column_type AS text FROM (DESCRIBE SELECT * FROM ${allOf(lake, path)})`,
  )
  return rows.map(({ text }) => text ?? '')
}

const TIME = 'TIMESTAMP WITH TIME ZONE'
const INTERVALS = ['1s', '1m', '30m', '1h', '3d', '1w', '1M']

describe('paths', () => {
  test('of each interval: a day, a month or a year; 1M is 1mo', async () => {
    const lake = await bench((await serve()).url)
    const from = '2024-01-01'
    for (const [interval, to] of [
      ['1s', '2024-01-01T00:10'],
      ['1m,30m', '2024-02-02'],
      ['1h,3d,1w,1M', '2024-03-01T00:00:00Z'],
    ] as const)
      await runComplete(lake, ...range('klines', from, to), '--interval', interval)
    const path = (interval: string, period: string): string =>
      `spot/klines/interval=${interval}/symbol=BTCUSDT/period=${period}`
    expect(await partitions(lake)).toEqual(
      [
        path('1s', '2024-01-01'),
        ...['1m', '30m'].flatMap((one) => [path(one, '2024-01'), path(one, '2024-02')]),
        ...['1h', '3d', '1w', '1mo'].map((one) => path(one, '2024')),
      ].sort(),
    )
    const status = JSON.parse((await lake.call(['status', '--json'])).stdout) as {
      series: { interval: string; missing: object[] }[]
    }
    expect(status.series.map(({ interval }) => interval).sort()).toEqual([...INTERVALS].sort())
    expect(status.series.flatMap(({ missing }) => missing)).toEqual([])
    expect((await lake.call(['verify'])).exit).toBe(0)
  })

  test('of trades, of wide symbols, and of a partition of choice', async () => {
    const lake = await bench((await serve()).url)
    for (const dataset of ['aggTrades', 'trades', 'blockTrades'])
      await runComplete(lake, ...range(dataset, '2024-01-31T22:00:00Z', '2024-02-01T02:00:00Z'))
    await runComplete(lake, ...klines('币安人生USDT', '2024-01-01', '2024-01-02'))
    await runComplete(
      lake,
      ...klines('ETHUSDT', '2024-01-31', '2024-02-02'),
      '--partition',
      'month',
    )
    expect(await partitions(lake)).toEqual([
      ...['aggTrades', 'blockTrades'].flatMap(days),
      'spot/klines/interval=1h/symbol=ETHUSDT/period=2024-01',
      'spot/klines/interval=1h/symbol=ETHUSDT/period=2024-02',
      'spot/klines/interval=1h/symbol=币安人生USDT/period=2024',
      ...days('trades'),
    ])
  })
})

function days(dataset: string): readonly string[] {
  return ['2024-01-31', '2024-02-01'].map((day) => `spot/${dataset}/symbol=BTCUSDT/period=${day}`)
}

describe('columns', () => {
  test.each([
    ['float64', 'zstd', 'DOUBLE', 'DOUBLE', 'ZSTD'],
    ['decimal', 'snappy', 'DECIMAL(18,8)', 'DECIMAL(38,8)', 'SNAPPY'],
    ['string', 'gzip', 'VARCHAR', 'VARCHAR', 'GZIP'],
    ['decimal', 'none', 'DECIMAL(18,8)', 'DECIMAL(38,8)', 'UNCOMPRESSED'],
  ])(
    'of klines with numbers: %s, compression: %s',
    async (...[numbers, codec, price, size, is]) => {
      const lake = await bench((await serve()).url)
      await runComplete(lake, ...KLINES, '--numbers', numbers, '--compression', codec)
      const path = 'klines/interval=1h/symbol=BTCUSDT'
      expect(await columns(lake, path)).toEqual([
        `open_time ${TIME}`,
        ...['open', 'high', 'low', 'close'].map((name) => `${name} ${price}`),
        `volume ${size}`,
        `close_time ${TIME}`,
        `quote_volume ${size}`,
        'trade_count BIGINT',
        `taker_buy_volume ${size}`,
        `taker_buy_quote_volume ${size}`,
      ])
      const file = join(lake.dataDir, 'spot', path, 'period=2024', 'data.parquet')
      const used = await query(`SELECT DISTINCT compression FROM parquet_metadata('${file}')`)
      expect(used).toEqual([{ compression: is }])
    },
  )

  test('of trades', async () => {
    const lake = await bench((await serve()).url)
    for (const dataset of ['aggTrades', 'trades', 'blockTrades'])
      await runComplete(lake, ...range(dataset, '2024-01-01', '2024-01-02'))
    const numbers = (...names: string[]): string[] => names.map((name) => `${name} DOUBLE`)
    const flags = (...names: string[]): string[] => names.map((name) => `${name} BOOLEAN`)
    const trade = ['trade_id BIGINT', ...numbers('price', 'quantity', 'quote_quantity')]
    expect(await columns(lake, 'aggTrades')).toEqual([
      'agg_trade_id BIGINT',
      ...numbers('price', 'quantity'),
      'first_trade_id BIGINT',
      'last_trade_id BIGINT',
      `time ${TIME}`,
      ...flags('is_buyer_maker', 'is_best_match'),
    ])
    const end = [`time ${TIME}`, ...flags('is_buyer_maker', 'is_best_match')]
    expect(await columns(lake, 'trades')).toEqual([...trade, ...end])
    expect(await columns(lake, 'blockTrades')).toEqual([...trade, ...end.slice(0, -1)])
  })

  test('are not null, but those of orders that may be', async () => {
    const { account, credentials } = accountOf('hmac')
    const lake = await bench((await serve({ accounts: [account] })).url)
    const env = {
      BINANCE_API_KEY: credentials.apiKey.reveal(),
      BINANCE_API_SECRET: credentials.key.reveal(),
      BINANCE_ACCOUNT_LABEL: 'mine',
    }
    for (const dataset of ['myTrades', 'allOrders']) {
      const args = ['run', ...range(dataset, '2024-01-30', '2024-02-02')]
      const { exit, stdout, stderr } = await lake.call(args, { env })
      expect(exit, stderr).toBe(0)
      expect(stdout + stderr).not.toContain(env.BINANCE_API_SECRET)
    }
    const path = 'spot/account=mine'
    expect(await partitions(lake)).toEqual(
      ['allOrders', 'myTrades'].flatMap((dataset) =>
        ['2024-01', '2024-02'].map((month) => `${path}/${dataset}/symbol=BTCUSDT/period=${month}`),
      ),
    )
    const all = [...(await filesOf(lake.dataDir)).values()].join('')
    expect(all).not.toContain(Buffer.from(env.BINANCE_API_KEY).toString('hex'))
    expect(await nullable(lake, 'account=mine/myTrades')).toEqual([])
    expect(await nullable(lake, 'account=mine/allOrders')).toEqual([
      'extra',
      'iceberg_quantity',
      'self_trade_prevention_mode',
      'stop_price',
      'working_time',
    ])
  })
})

async function nullable({ dataDir }: Bench, path: string): Promise<readonly (string | null)[]> {
  const files = `${join(dataDir, 'spot', path)}/**/data.parquet`
  const rows = await query(
    `SELECT DISTINCT name FROM parquet_schema('${files}') WHERE repetition_type = 'OPTIONAL' ORDER BY name`,
  )
  return rows.map(({ name }) => name ?? null)
}

describe('files', () => {
  test('say what they hold', async () => {
    const lake = await bench((await serve()).url)
    await runComplete(lake, ...KLINES, '--settle', '0s')
    const file = join(
      lake.dataDir,
      'spot/klines/interval=1h/symbol=BTCUSDT/period=2024/data.parquet',
    )
    const pairs = await query(
      `SELECT decode(key) AS name, decode(value) AS text FROM parquet_kv_metadata('${file}')`,
    )
    const about = new Map(pairs.map(({ name, text }) => [name, text]))
    for (const [name, text] of Object.entries({
      market: 'spot',
      dataset: 'klines',
      symbol: 'BTCUSDT',
      interval: '1h',
      period: '2024',
      source: 'rest',
      numbers: 'float64',
      schema_version: '1',
    }))
      expect([name, about.get(name)]).toEqual([name, text])
    expect(JSON.parse(about.get('coverage') ?? '')).toEqual([
      { from: '2024-01-01T00:00:00.000000Z', to: '2024-01-03T00:00:00.000000Z' },
    ])
    const [statistics] = await query(
      `SELECT count(*) AS chunks, count(stats_min_value) AS known FROM parquet_metadata('${file}')`,
    )
    expect(statistics).toEqual({ chunks: '11', known: '11' })
  })

  test('are sorted by a unique key, in row groups of about 122,880', async () => {
    const symbols = [{ ...SYMBOLS[0]!, aggTradesOn: { '2024-01-01': 130_000 } }]
    const lake = await bench((await serve({ symbols })).url)
    await runComplete(lake, ...range('aggTrades', '2024-01-01', '2024-01-02'))
    const [rows] = await query(
      `SELECT count(*) AS n, count(DISTINCT agg_trade_id) AS ids, bool_and(ok) AS sorted FROM (
         SELECT agg_trade_id, coalesce(agg_trade_id > lag(agg_trade_id) OVER (), true) AS ok
         FROM ${allOf(lake, 'aggTrades')})`,
    )
    expect(rows).toMatchObject({ sorted: 'true', ids: rows?.['n'] })
    const file = join(lake.dataDir, 'spot/aggTrades/symbol=BTCUSDT/period=2024-01-01/data.parquet')
    const groups = await query(
      `SELECT DISTINCT row_group_id AS g, row_group_num_rows AS n FROM parquet_metadata('${file}') ORDER BY g`,
    )
    expect(groups.map(({ n }) => Number(n))).toEqual([122_880, Number(rows?.['n']) - 122_880])
  })
})

describe('one row, one truth', () => {
  const exchanges: Readonly<Record<string, Partial<ExchangeOptions>>> = {
    'smaller pages': { pageRows: 7 },
    'milliseconds, whatever is asked for': {
      faults: {
        rules: [
          { fault: { kind: 'page', page: 'wrongUnit' }, path: '/api/v3/klines', times: Infinity },
        ],
      },
    },
  }
  test.each(Object.entries(exchanges))('%s give the bytes of any other', async (_, options) => {
    const [calm, odd] = [await bench((await serve()).url), await bench((await serve(options)).url)]
    await runComplete(calm, ...KLINES)
    await runComplete(odd, ...KLINES)
    const [row] = await query(`SELECT open_time, close_time FROM ${allOf(odd, 'klines')} LIMIT 1`)
    expect(row).toEqual({
      open_time: '2024-01-01 00:00:00+00',
      close_time: '2024-01-01 00:59:59.999999+00',
    })
    const data = async ({ dataDir }: Bench): Promise<unknown> =>
      [...(await filesOf(dataDir))].filter(([path]) => path.startsWith('spot'))
    expect(await data(odd)).toEqual(await data(calm))
  })

  test('what REST and archive tell is the same rows, before and after 2025', async () => {
    const { url } = await serve({}, { now: () => NOW_LATER })
    const rest = await bench(url)
    const archive = await bench(url)
    for (const args of [
      klines('BTCUSDT', '2024-12-31', '2025-01-02'),
      range('aggTrades', '2024-12-31', '2025-01-02'),
    ]) {
      await runComplete(rest, ...args, '--source', 'rest')
      await runComplete(archive, ...args, '--source', 'archive', '--archive-url', url)
    }
    for (const path of ['klines', 'aggTrades']) {
      const [a, b] = [allOf(rest, path), allOf(archive, path)]
      const time = path === 'klines' ? 'open_time' : "date_trunc('millisecond', time)"
      const rowsOf = (source: string): string =>
        `SELECT * REPLACE (${time} AS ${path === 'klines' ? 'open_time' : 'time'}) FROM ${source}`
      const [difference] = await query(
        `SELECT count(*) AS n FROM ((${rowsOf(a)} EXCEPT ${rowsOf(b)}) UNION ALL (${rowsOf(b)} EXCEPT ${rowsOf(a)}))`,
      )
      expect([path, difference]).toEqual([path, { n: '0' }])
    }
  })
})

const NOW_LATER: typeof NOW = (NOW + 365n * 86_400_000_000n) as typeof NOW
