/**
 * Flags as data: the parser, the help and docs/CLI.md are made from the same declarations. Here are those that several
 * commands share; what one command alone takes lies with it.
 */

import type { Options } from '../index.ts'
import {
  readChoice,
  readInteger,
  readRange,
  readSeconds,
  readShare,
  readSubset,
  readText,
  readBaseUrl,
  readUrl,
  type Reader,
} from './read.ts'

/** One flag. A flag without `read` or `many` is a switch; `many` reads each of several values. */
export type Flag = {
  readonly describe: string
  /** What stands for the value in the help, e.g. `DIR`. */
  readonly value?: string
  /** All values that it takes, for completion. */
  readonly choices?: readonly string[]
  /** In words, for the help; the library has the defaults themselves. */
  readonly default?: string
  /** Environment variable that the flag beats. */
  readonly env?: string
  /** Names of flags that cannot stand beside it. */
  readonly conflicts?: readonly string[]
  readonly read?: Reader<unknown>
  readonly many?: Reader<unknown>
  /** The option of the library that it sets. */
  readonly option?: keyof Options
}

/** Flags by name, without dashes. */
export type Flags = Readonly<Record<string, Flag>>

type ValueOf<F extends Flag> = F extends { readonly many: Reader<infer Value> }
  ? readonly Value[]
  : F extends { readonly read: Reader<infer Value> }
    ? Value
    : boolean

/** What flags were set to, by the command line or the environment; absent when by neither. */
export type ValuesOf<F extends Flags> = string extends keyof F
  ? Readonly<Record<string, unknown>>
  : { readonly [Name in keyof F]?: ValueOf<F[Name]> }

/** Values that every command may look at; absent where it does not take the flag. */
export type SharedValues = ValuesOf<typeof LAKE_FLAGS & typeof OUTPUT_FLAGS>

/** Takes the flag no value? */
export function isSwitch({ value }: Flag): boolean {
  return value === undefined
}

type Reads<Value> = [Value] extends [boolean]
  ? object
  : [Value] extends [readonly (infer Item)[]]
    ? { readonly many: Reader<Item> }
    : { readonly read: Reader<Value> }

/** A flag that sets an option of the library; the compiler checks that it reads a value of that option. */
export function option<
  Name extends keyof Options,
  const F extends Flag & Reads<NonNullable<Options[Name]>>,
>(name: Name, flag: F): F & { readonly option: Name } {
  return { ...flag, option: name }
}

/** Flags of the commands that touch the lake or the exchange. */
export const LAKE_FLAGS = {
  'data-dir': option('dataDir', {
    describe: 'the lake: a directory, or s3://BUCKET/PREFIX',
    value: 'DIR',
    default: 'data',
    env: 'BINANCE_BACKFILL_DATA_DIR',
    read: readText,
  }),
  'base-url': option('baseUrls', {
    describe:
      'REST endpoint, of spot unless um= or cm= stands before it; repeat it, in order of preference. The environment variable takes several, with commas',
    value: '[MARKET=]URL',
    default: "Binance's public market data endpoint",
    env: 'BINANCE_BACKFILL_BASE_URL',
    many: readBaseUrl,
  }),
  prefer: option('prefer', {
    describe:
      'which of several REST endpoints is asked first: listed (the first) or fastest (three pings to each at the start)',
    value: 'ORDER',
    default: 'listed',
    choices: ['listed', 'fastest'],
    read: readChoice(['listed', 'fastest']),
  }),
  'archive-url': option('archiveUrl', {
    describe: 'where published archives are downloaded',
    value: 'URL',
    default: 'https://data.binance.vision',
    env: 'BINANCE_BACKFILL_ARCHIVE_URL',
    read: readUrl,
  }),
  source: option('source', {
    describe:
      'where history comes from: auto (for each stretch what is faster), rest or archive; overrides the job',
    value: 'SOURCE',
    default: 'what the job says, else auto',
    choices: ['auto', 'rest', 'archive'],
    read: readChoice(['auto', 'rest', 'archive']),
  }),
  'weight-share': option('weightShare', {
    describe: "share of the exchange's request-weight limit to use, above 0 and at most 1",
    value: 'F',
    default: '0.9',
    read: readShare,
  }),
  concurrency: option('concurrency', {
    describe:
      'requests in flight at most, from each address to each market; of the archive, never more than 4',
    value: 'N',
    default: '8',
    read: readInteger(1, 1000),
  }),
  'local-address': option('localAddresses', {
    describe:
      'address of this machine to send from; repeat it for more: each has a budget of its own, and every series may use all',
    value: 'ADDR',
    default: 'the machine chooses',
    many: readText,
  }),
  egress: option('egress', {
    describe:
      'processes of this machine with the same name share one weight budget; for those behind the same address with different ones of their own',
    value: 'NAME',
    default: 'the local address',
    read: readText,
  }),
  threads: option('threads', {
    describe: 'threads for reading and writing; 1 does all in one',
    value: 'N',
    default: "the processor's cores, at most 8",
    read: readInteger(1, 64),
  }),
  'max-wait': option('maxWaitMs', {
    describe: 'longest rate-limit or ban wait to sit out; beyond it the exit code is 5',
    value: 'SECONDS',
    default: '600',
    read: readSeconds,
  }),
  'recv-window': option('recvWindowMs', {
    describe: 'how long after its timestamp a signed request is good for (account datasets only)',
    value: 'MS',
    default: '5000',
    read: readInteger(1, 60_000),
  }),
  wire: option('wire', {
    describe: 'response format to ask for: json or sbe',
    value: 'FORMAT',
    default: 'json',
    choices: ['json', 'sbe'],
    read: readChoice(['json', 'sbe']),
  }),
  shard: option('shard', {
    describe: "only the series whose name's hash falls to shard I of N (1-based)",
    value: 'I/N',
    default:
      'from JOB_COMPLETION_INDEX with --shards N, or AWS_BATCH_JOB_ARRAY_INDEX and AWS_BATCH_JOB_ARRAY_SIZE',
    conflicts: ['shards'],
    read: readSubset,
  }),
  shards: {
    describe: 'how many shards there are; JOB_COMPLETION_INDEX says which this is, from 0 on',
    value: 'N',
    read: readInteger(1, 999_999),
  },
} satisfies Flags

