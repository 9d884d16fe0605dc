/**
 * The contents of a job file as one zod schema: it checks the shape, reads every text, and generates the JSON Schema
 * for editors. Rules across keys are in `checks.ts`.
 */

import * as z from 'zod'
import { PARTITIONS, type Partition } from '../base/time.ts'
import { DATASET_KINDS, NUMBERS, type DatasetKind, type Numbers } from '../binance/dataset.ts'
import { findDataset, marketsWith } from '../binance/market.ts'
import { type Market, MARKET_NAMES, DEFAULT_MARKET } from '../binance/series.ts'
import { CONTRACT_TYPES, type ContractType } from '../binance/contract.ts'
import { INTERVALS, type Interval } from '../binance/interval.ts'
import { readInterval } from './interval.ts'
import {
  COMPRESSIONS,
  type Compression,
  type EndMoment,
  type Moment,
  SOURCES,
  type Source,
  type SymbolSelection,
} from './job.ts'
import { DURATION_SOURCE, FROM_SOURCE, TO_SOURCE, readFrom, readSettle, readTo } from './moment.ts'
import { didYouMean, quoted, type Reading } from '../base/suggest.ts'
import { readWord, list, text, word } from './schema-text.ts'
import { symbolSelection } from './symbols-schema.ts'

/** The keys allowed at the top level, in a dataset, or in both, where the dataset's value wins. */
type Settings = {
  readonly symbols?: SymbolSelection | undefined
  readonly from?: Moment | undefined
  readonly to?: EndMoment | undefined
  readonly source?: Source | undefined
  readonly numbers?: Numbers | undefined
  readonly compression?: Compression | undefined
  readonly settle?: bigint | undefined
  readonly partition?: Partition | undefined
  readonly market?: Market | undefined
  readonly contracts?: readonly ContractType[] | undefined
}

/** A job file with every text read, but not yet merged. */
export type JobDocument = Settings & {
  readonly version: 1
  readonly name?: string | undefined
  readonly datasets: readonly DatasetEntry[]
}

/** One entry of `datasets`, as written. */
export type DatasetEntry = Settings & {
  readonly kind: DatasetKind
  readonly intervals?: readonly Interval[] | undefined
}

/** `allOrderList` is written on purpose, and must not count as a typo of `allOrders`. */
function readKind(value: string): Reading<DatasetKind> {
  if (NO_HISTORY.test(value))
    return { problem: `${quoted(value)} has no history at Binance: it is only served as it is now` }
  if (value !== 'allOrderList') return readWord(value, DATASET_KINDS)
  const why = 'covers a whole account, but the lake is laid out by symbol'
  return { problem: `${quoted(value)} ${why}; allOrders have order_list_id` }
}

const NAME = /^[A-Za-z0-9]([A-Za-z0-9._-]{0,62}[A-Za-z0-9_-])?$/

function readJobName(value: string): Reading<string> {
  if (NAME.test(value)) return { value }
  const help =
    'write 1 to 64 of A-Z a-z 0-9 . _ -, beginning with a letter or digit, not ending in a dot'
  return { problem: `${quoted(value)} is not a name; ${help}` }
}

const MARKET_WORDS = 'spot, um (USD-M futures) or cm (COIN-M futures)'
/** What other programs call the futures markets. */
const ALSO_CALLED: Readonly<Record<string, string>> = {
  futures: 'um',
  usdm: 'um',
  usdmfutures: 'um',
  usdtm: 'um',
  usdt: 'um',
  linear: 'um',
  fapi: 'um',
  coinm: 'cm',
  coinmfutures: 'cm',
  inverse: 'cm',
  dapi: 'cm',
}

function readMarket(value: string): Reading<Market> {
  const market = MARKET_NAMES.find((name) => name === value)
  if (market !== undefined) return { value: market }
  const meant = ALSO_CALLED[value.toLowerCase().replaceAll(/[^a-z]/g, '')]
  return { problem: `${quoted(value)} is not ${MARKET_WORDS}${didYouMean(meant)}` }
}

