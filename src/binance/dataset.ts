/**
 * What a dataset is. To add one, add a file of facts in `datasets/` and name it in `market.ts`. Everything else follows
 * from them, unless its walk or the rules of its rows are new.
 */

import type { Partition } from '../base/time.ts'
import type { Interval } from './interval.ts'
import type { RequestPoolName } from './limit.ts'
import type { ContractType } from './contract.ts'

/** The names of the datasets of spot. */
export const SPOT_KINDS = [
  'klines',
  'uiKlines',
  'aggTrades',
  'trades',
  'blockTrades',
  'myTrades',
  'allOrders',
  'myAllocations',
] as const
/** @see {@link SPOT_KINDS} */
export type SpotKind = (typeof SPOT_KINDS)[number]

/** The names of the datasets of all markets, as in job files and paths. */
export const DATASET_KINDS = [
  ...SPOT_KINDS,
  'markPriceKlines',
  'indexPriceKlines',
  'premiumIndexKlines',
  'continuousKlines',
  'fundingRate',
  'metrics',
  'openInterestHist',
  'topLongShortAccountRatio',
  'topLongShortPositionRatio',
  'globalLongShortAccountRatio',
  'takerVolume',
  'basis',
  'deliveryPrice',
  'userTrades',
  'income',
] as const
/** @see {@link DATASET_KINDS} */
export type DatasetKind = (typeof DATASET_KINDS)[number]

/** How the numbers of prices and quantities are stored. */
export const NUMBERS = ['float64', 'decimal', 'string'] as const
/** @see {@link NUMBERS} */
export type Numbers = (typeof NUMBERS)[number]

/**
 * The type of a column.
 *
 * - `time`: a time; ms x 1000 where Binance sends ms
 * - `end`: an inclusive end; ms x 1000 + 999 where Binance sends ms
 * - `id`, `count`: INT64
 * - `price`: `numbers`, exact as decimal(18,8); `quantity`: `numbers`, exact as decimal(38,8)
 * - `flag`: boolean; `text`: UTF8; `extra`: JSON text of all fields that no other column names
 */
export type ColumnType =
  'time' | 'end' | 'id' | 'count' | 'price' | 'quantity' | 'flag' | 'text' | 'extra'

/** One column of a dataset. */
export type Column = {
  /** The name in Parquet and Arrow. */
  readonly name: string
  readonly type: ColumnType
  /** The key in Binance's JSON object, or the index in its JSON array. */
  readonly json: string | number
  /** May be absent or null. */
  readonly nullable?: true
  /** A number that is sent without quotes. */
  readonly isBare?: true
  /** Only one of REST and the archive knows it: rows that differ in it alone are one row, and it is filled. */
  readonly isOfOneSource?: true
}

/**
 * How the rows of a dataset are walked: by open time, by time, in one answer, not over REST at all, by id, or by windows
 * of a day that continue by id, or by windows alone.
 */
export type WalkKind =
  | 'openTime'
  | 'time'
  | 'whole'
  | 'archive'
  | 'aggTradeId'
  | 'tradeId'
  | 'blockTradeId'
  | 'accountWindow'
  | 'accountTime'

/** The parameter for requesting an account's rows from an id on. */
export type AccountCursor = 'fromId' | 'orderId' | 'fromAllocationId'

/** Which rules the rows of a dataset follow, see `rows/check.ts`. */
export type RowRules =
  | 'kline'
  | 'aggTrade'
  | 'trade'
  | 'order'
  | 'allocation'
  | 'price'
  | 'premium'
  | 'funding'
  | 'metrics'
  | 'sample'
  | 'delivery'
  | 'futuresTrade'
  | 'income'

/** One column of the archive's CSV files. */
export type ArchiveColumn = {
  /** The column of the dataset that it fills; `undefined` for the one that is always ignored. */
  readonly name: string | undefined
  /** The names observed in header rows, in the form of {@link headerWord}. */
  readonly headers: readonly string[]
}