// For completion, which does not load the library. A test holds them against it.
const KINDS =
  'klines uiKlines aggTrades trades blockTrades myTrades allOrders myAllocations markPriceKlines indexPriceKlines premiumIndexKlines continuousKlines fundingRate metrics openInterestHist topLongShortAccountRatio topLongShortPositionRatio globalLongShortAccountRatio takerVolume basis deliveryPrice userTrades income'.split(
    ' ',
  )
const INTERVALS = '1s 1m 3m 5m 15m 30m 1h 2h 4h 6h 8h 12h 1d 3d 1w 1M'.split(' ')

/** Flags that make up a job, instead of a job file. `compression` may also stand beside one. */
export const JOB_FLAGS = {
  dataset: {
    describe: 'instead of a job file: the dataset, such as klines or aggTrades',
    value: 'KIND',
    choices: KINDS,
    read: readText,
  },
  market: {
    describe: 'instead of a job file: spot, um (USD-M futures) or cm (COIN-M futures)',
    value: 'MARKET',
    default: 'spot',
    choices: ['spot', 'um', 'cm'],
    read: readText,
  },
  symbol: {
    describe: 'instead of a job file: a symbol, such as BTCUSDT; repeat it for more',
    value: 'SYMBOL',
    many: readText,
  },
  contract: {
    describe:
      'instead of a job file: a type of contract, such as PERPETUAL, of datasets by pair that need one; repeat it for more',
    value: 'TYPE',
    choices: ['PERPETUAL', 'CURRENT_QUARTER', 'NEXT_QUARTER', 'TRADIFI_PERPETUAL'],
    many: readText,
  },
  interval: {
    describe: 'instead of a job file: a kline interval, such as 1m; repeat it for more',
    value: 'INTERVAL',
    choices: INTERVALS,
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
    describe: 'instead of a job file: how long after its close a kline counts as final',
    value: 'DURATION',
    default: '1m',
    read: readText,
  },
  numbers: {
    describe: 'instead of a job file: float64, decimal or string',
    value: 'TYPE',
    default: 'float64',
    choices: ['float64', 'decimal', 'string'],
    read: readText,
  },
  compression: option('compression', {
    describe: 'zstd, snappy, gzip or none; for new partitions where the job names none',
    value: 'CODEC',
    default: 'zstd',
    choices: ['zstd', 'snappy', 'gzip', 'none'],
    read: readChoice(['zstd', 'snappy', 'gzip', 'none']),
  }),
  partition: {
    describe: 'instead of a job file: day, month or year; fixed at the first commit of a series',
    value: 'PERIOD',
    default: 'by dataset and interval',
    choices: ['day', 'month', 'year'],
    read: readText,
  },
} satisfies Flags

/** For `run`, and for `plan`, which shows what it would do. */
export const RECHECK_FLAG = {
  recheck: option('recheck', {
    describe: 'ask this window again even where it is covered; differences become revisions',
    value: 'FROM..TO',
    read: readRange,
  }),
} satisfies Flags

/** Flags of every command. */
export const OUTPUT_FLAGS = {
  json: { describe: 'machine output on stdout' },
  quiet: { describe: 'print nothing but errors', conflicts: ['verbose'] },
  verbose: { describe: 'print more: each commit, a heartbeat every 10 s, stacks of bugs' },
  'no-progress': { describe: 'no bars and no progress lines' },
  help: { describe: 'print this help' },
} satisfies Flags

/** The options of the library that the values of `flags` set. */
export function optionsOf(values: ValuesOf<Flags>, flags: Flags): Options {
  const set = Object.entries(flags).flatMap(([name, { option: key }]) =>
    key === undefined || values[name] === undefined ? [] : [[key, values[name]]],
  )
  return Object.fromEntries(set) as Options
}
