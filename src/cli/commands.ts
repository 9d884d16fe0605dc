/** Every command, as data: the parser, the help and docs/CLI.md are made from this table. */

import type { Io } from './io.ts'
import { JOB_FLAGS, OUTPUT_FLAGS, SHARED_FLAGS } from './flags.ts'
import type { FlagName, Values } from './flags.ts'
import type { Printer } from './print.ts'

/** A command that was called. */
export type Call = {
  readonly values: Values
  /** What stands beside the flags: job files. */
  readonly operands: readonly string[]
  readonly io: Io
  readonly print: Printer
}

/** Does the work; resolves to the exit code. */
export type Execute = (call: Call) => Promise<number>

/** One line of a shell and what it is for. */
export type Example = { readonly line: string; readonly does: string }

/** The names of the commands. */
export type CommandName =
  | 'run'
  | 'plan'
  | 'status'
  | 'verify'
  | 'validate'
  | 'schema'
  | 'symbols'
  | 'report'
  | 'sql'
  | 'simulate'
  | 'doctor'
  | 'quickstart'
  | 'completion'

/** One command. */
export type Command = {
  readonly name: CommandName
  /** What stands beside the flags, as the help writes it; absent when nothing may. */
  readonly operands?: 'JOB...' | '[JOB...]' | 'QUERY'
  /** One line. */
  readonly describe: string
  /** Paragraphs of the help. */
  readonly long: readonly string[]
  /** Its own flags; then those it shares. */
  readonly own: readonly FlagName[]
  readonly shared: readonly FlagName[]
  readonly examples: readonly Example[]
}

const RUN: Command = {
  name: 'run',
  operands: '[JOB...]',
  describe: 'make the lake hold what the jobs ask for',
  long: [
    'Fetches what is missing, oldest first, and commits whole Parquet partitions. What is covered is not fetched again, so running twice costs nothing, and an interrupted run goes on where it stopped.',
    'A job comes from files or from flags (--dataset, --symbol, --interval, --from, --to), not from both.',
    'With --json each step is one JSON object a line; the last one is the summary. Its rows are those that the lake did not hold before; changed ones are counted as revisions.',
    '--metrics-file and --heartbeat-url are for schedules: what they cannot write or reach is a warning, and changes neither the run nor its exit code.',
  ],
  own: [
    ...JOB_FLAGS,
    'wait-lock',
    'recheck',
    'refresh-archives',
    'keep-archives',
    'metrics-file',
    'heartbeat-url',
    'log-format',
  ],
  shared: SHARED_FLAGS,
  examples: [
    { line: 'run jobs/majors.yaml', does: 'what one job file asks for' },
    {
      line: 'run --dataset klines --symbol BTCUSDT --interval 1h --from 2024-01-01 --to 2024-02-01',
      does: 'without a job file',
    },
    {
      line: 'run jobs/majors.yaml --recheck 2024-01-01..2024-01-08',
      does: 'ask one week again; changes become revisions',
    },
    {
      line: 'run jobs/majors.yaml --weight-share 0.5 --max-wait 60 --json',
      does: 'for a scheduler: half of the rate limit, short waits, lines of JSON',
    },
    {
      line: 'run jobs/majors.yaml --log-format json --metrics-file /var/lib/node_exporter/backfill.prom',
      does: 'for a service: logs as JSON on stderr, metrics for Prometheus',
    },
  ],
}

const PLAN: Command = {
  name: 'plan',
  operands: '[JOB...]',
  describe: 'print what run would do, and what it would cost',
  long: [
    'For each series the missing windows, requests, request weight, and about how many rows and bytes; then how many minutes that takes within the rate limit and for downloads. Writes nothing.',
    'A series that cannot be planned, such as one of an unknown symbol, is reported; the others are planned, and the exit code is 3.',
  ],
  own: [...JOB_FLAGS, 'recheck', 'tasks', 'detailed-exitcode'],
  shared: SHARED_FLAGS,
  examples: [
    { line: 'plan jobs/majors.yaml', does: 'the bill before the meal' },
    {
      line: 'plan --dataset aggTrades --symbol BTCUSDT --from 7d',
      does: 'the last seven days of one symbol',
    },
    {
      line: 'plan jobs/majors.yaml --json --tasks',
      does: 'each piece of work: its source, window, files and cost',
    },
    {
      line: 'plan jobs/majors.yaml --detailed-exitcode --quiet',
      does: 'for a script: 10 when there is work to do, 0 when there is none',
    },
  ],
}

