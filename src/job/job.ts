/** A job after reading: plain data, with all defaults filled in. Its written form is in `schema.ts`. */

import type { Micros, Partition } from '../base/time.ts'
import type { Dataset, DatasetKind, Numbers } from '../binance/dataset.ts'
import type { Interval } from '../binance/interval.ts'
import { datasetOf } from '../binance/market.ts'
import type { ContractType } from '../binance/contract.ts'
import type { Market } from '../binance/series.ts'

/** A fixed moment named by the job. */
type FixedMoment = { readonly kind: 'at'; readonly time: Micros }

/** A moment that moves with the clock: `micros` (more than 0) before the run's now. */
type AgoMoment = { readonly kind: 'ago'; readonly micros: bigint }

/** Where a range begins, inclusive; `listing` is the first row that the exchange has. */
export type Moment = FixedMoment | AgoMoment | { readonly kind: 'listing' }

/** Where a range ends, exclusive. May lie in the future: the plan clamps it. */
export type EndMoment = FixedMoment | AgoMoment | { readonly kind: 'now' }

/** Symbols one by one: not empty, without duplicates, as Binance writes them, NFC. */
export type SymbolList = { readonly kind: 'list'; readonly symbols: readonly string[] }

/** Which symbols a filter chooses from: those that exchangeInfo lists, or all that ever were. */
export const UNIVERSES = ['listed', 'all-time'] as const
/** @see {@link UNIVERSES} */
export type Universe = (typeof UNIVERSES)[number]

/** A span of time, `to` exclusive; what is absent has no bound. */
export type ListedBetween = {
  readonly from?: Micros | undefined
  readonly to?: Micros | undefined
}

/** Symbols by their properties; at least one of quote, base, status, match and universe is given. */
export type SymbolFilter = {
  readonly kind: 'filter'
  readonly quote?: string | undefined
  readonly base?: string | undefined
  readonly status?: string | undefined
  /** Patterns of which a symbol fits one; `*` stands for any characters, `?` for one. */
  readonly match?: readonly string[] | undefined
  /** `all-time`: also those that only the archive still has. Absent: those of exchangeInfo. */
  readonly universe?: Universe | undefined
  /** Of `all-time`: only those that were listed at some time between these dates. */
  readonly listed?: ListedBetween | undefined
  /** Symbols to leave out, as in a list. */
  readonly exclude: readonly string[]
}

/** The symbols that a dataset is wanted for. */
export type SymbolSelection = SymbolList | SymbolFilter

/** Where rows may come from; `auto` takes for each stretch what is faster, REST or the published archive. */
export const SOURCES = ['auto', 'rest', 'archive'] as const
/** @see {@link SOURCES} */
export type Source = (typeof SOURCES)[number]

/** How the pages of a Parquet file are compressed. */
export const COMPRESSIONS = ['zstd', 'snappy', 'gzip', 'none'] as const
/** @see {@link COMPRESSIONS} */
export type Compression = (typeof COMPRESSIONS)[number]

/** One entry of `datasets`, merged with the job's top-level keys and the defaults. */
export type DatasetJob = {
  readonly kind: DatasetKind
  /** Without duplicates, in the order of the file; empty for datasets without intervals. */
  readonly intervals: readonly Interval[]
  /** Types of contract, where series have one; empty for other datasets. */
  readonly contracts: readonly ContractType[]
  readonly symbols: SymbolSelection
  readonly from: Moment
  readonly to: EndMoment
  readonly source: Source
  readonly numbers: Numbers
  readonly compression: Compression
  /** How long after its close a kline counts as final, in microseconds; 0 to 7 days. */
  readonly settle: bigint
  /** `undefined`: the default of the dataset and interval. */
  readonly partition: Partition | undefined
  readonly market: Market
}

/** A complete job. */
export type Job = {
  /** Safe as a file name. */
  readonly name: string
  /** Where it was read from, for messages. */
  readonly file: string
  /** Not empty; no series occurs twice. */
  readonly datasets: readonly DatasetJob[]
}

/** The facts about the dataset that an entry of a job names. */
export function factsOf({ market, kind }: Pick<DatasetJob, 'market' | 'kind'>): Dataset {
  return datasetOf({ market, dataset: kind })
}

/** The names of jobs as one text: `majors`, `majors, minors`; of more than `max` the first, and how many more. */
export function jobNames(jobs: readonly Job[], max = Infinity): string {
  const names = [...new Set(jobs.map(({ name }) => name))]
  const rest = names.length - max
  return [...names.slice(0, max), ...(rest > 0 ? [`and ${rest} more`] : [])].join(', ')
}