/** What is known about one dataset. */
export type Dataset = {
  readonly kind: DatasetKind
  /** Path of the REST endpoint. */
  readonly path: string
  /** Request weight of one page. */
  readonly weight: number
  /** The weight of a page up to so many rows, ascending, where it goes by `limit`. */
  readonly weights?: readonly (readonly [rows: number, weight: number])[]
  /** Most rows in one page, as it is requested; a page of this length costs `weight`. */
  readonly pageRows: number
  readonly walk: WalkKind
  /** The id parameter of a walk over the account's rows. */
  readonly cursor?: AccountCursor
  /** Signed endpoints need a key; the market-data host does not serve `apiOnly` ones. */
  readonly security: 'none' | 'apiOnly' | 'signed'
  /** Are rows JSON arrays or objects? */
  readonly shape: 'array' | 'object'
  readonly hasInterval: boolean
  /** The grid of its times, which is not part of the key. */
  readonly grid?: Interval
  /** The intervals that it has, where it lacks some. */
  readonly intervals?: readonly Interval[]
  /** What its series belong to, and the request's parameter for it. Default: a symbol. */
  readonly subject?: 'pair' | 'incomeType'
  /** It has one series for each of these types of contract of a pair. */
  readonly contracts?: readonly ContractType[]
  /**
   * Answers have the newest rows of a window of at most so many days, and an open end is one of that length; so a search
   * goes by windows that a page can hold. Absent: the oldest rows of a window of any length.
   */
  readonly windowDaysMax?: number
  /** A window of an account's rows may have at most so many days. */
  readonly windowDays?: number
  /** REST serves rows of the last days only, and refuses a start before. */
  readonly reachDays?: number
  /** The request's parameter for the interval. Default `interval`. */
  readonly intervalParameter?: 'period'
  /** Name of the column that identifies a row. */
  readonly key: string
  /** Name of the column whose time decides the period. */
  readonly time: string
  readonly columns: readonly Column[]
  /**
   * JSON fields that are known and not stored. Any other unknown field is reported, so that nothing is lost silently.
   */
  readonly ignored: readonly (string | number)[]
  /** Known JSON fields that only some rows have; they go to the column of type `extra`. */
  readonly extras?: readonly string[]
  /**
   * The constant value of a row's last element, where rows are arrays. A longer row must still have it at that
   * position: new elements come after it, and any other value there means that elements have moved.
   */
  readonly filler?: string
  readonly rules: RowRules
  /** Ids are left out although no row is: a file of them stands for its own time. */
  readonly areIdsSparse?: true
  /** Rows change until they are final, as orders do until they are filled or cancelled. */
  readonly staysOpen?: true
  /** The columns of its archive files, in order; absent if it has none. */
  readonly archive?: readonly ArchiveColumn[]
  /** The lengths of its files. Default: days and months. */
  readonly archiveSpans?: readonly ('daily' | 'monthly')[]
  /** REST is the better witness: files have bars without trades where there were some. */
  readonly isArchiveDoubted?: true
  /** The column with labels that stand for {@link LABEL_STEP}, and of which each file shows whether they mean its start. */
  readonly labels?: string
  /** REST has all that it has of listed symbols: the archive is for those that REST does not know. */
  readonly isArchiveSecond?: true
  /** Contracts that are delivered have none. */
  readonly isPerpetual?: true
  /** Only contracts that are delivered have any. */
  readonly isDated?: true
  /** A limit of its own, besides that of weight. */
  readonly pool?: RequestPoolName
  /** How long a partition lasts unless the job says otherwise. */
  partition(interval?: Interval): Partition
  /**
   * Estimates for `plan`: bytes per stored row, and rows per day of a busy symbol (for klines they follow from the
   * interval).
   */
  readonly rowBytes: number
  readonly rowsPerDay: number
}

/** The index of a column by name; a dataset always has the columns that it names itself. */
export function columnIndex(dataset: Dataset, name: string): number {
  const index = dataset.columns.findIndex((column) => column.name === name)
  if (index >= 0) return index
  throw new RangeError(`${dataset.kind} has no column ${name}`)
}

/** What a label stands for: five minutes. */
export const LABEL_STEP = 300_000_000n

/** The interval of the grid that rows of a dataset lie on; `undefined` where they lie on none. */
export function gridOf({ grid }: Dataset, interval: Interval | undefined): Interval | undefined {
  return interval ?? grid
}

/** Does a row tell where a price opened and closed in its interval? Samples have an interval, and tell no such thing. */
export function hasCandles({ columns }: Dataset): boolean {
  return columns.some(({ name }) => name === 'open')
}

/** Are its rows known by their time, and not by an id? */
export function isKeyedByTime({ key, time }: Dataset): boolean {
  return key === time
}

/** Can the first row of a series be asked for by time? */
export function isOldServed(dataset: Dataset): boolean {
  return isKeyedByTime(dataset) && dataset.reachDays === undefined
}

/** The request weight of a page of at most `rows` rows. */
export function weightOf({ weight, weights }: Dataset, rows: number): number {
  return weights?.find(([most]) => rows <= most)?.[1] ?? weight
}

/** The columns of the archive files of `dataset`, in order. @throws RangeError when it is not in the archive */
export function archiveColumns({ kind, archive }: Dataset): readonly ArchiveColumn[] {
  if (archive !== undefined) return archive
  throw new RangeError(`${kind} is not in the archive`)
}

/** A column of an archive file; header rows name it `name`, or as in `headers`. */
export function archiveColumn(
  name: string | undefined,
  ...headers: readonly string[]
): ArchiveColumn {
  return { name, headers: [...(name === undefined ? [] : [headerWord(name)]), ...headers] }
}

/**
 * A name from a header row without what varies: letters and digits only, in lower case. A single letter keeps its case,
 * since `m` and `M` are two columns.
 */
export function headerWord(name: string): string {
  const word = name.replace(/[^A-Za-z0-9]/g, '')
  return word.length === 1 ? word : word.toLowerCase()
}