const STATUS: Command = {
  name: 'status',
  operands: '[JOB...]',
  describe: 'print what the lake holds',
  long: [
    'For each series what is covered, what is missing of what the jobs ask for, known gaps with their reason, rows, files and bytes. Without jobs: every series in the lake. Reads no data file.',
  ],
  own: ['revisions'],
  shared: SHARED_FLAGS,
  examples: [
    { line: 'status', does: 'everything in ./data' },
    { line: 'status jobs/majors.yaml --json', does: 'what one job still lacks, as JSON' },
    { line: 'status --revisions', does: 'with the rows that changed after they were stored' },
  ],
}

const VERIFY: Command = {
  name: 'verify',
  operands: '[JOB...]',
  describe: 'read the Parquet back and check it against its manifests',
  long: [
    "Checks order, duplicate keys, hashes, footers, coverage and gaps. Ends with 4 when it finds damage. With jobs: the series that they want, judged by the range that they want, as far as the lake and this machine's clock can tell; what is missing is no damage. Without: every series in the lake.",
  ],
  own: ['subset', 'remote', 'rebuild'],
  shared: SHARED_FLAGS,
  examples: [
    { line: 'verify', does: 'everything in ./data' },
    { line: 'verify --subset 1/7', does: 'a seventh of it: one part for each day of the week' },
    { line: 'verify jobs/majors.yaml --remote', does: "also against the archives' checksums" },
    { line: 'verify --rebuild', does: 'after manifests were lost' },
  ],
}

const VALIDATE: Command = {
  name: 'validate',
  operands: 'JOB...',
  describe: 'check job files, and nothing else',
  long: ['Prints every problem of every file with its line and column. Asks the exchange nothing.'],
  own: [],
  shared: [],
  examples: [
    { line: 'validate jobs/majors.yaml', does: 'one job file' },
    { line: 'validate jobs/majors.yaml jobs/quickstart.yaml --json', does: 'two of them, as JSON' },
  ],
}

const SCHEMA: Command = {
  name: 'schema',
  describe: 'print the JSON Schema of job files',
  long: ['For editors that complete and check YAML by a schema.'],
  own: [],
  shared: [],
  examples: [{ line: 'schema > job.schema.json', does: 'keep it beside the jobs' }],
}

const SYMBOLS: Command = {
  name: 'symbols',
  describe: 'list the symbols that the exchange knows',
  long: ['Reads exchangeInfo. All given filters must match.'],
  own: ['quote', 'base', 'status'],
  shared: SHARED_FLAGS,
  examples: [
    { line: 'symbols --quote USDT --status TRADING', does: 'all that trade against USDT' },
    { line: 'symbols --base BTC --json', does: 'all that BTC trades against, as JSON' },
  ],
}

const REPORT: Command = {
  name: 'report',
  operands: '[JOB...]',
  describe: 'write a page that shows what the lake holds',
  long: [
    'Writes one HTML file that needs no network: for each series a calendar of what is covered, missing, known to be a gap, or changed later; totals, sizes and sources; candles and volume of kline series. Without jobs: every series in the lake.',
    'Candles are of the newest rows of each series, put together into fewer, longer ones; --window names others.',
  ],
  own: ['out', 'window', 'no-candles'],
  shared: SHARED_FLAGS,
  examples: [
    { line: 'report', does: 'everything in ./data, to report.html' },
    {
      line: 'report jobs/majors.yaml --out /var/www/html/lake.html',
      does: 'what one job asks for, to another file',
    },
    { line: 'report --window 2024-01-01..2024-02-01', does: 'with the candles of one month' },
    { line: 'report --no-candles', does: 'without reading a data file' },
  ],
}

const SQL: Command = {
  name: 'sql',
  operands: 'QUERY',
  describe: 'ask the lake with SQL',
  long: [
    'Runs one SELECT with DuckDB over the lake, which it cannot change. Each dataset is a view of its name: klines, aggTrades and so on, with the columns of docs/FORMAT.md and those of the paths: symbol, "interval" (in quotes: it is a word of SQL), period. Needs the optional package @duckdb/node-api.',
    'Prints a table of the first 100 rows; --csv and --json print all. Times are UTC; --json writes whole numbers above 2^53 and decimals as text.',
  ],
  own: ['csv', 'data-dir'],
  shared: [],
  examples: [
    {
      line: 'sql "SELECT symbol, count(*) FROM klines GROUP BY ALL"',
      does: 'rows of each symbol',
    },
    {
      line: `sql "FROM aggTrades WHERE symbol = 'BTCUSDT' LIMIT 10" --json`,
      does: 'ten trades, as JSON',
    },
    {
      line: 'sql "SELECT open_time, close FROM klines" --csv > closes.csv',
      does: 'all closes, as CSV',
    },
  ],
}

