/** The second half of the quickstart: reads the lake with SQL, and shows how to open it in a notebook. */

import type { DuckDBConnection } from '@duckdb/node-api'
import { counted } from './human.ts'
import { table } from './table.ts'

/** One question to the lake and the words that introduce it. */
export type Question = {
  readonly says: string
  readonly sql: string
  /** `l` or `r` for each column. */
  readonly aligns: string
}

/** The questions of the tour; `dataDir` is quoted as SQL text. */
export function questions(dataDir: string): readonly Question[] {
  const parquet = (dataset: string): string =>
    `read_parquet(${sqlText(`${dataDir}/spot/${dataset}/**/*.parquet`)}, hive_partitioning = true)`
  return [
    {
      says: 'What is in the lake',
      sql: `SELECT symbol, "interval", count(*) AS rows, min(open_time)::VARCHAR AS first, max(open_time)::VARCHAR AS last
FROM ${parquet('klines')} GROUP BY ALL ORDER BY ALL`,
      aligns: 'llrll',
    },
    {
      says: 'Hourly klines of one day',
      sql: `SELECT open_time::VARCHAR AS open_time, open, high, low, close, volume
FROM ${parquet('klines')}
WHERE symbol = 'BTCUSDT' AND "interval" = '1h' ORDER BY open_time LIMIT 4`,
      aligns: 'lrrrrr',
    },
    {
      says: 'Single trades',
      sql: `SELECT agg_trade_id, time::VARCHAR AS time, price, quantity, is_buyer_maker
FROM ${parquet('aggTrades')}
WHERE symbol = 'BTCUSDT' ORDER BY agg_trade_id LIMIT 4`,
      aligns: 'rlrrl',
    },
    {
      says: 'The busiest microsecond',
      sql: `SELECT time::VARCHAR AS time, count(*) AS trades, min(agg_trade_id) AS first_id, max(agg_trade_id) AS last_id
FROM ${parquet('aggTrades')} GROUP BY time ORDER BY trades DESC, time LIMIT 1`,
      aligns: 'lrrr',
    },
  ]
}

function sqlText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

/** Answers the questions with DuckDB; yields one block of text each. `undefined` when DuckDB is not installed. */
export async function answers(dataDir: string): Promise<AsyncIterable<string> | undefined> {
  const duckdb = await import('@duckdb/node-api').catch((error: unknown) => {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND') return undefined
    throw error
  })
  if (duckdb === undefined) return undefined
  const instance = await duckdb.DuckDBInstance.create(':memory:')
  return ask(await instance.connect(), questions(dataDir))
}

async function* ask(
  connection: DuckDBConnection,
  list: readonly Question[],
): AsyncGenerator<string, void, void> {
  try {
    await connection.run("SET TimeZone = 'UTC'")
    for (const { says, sql, aligns } of list) {
      const reader = await connection.runAndReadAll(sql)
      const rows = reader.getRowsJson().map((row) => row.map(cell))
      const head = reader.columnNames()
      yield `${says} (${counted(rows.length, 'row')})\n\n${table(head, aligns, rows)}`
    }
  } finally {
    connection.closeSync()
  }
}

function cell(value: unknown): string {
  return typeof value === 'string' ? value.replace(/\+00$/, '') : String(value)
}

/** How to open the lake elsewhere, in three lines each. */
export function recipes(dataDir: string): string {
  const glob = `${dataDir}/spot/klines/**/*.parquet`
  return [
    '# Python, DuckDB',
    'import duckdb',
    `klines = duckdb.sql("FROM read_parquet('${glob}', hive_partitioning=true)")`,
    `klines.filter("symbol = 'BTCUSDT'").df()`,
    '',
    '# Python, polars',
    'import polars as pl',
    `klines = pl.scan_parquet('${dataDir}/spot/klines/**/*.parquet', hive_partitioning=True)`,
    "klines.filter(pl.col('symbol') == 'BTCUSDT').collect()",
    '',
    '# Python, pandas',
    'import pandas as pd',
    "btc_1h = [('symbol', '==', 'BTCUSDT'), ('interval', '==', '1h')]",
    `klines = pd.read_parquet('${dataDir}/spot/klines/', filters=btc_1h)`,
    '',
  ].join('\n')
}
