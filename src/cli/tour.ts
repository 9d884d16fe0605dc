/** The second half of the quickstart: reads the lake with SQL, and shows how to open it in a notebook. */

import { sql } from '../index.ts'
import { tableCell } from './answer.ts'
import { counted } from './human.ts'
import { table } from './table.ts'

/** One question to the lake and the words that introduce it. */
type Question = {
  readonly says: string
  readonly query: string
  /** `l` or `r` for each column. */
  readonly aligns: string
}

const QUESTIONS: readonly Question[] = [
  {
    says: 'What is in the lake',
    query: `SELECT symbol, "interval", count(*) AS rows, min(open_time) AS first, max(open_time) AS last
FROM klines GROUP BY ALL ORDER BY ALL`,
    aligns: 'llrll',
  },
  {
    says: 'Hourly klines of one day',
    query: `SELECT open_time, open, high, low, close, volume
FROM klines WHERE symbol = 'BTCUSDT' AND "interval" = '1h' ORDER BY open_time LIMIT 4`,
    aligns: 'lrrrrr',
  },
  {
    says: 'Single trades',
    query: `SELECT agg_trade_id, time, price, quantity, is_buyer_maker
FROM aggTrades WHERE symbol = 'BTCUSDT' ORDER BY agg_trade_id LIMIT 4`,
    aligns: 'rlrrl',
  },
  {
    says: 'The busiest microsecond',
    query: `SELECT time, count(*) AS trades, min(agg_trade_id) AS first_id, max(agg_trade_id) AS last_id
FROM aggTrades GROUP BY time ORDER BY trades DESC, time LIMIT 1`,
    aligns: 'lrrr',
  },
]

/** Answers the questions with DuckDB; yields one block of text each. `undefined` when DuckDB is not installed. */
export async function answers(dataDir: string): Promise<AsyncIterable<string> | undefined> {
  const duckdb = await import('@duckdb/node-api').catch((error: unknown) => {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND') return undefined
    throw error
  })
  return duckdb === undefined ? undefined : ask(dataDir)
}

async function* ask(dataDir: string): AsyncGenerator<string, void, void> {
  for (const { says, query, aligns } of QUESTIONS) {
    const answer = await sql(query, { dataDir })
    try {
      const rows: string[][] = []
      for await (const some of answer.rows()) rows.push(...some.map((row) => row.map(tableCell)))
      const head = answer.columns.map(({ name }) => name)
      yield `${says} (${counted(rows.length, 'row')})\n\n${table(head, aligns, rows)}`
    } finally {
      answer.close()
    }
  }
}

/** How to open the lake elsewhere, in three lines each. */
export function recipes(dataDir: string): string {
  const klines = `${dataDir}/spot/klines/`
  const glob = `${globText(klines)}**/*.parquet`
  const query = `FROM read_parquet('${glob.replaceAll("'", "''")}', hive_partitioning=true)`
  return [
    '# Python, DuckDB',
    'import duckdb',
    `klines = duckdb.sql(${JSON.stringify(query)})`,
    `klines.filter("symbol = 'BTCUSDT'").df()`,
    '',
    '# Python, polars',
    'import polars as pl',
    `klines = pl.scan_parquet(${pythonText(glob)}, hive_partitioning=True)`,
    "klines.filter(pl.col('symbol') == 'BTCUSDT').collect()",
    '',
    '# Python, pandas',
    'import pandas as pd',
    "btc_1h = [('symbol', '==', 'BTCUSDT'), ('interval', '==', '1h')]",
    `klines = pd.read_parquet(${pythonText(klines)}, filters=btc_1h)`,
    '',
  ].join('\n')
}

/** A path of which nothing is a pattern. */
function globText(path: string): string {
  return path.replace(/[*?[]/g, '[$&]')
}

// What JSON escapes, Python reads in the same way.
function pythonText(text: string): string {
  return /['\\\p{Cc}]/u.test(text) ? JSON.stringify(text) : `'${text}'`
}