const SIMULATE: Command = {
  name: 'simulate',
  describe: 'serve a local stand-in for the exchange',
  long: [
    'Serves REST, with made-up or recorded rows, and an archive of them until it is stopped, and prints its URL. Everything else can then be tried offline: run ... --base-url URL --data-dir DIR. Nothing tells rows that run stored from it from real ones: give them a lake of their own. Account datasets too: with made-up rows it knows one account, whose API key and secret are both the word simulated.',
    '--faults takes KIND[=VALUE][@NTH][xTIMES], several with commas: on the NTH request (from 1) and TIMES in a row, x* for ever. Kinds: limited=SECONDS, banned=SECONDS, blocked=SECONDS, region, status=CODE, error=CODE, body=empty|object|null|html|garbage, page=duplicated|reversed|short|impossible, reset, reset=FRACTION, truncatedGzip=FRACTION, hang, hang=FRACTION, drip=BYTES, closeAfter; and random=PROBABILITY for faults that trying again mends.',
  ],
  own: ['port', 'host', 'replay', 'seed', 'latency', 'limit', 'faults'],
  shared: [],
  examples: [
    { line: 'simulate --port 8080', does: 'made-up history on http://127.0.0.1:8080' },
    { line: 'simulate --latency 100 --limit 600', does: 'slow, with a tenth of the rate limit' },
    {
      line: 'simulate --faults limited=2@10,status=503@20x3,random=0.02',
      does: 'an exchange on a bad day',
    },
    { line: 'simulate --replay recorded --json', does: 'what was recorded; the URL as JSON' },
  ],
}

const DOCTOR: Command = {
  name: 'doctor',
  describe: 'check this machine: Node, clock, directory, network, limits',
  long: [
    "Checks Node's version, the data directory (write, rename, fsync), each endpoint, the clock against the server's, and what is left of the rate limit. Ends with 1 when a check fails.",
  ],
  own: [],
  shared: SHARED_FLAGS,
  examples: [
    { line: 'doctor', does: 'before the first run' },
    { line: 'doctor --data-dir /srv/lake --json', does: 'another directory, as JSON' },
  ],
}

const QUICKSTART: Command = {
  name: 'quickstart',
  describe: 'a tour: run a small job, then read the lake with SQL',
  long: [
    'Starts the embedded simulator on a free port, runs jobs/quickstart.yaml against it, prints the summary, reads the partitions back with DuckDB where it is installed, and shows how to open the lake in a notebook. With --live the rows come from Binance.',
    "The lake is marked as simulated or real, and quickstart and run from Binance's own hosts refuse one that is marked as the other. Nothing else marks: what run --base-url URL stored is taken for real, whoever answered.",
  ],
  own: ['live', 'data-dir'],
  shared: [],
  examples: [
    { line: 'quickstart', does: 'offline' },
    { line: 'quickstart --live --data-dir /tmp/lake', does: "against Binance's public endpoint" },
  ],
}

/** Its work is done by yargs. */
export const COMPLETION: Command = {
  name: 'completion',
  describe: 'print a completion script for bash or zsh',
  long: ['Prints the script for the shell that $SHELL names.'],
  own: [],
  shared: [],
  examples: [
    { line: 'completion >> ~/.bashrc', does: 'bash' },
    { line: 'completion >> ~/.zshrc', does: 'zsh' },
  ],
}

/** In the order of the help. */
export const COMMANDS: readonly Command[] = [
  RUN,
  PLAN,
  STATUS,
  VERIFY,
  VALIDATE,
  SCHEMA,
  SYMBOLS,
  REPORT,
  SQL,
  SIMULATE,
  DOCTOR,
  QUICKSTART,
  COMPLETION,
]

/** The flags that a command takes, its own first. */
export function flagsOf({ own, shared }: Command): readonly FlagName[] {
  return [...own, ...shared, ...OUTPUT_FLAGS]
}
