/**
 * What a dataset is. To add one is to add a file of facts in `datasets/` and to name it in `market.ts`; everything else
 * follows from them, unless its order of asking (a walk) or the rules of its rows are new.
 */

import type { Partition } from '../base/time.ts'
import type { Interval } from './interval.ts'

/** The names of the datasets, as in job files and paths. */
export const DATASET_KINDS = [
  'klines',
  'uiKlines',
  'aggTrades',
  'trades',
  'blockTrades',
  'myTrades',
  'allOrders',
  'myAllocations',
] as const
/** @see {@link DATASET_KINDS} */
export type DatasetKind = (typeof DATASET_KINDS)[number]

/** How the numbers of prices and quantities are stored. */
export const NUMBERS = ['float64', 'decimal', 'string'] as const
/** @see {@link NUMBERS} */
export type Numbers = (typeof NUMBERS)[number]

/**
 * What a column holds.
 *
 * - `time`: a moment; ms x 1000 where Binance sends ms
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
}

/** How the rows of a dataset are walked: by open time, by id, or by windows of a day that go on by id. */
export type WalkKind = 'openTime' | 'aggTradeId' | 'tradeId' | 'blockTradeId' | 'accountWindow'

/** The parameter that asks for an account's rows from an id on. */
export type AccountCursor = 'fromId' | 'orderId' | 'fromAllocationId'

/** Which rules the rows of a dataset keep, see `rows/check.ts`. */
export type RowRules = 'kline' | 'aggTrade' | 'trade' | 'order' | 'allocation'

/** One column of the CSV files of the archive. */
export type ArchiveColumn = {
  /** The column of the dataset that it fills; `undefined` for the one that is always to be ignored. */
  readonly name: string | undefined
  /** What header rows were seen to call it, as {@link headerWord} writes it. */
  readonly headers: readonly string[]
}

/** What is known about one dataset. */
export type Dataset = {
  readonly kind: DatasetKind
  /** Path of the REST endpoint. */
  readonly path: string
  /** Request weight of one page. */
  readonly weight: number
  /** The most rows in one page. */
  readonly pageRows: number
  readonly walk: WalkKind
  /** Where the walk goes by an id of the account's own. */
  readonly cursor?: AccountCursor
  /** Signed endpoints need a key; `apiOnly` ones are not served by the market-data host. */
  readonly security: 'none' | 'apiOnly' | 'signed'
  /** Are rows JSON arrays or objects? */
  readonly shape: 'array' | 'object'
  readonly hasInterval: boolean
  /** Name of the column that makes a row itself. */
  readonly key: string
  /** Name of the column whose time decides the period. */
  readonly time: string
  readonly columns: readonly Column[]
  /** JSON fields that are known and not stored. Any other field is told of, so that nothing is lost in silence. */
  readonly ignored: readonly (string | number)[]
  /** JSON fields that are known, that only some rows have, and that go to the column of type `extra`. */
  readonly extras?: readonly string[]
  /**
   * What the last element of a row always says where rows are arrays. In a row with more elements it must say so still:
   * new ones come behind it, and if it says something else, elements have moved.
   */
  readonly filler?: string
  readonly rules: RowRules
  /** Rows change until they are final, as orders do until they are filled or cancelled. */
  readonly staysOpen?: true
  /** The columns of its files in the archive, in their order; absent where it has none there. */
  readonly archive?: readonly ArchiveColumn[]
  /** How long a partition lasts unless the job says otherwise. */
  partition(interval?: Interval): Partition
  /** Guesses for `plan`: bytes a stored row takes and rows a day of a busy symbol has (klines: from the interval). */
  readonly rowBytes: number
  readonly rowsPerDay: number
}

/** The index of a column by its name; a dataset always has the columns that it names itself. */
export function columnIndex(dataset: Dataset, name: string): number {
  const index = dataset.columns.findIndex((column) => column.name === name)
  if (index >= 0) return index
  throw new RangeError(`${dataset.kind} has no column ${name}`)
}

/** The columns of the files of `dataset`, in their order. @throws RangeError when it has none in the archive */
export function archiveColumns({ kind, archive }: Dataset): readonly ArchiveColumn[] {
  if (archive !== undefined) return archive
  throw new RangeError(`${kind} is not in the archive`)
}

/** A column of an archive file; header rows call it `name`, or as `headers` say. */
export function archiveColumn(
  name: string | undefined,
  ...headers: readonly string[]
): ArchiveColumn {
  return { name, headers: [...(name === undefined ? [] : [headerWord(name)]), ...headers] }
}

/**
 * A name of a header row without what drifts: letters and digits only, in lower case. One letter alone keeps its
 * case, since `m` and `M` are two columns.
 */
export function headerWord(name: string): string {
  const word = name.replace(/[^A-Za-z0-9]/g, '')
  return word.length === 1 ? word : word.toLowerCase()
}