const settings = {
  symbols: symbolSelection.optional(),
  from: text(readFrom, {
    title: 'Start',
    description:
      'Start of the range, inclusive: a date or a date-time, which is UTC with or without `Z`, `listing` for the first row that exists, or a duration back from now.',
    pattern: FROM_SOURCE,
    errorMessage:
      'Not a start: write a date, a time in UTC, a duration back from now such as 30d, or listing.',
    examples: ['2024-01-01', '2024-01-01T12:30:00Z', '2024-01-01 02:30', 'listing', '30d'],
  }).optional(),
  to: text(readTo, {
    title: 'End',
    description:
      'End of the range, exclusive: a date or a date-time, which is UTC with or without `Z`, `now`, or a duration back from now.',
    pattern: TO_SOURCE,
    errorMessage:
      'Not an end: write a date, a time in UTC, a duration back from now such as 1d, or now.',
    default: 'now',
    examples: ['now', '2024-02-01', '1d'],
  }).optional(),
  source: word(SOURCES, {
    title: 'Source',
    description:
      'Where rows come from; `auto`: for each stretch the faster of REST and the published archive.',
    default: 'auto',
    examples: ['rest'],
  }).optional(),
  numbers: word(NUMBERS, {
    title: 'Numbers',
    description:
      'How prices and quantities are stored: as DOUBLE, as exact DECIMAL, or as the text Binance sent.',
    default: 'float64',
    examples: ['decimal'],
  }).optional(),
  compression: word(COMPRESSIONS, {
    title: 'Compression',
    description: 'How Parquet pages are compressed.',
    default: 'zstd',
    examples: ['snappy'],
  }).optional(),
  settle: text(readSettle, {
    title: 'Settle',
    description: 'How long after its close a kline counts as final; 0s to 7d.',
    pattern: DURATION_SOURCE,
    errorMessage: 'Not a duration: write a number with s, m, h or d, such as 1m.',
    default: '1m',
    examples: ['0s', '30s', '2h'],
  }).optional(),
  partition: word(PARTITIONS, {
    title: 'Partition',
    description:
      'The period of one file; the default depends on dataset and interval. Fixed at the first commit of a series.',
    examples: ['month'],
  }).optional(),
  market: text(readMarket, {
    title: 'Market',
    description: 'Which market: spot, um (USD-M futures) or cm (COIN-M futures).',
    enum: MARKET_NAMES,
    default: DEFAULT_MARKET,
    examples: ['um'],
  }).optional(),
  contracts: list(
    word(CONTRACT_TYPES, {
      title: 'Contract',
      description: 'A type of contract of a pair.',
      examples: ['PERPETUAL'],
    }),
  )
    .meta({
      title: 'Contracts',
      description:
        'Types of contract, for datasets by pair that have a series for each; others leave them aside.',
      uniqueItems: true,
      examples: [['PERPETUAL', 'CURRENT_QUARTER']],
    })
    .optional(),
}

/** What people look for, and nobody can fetch afterwards. */
const NO_HISTORY = /^(?:depth|order_?books?|book_?ticker|ticker|avg_?price)$/i

const WITH_INTERVALS = DATASET_KINDS.filter((kind) =>
  marketsWith(kind).some((market) => findDataset(market, kind)?.hasInterval === true),
)

const dataset = z
  .strictObject({
    kind: text(readKind, {
      title: 'Dataset',
      enum: DATASET_KINDS,
      description: 'What to fetch.',
      examples: ['klines'],
    }),
    intervals: list(
      text(readInterval, {
        description: "A kline interval by Binance's own name, case-sensitive; `1mo` is `1M`.",
        enum: [...INTERVALS, '1mo'],
        examples: ['1m'],
      }),
    )
      .meta({
        title: 'Intervals',
        description: `Kline intervals; required for ${WITH_INTERVALS.join(', ')}, not allowed for others.`,
        uniqueItems: true,
        examples: [['1m', '1h']],
      })
      .optional(),
    ...settings,
  })
  .meta({
    title: 'Dataset of a job',
    description:
      'One dataset; any top-level key but version, name and datasets can be overridden here.',
    if: { properties: { kind: { enum: WITH_INTERVALS } } },
    then: { required: ['intervals'] },
    else: { properties: { intervals: false } },
  })

const job = z
  .strictObject({
    version: z.literal(1).meta({
      title: 'Version',
      description: 'Version of the job file format.',
      examples: [1],
    }),
    name: text(readJobName, {
      title: 'Name',
      description: 'Name of the job in messages; by default the file name without extension.',
      pattern: NAME.source,
      errorMessage:
        'Not a name: write 1 to 64 of A-Z a-z 0-9 . _ -, beginning with a letter or digit.',
      examples: ['majors'],
    }).optional(),
    ...settings,
    datasets: list(dataset).meta({
      title: 'Datasets',
      description: 'What to fetch, one entry per dataset.',
      examples: [[{ kind: 'klines', intervals: ['1m', '1h'] }, { kind: 'aggTrades' }]],
    }),
  })
  .meta({
    title: 'binance-backfill job',
    description: 'What a Parquet lake of Binance market history should contain.',
    allOf: ['symbols', 'from'].map(atTopOrInEach),
    defaultSnippets: [
      {
        label: 'job',
        description: 'A job to begin with.',
        body: {
          version: 1,
          symbols: ['${1:BTCUSDT}'],
          from: '${2:30d}',
          datasets: [{ kind: 'klines', intervals: ['${3:1m}'] }],
        },
      },
    ],
  })

/** Without a default: the key is at the top level, or in each dataset. */
function atTopOrInEach(key: string): object {
  const inEach = { properties: { datasets: { items: { required: [key] } } } }
  return { anyOf: [{ required: [key] }, inEach] }
}

/** Checks and reads a job file once it is plain data. */
export const JOB_SCHEMA: z.ZodType<JobDocument> = job

/** The keys of a dataset entry, and those of the top level; for suggestions. */
export const DATASET_KEYS: readonly string[] = Object.keys(dataset.shape)
/** @see {@link DATASET_KEYS} */
export const JOB_KEYS: readonly string[] = Object.keys(job.shape)
/**
 * The JSON Schema (draft-07) of job files, for editors. It accepts every valid job; the job room also refuses what a
 * schema cannot express, e.g. a start after the end.
 */
export function jobSchema(): object {
  return z.toJSONSchema(job, {
    target: 'draft-7',
    io: 'input',
    // Zod removes these from everything it transforms, since they might be about the output; ours are about the input.
    override({ zodSchema, jsonSchema }) {
      const { default: value, examples } = z.globalRegistry.get(zodSchema) ?? {}
      if (value !== undefined) jsonSchema.default = value
      if (Array.isArray(examples)) jsonSchema.examples = examples
    },
  })
}
