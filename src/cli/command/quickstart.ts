/** `quickstart`: a small job from beginning to end, offline unless asked otherwise. */

import type { Job } from '../../index.ts'
import type { Call, Command } from '../command.ts'
import { jobsFromFiles } from '../jobs.ts'
import { refuseMix } from '../origin.ts'
import { runJobs } from '../running.ts'
import { tableCell } from '../sql-table.ts'
import { counted } from '../human.ts'
import { table } from '../table.ts'
import { LAKE_FLAGS, type Flags } from '../flags.ts'
import { library } from '../library.ts'
import { ownPath } from '../io.ts'

const flags = {
  live: {
    describe: "use Binance's public endpoint, not the embedded simulator",
  },
  'data-dir': LAKE_FLAGS['data-dir'],
} satisfies Flags

/** @see {@link Command} */
export const command: Command = {
  name: 'quickstart',
  describe: 'a demo: run a small job, then read the lake with SQL',
  long: [
    'Starts the embedded simulator on a free port, runs jobs/quickstart.yaml against it, prints the summary, reads the partitions back with DuckDB where it is installed, and shows how to open the lake in a notebook. With --live the rows come from Binance.',
    "The lake is marked as simulated or real, and quickstart and run from Binance's own hosts refuse one that is marked as the other. Nothing else marks: what run --base-url URL stored is taken for real, whoever answered.",
  ],
  flags,
  examples: [
    { line: 'quickstart', does: 'offline' },
    { line: 'quickstart --live --data-dir /tmp/lake', does: "against Binance's public endpoint" },
  ],
  execute,
}

async function execute(call: Call<typeof flags>): Promise<number> {
  const isLive = call.values.live === true
  const origin = isLive ? 'binance' : 'simulator'
  const { 'data-dir': dataDir = 'data' } = call.values
  const jobs = await jobsFromFiles([ownPath('jobs/quickstart.yaml')])
  await refuseMix(origin, dataDir)
  await library.markLakeOrigin(origin, { dataDir })
  const exit = isLive ? await runJobs(jobs, { dataDir }, call) : await runOffline(jobs, call)
  if (exit === 0 && call.values.json !== true) await demo(dataDir, call)
  return exit
}

async function runOffline(jobs: readonly Job[], call: Call): Promise<number> {
  const { 'data-dir': dataDir = 'data' } = call.values
  const simulator = await library.startSimulator()
  try {
    await call.print.say(
      `Offline: the simulator answers at ${simulator.url}; its rows are made up.`,
    )
    const { url } = simulator
    return await runJobs(jobs, { dataDir, baseUrls: [url], archiveUrl: url }, call)
  } finally {
    await simulator.close()
  }
}

async function demo(dataDir: string, { print }: Call): Promise<void> {
  const blocks = await answers(dataDir)
  if (blocks === undefined)
    await print.result(
      '\nDuckDB is not installed, so no SQL here; `npm install @duckdb/node-api` brings it.\n',
    )
  else for await (const block of blocks) await print.result(`\n${block}`)
  await print.result(`\nThe same lake in a notebook:\n\n${recipes(dataDir)}`)
  await print.result(
    '\nNext: `npx binance-backfill status` shows what the lake holds, `verify` checks it.\n',
  )
}

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
    const answer = await library.sql(query, { dataDir })
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
