/** Every flag of every command, as data: the parser, the help and docs/CLI.md are made from this table. */

import {
  readChoice,
  readInteger,
  readRange,
  readSeconds,
  readShare,
  readSubset,
  readText,
  readUrl,
  type Reader,
} from './read.ts'
import type { FlagName, Values } from './values.ts'

export type { FlagName, Values } from './values.ts'

/** One flag. A flag without `read` is a switch; `many` reads each of several values. */
export type Flag<Value> = {
  readonly describe: string
  /** What stands for the value in the help, e.g. `DIR`. */
  readonly value?: string
  /** In words, for the help; the library has the defaults themselves. */
  readonly default?: string
  /** Environment variable that the flag beats. */
  readonly env?: string
  readonly conflicts?: readonly FlagName[]
} & ([Value] extends [boolean]
  ? object
  : [Value] extends [readonly (infer Item)[]]
    ? { readonly many: Reader<Item> }
    : { readonly read: Reader<Value> })

type FlagTable = { readonly [Name in FlagName]-?: Flag<NonNullable<Values[Name]>> }

/** @see {@link Values} */
export const FLAGS: FlagTable = {
  'data-dir': {
    describe: 'the directory of the lake',
    value: 'DIR',
    default: 'data',
    env: 'BINANCE_BACKFILL_DATA_DIR',
    read: readText,
  },
  'base-url': {
    describe:
      'REST endpoint; repeat it for more, in order of preference. The environment variable takes several, separated by commas',
    value: 'URL',
    default: "Binance's public market data endpoint",
    env: 'BINANCE_BACKFILL_BASE_URL',
    many: readUrl,
  },
  prefer: {
    describe:
      'which of several REST endpoints is asked first: listed (the first) or fastest (three pings to each at the start)',
    value: 'ORDER',
    default: 'listed',
    read: readChoice(['listed', 'fastest']),
  },
  'archive-url': {
    describe: 'where published archives are downloaded',
    value: 'URL',
    default: 'https://data.binance.vision',
    env: 'BINANCE_BACKFILL_ARCHIVE_URL',
    read: readUrl,
  },
  source: {
    describe:
      'where history comes from: auto (archives where they exist, REST for the rest), rest or archive; overrides the job',
    value: 'SOURCE',
    default: 'what the job says, else auto',
    read: readChoice(['auto', 'rest', 'archive']),
  },
  'weight-share': {
    describe: "share of the exchange's request-weight limit to use, above 0 and at most 1",
    value: 'F',
    default: '0.9',
    read: readShare,
  },
  concurrency: {
    describe: 'requests in flight at most; of the archive, never more than 4',
    value: 'N',
    default: '8',
    read: readInteger(1, 1000),
  },
  'max-wait': {
    describe: 'longest rate-limit or ban wait to sit out; beyond it the exit code is 5',
    value: 'SECONDS',
    default: '600',
    read: readSeconds,
  },
  'recv-window': {
    describe: 'how long after its timestamp a signed request is good for (account datasets only)',
    value: 'MS',
    default: '5000',
    read: readInteger(1, 60_000),
  },
  wire: {
    describe: 'response format to ask for: json or sbe',
    value: 'FORMAT',
    default: 'json',
    read: readChoice(['json', 'sbe']),
  },
  dataset: {
    describe: 'instead of a job file: the dataset, such as klines or aggTrades',
    value: 'KIND',
    read: readText,
  },
  symbol: {
    describe: 'instead of a job file: a symbol, such as BTCUSDT; repeat it for more',
    value: 'SYMBOL',
    many: readText,
  },
  interval: {
    describe: 'instead of a job file: a kline interval, such as 1m; repeat it for more',
    value: 'INTERVAL',
    many: readText,
  },
  from: {
    describe:
      'instead of a job file: the start, UTC: a date, a date-time, a duration back from now such as 30d, or listing',
    value: 'TIME',
    read: readText,
  },
  to: {
    describe: 'instead of a job file: the end, exclusive',
    value: 'TIME',
    default: 'now',
    read: readText,
  },
  settle: {
    describe: 'instead of a job file: how long after its close a kline is taken as final',
    value: 'DURATION',
    default: '1m',
    read: readText,
  },
  numbers: {
    describe: 'instead of a job file: float64, decimal or string',
    value: 'TYPE',
    default: 'float64',
    read: readText,
  },
  compression: {
    describe: 'zstd, snappy, gzip or none; for new partitions where the job names none',
    value: 'CODEC',
    default: 'zstd',
    read: readChoice(['zstd', 'snappy', 'gzip', 'none']),
  },
  partition: {
    describe: 'instead of a job file: day, month or year; fixed at the first commit of a series',
    value: 'PERIOD',
    default: 'by dataset and interval',
    read: readText,
  },
  'wait-lock': {
    describe: 'wait so long for another run to let go of the lake, instead of ending with 6',
    value: 'SECONDS',
    default: '0',
    read: readSeconds,
  },
  recheck: {
    describe: 'ask this window again even where it is covered; differences become revisions',
    value: 'FROM..TO',
    read: readRange,
  },
  'refresh-archives': {
    describe: 'read the checksums of the archives again, and take replaced files anew',
  },
  'keep-archives': {
    describe: 'keep verified archives in this directory, and use them again',
    value: 'DIR',
    read: readText,
  },
  tasks: { describe: 'with --json: the pieces of work too, as run executes them' },
  'detailed-exitcode': { describe: 'end with 10 when there is work to do, 0 when there is none' },
  revisions: { describe: 'list the rows that changed since they were first stored' },
  subset: {
    describe: 'check the I-th of N parts only, so that N runs check everything',
    value: 'I/N',
    read: readSubset,
    conflicts: ['rebuild'],
  },
  remote: { describe: 'also read the checksums of the archives again' },
  rebuild: { describe: 'write lost or damaged manifests anew from the Parquet files' },
  quote: { describe: 'only symbols quoted in this asset', value: 'ASSET', read: readText },
  base: { describe: 'only symbols of this asset', value: 'ASSET', read: readText },
  status: {
    describe: 'only symbols with this status, such as TRADING',
    value: 'STATUS',
    read: readText,
  },
  host: {
    describe: 'address to listen on',
    value: 'HOST',
    default: '127.0.0.1',
    // This machine only: the stand-in is no server for a network.
    read: readChoice(['127.0.0.1', 'localhost']),
  },
  port: {
    describe: 'port to listen on; 0 takes a free one',
    value: 'N',
    default: '0',
    read: readInteger(0, 65_535),
  },
  replay: {
    describe: 'serve the REST pages recorded in this directory, not made-up ones',
    value: 'DIR',
    read: readText,
    conflicts: ['seed'],
  },
  seed: {
    describe: 'seed of the made-up history; the same seed gives the same rows',
    value: 'N',
    default: '1',
    read: readInteger(0),
  },
  latency: {
    describe: 'milliseconds that each answer takes',
    value: 'MS',
    default: '0',
    read: readInteger(0, 600_000),
  },
  limit: {
    describe: 'request weight that an address may spend in a minute',
    value: 'WEIGHT',
    default: '6000',
    read: readInteger(1),
  },
  faults: {
    describe: 'misbehave on a schedule; see the description above',
    value: 'SPEC',
    read: readText,
  },
  live: {
    describe: "use Binance's public endpoint, not the embedded simulator",
  },
  out: {
    describe: 'the file to write; replaced when it is there',
    value: 'FILE',
    default: 'report.html',
    read: readText,
  },
  window: {
    describe: 'draw candles of this window',
    value: 'FROM..TO',
    default: 'the newest 50,000 rows of each series',
    read: readRange,
    conflicts: ['no-candles'],
  },
  'no-candles': { describe: 'draw no candles, so that no data file is read' },
  csv: { describe: 'all rows as CSV on stdout, with a head', conflicts: ['json'] },
  'metrics-file': {
    describe: 'write metrics for Prometheus to this file when the run ends',
    value: 'FILE',
    env: 'BINANCE_BACKFILL_METRICS_FILE',
    read: readText,
  },
  'heartbeat-url': {
    describe:
      'ask this URL when the run succeeded, URL/start when it starts and URL/fail when it fails; https, or http on this machine',
    value: 'URL',
    env: 'BINANCE_BACKFILL_HEARTBEAT_URL',
    read: readText,
  },
  'log-format': {
    describe: 'text, or json: a JSON object a line on stderr, with the id of the run',
    value: 'FORMAT',
    default: 'text',
    read: readChoice(['text', 'json']),
  },
  json: { describe: 'machine output on stdout' },
  quiet: { describe: 'print nothing but errors', conflicts: ['verbose'] },
  verbose: { describe: 'print more: each commit, a heartbeat every 10 s, stacks of bugs' },
  'no-progress': { describe: 'no bars and no progress lines' },
  help: { describe: 'print this help' },
  version: { describe: 'print the version' },
}

/** Every flag by name. */
export const FLAG_NAMES: readonly FlagName[] = Object.keys(FLAGS) as FlagName[]

/** Takes the flag no value? */
export function isSwitch(name: FlagName): boolean {
  return FLAGS[name].value === undefined
}

/** Flags of every command. */
export const OUTPUT_FLAGS: readonly FlagName[] = ['json', 'quiet', 'verbose', 'no-progress', 'help']

/** Flags of the commands that touch the lake or the exchange. */
export const SHARED_FLAGS: readonly FlagName[] = [
  'data-dir',
  'base-url',
  'prefer',
  'archive-url',
  'source',
  'weight-share',
  'concurrency',
  'max-wait',
  'recv-window',
  'wire',
]

/** Flags that make up a job, instead of a job file. `compression` may also stand beside one. */
export const JOB_FLAGS: readonly FlagName[] = [
  'dataset',
  'symbol',
  'interval',
  'from',
  'to',
  'settle',
  'numbers',
  'compression',
  'partition',
]
