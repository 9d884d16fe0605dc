/**
 * The datasets: for each its endpoint, request weight, page cap, key, walk, and columns, as data. To add one is to
 * add an entry here; everything else follows from it.
 *
 * @see binance-spot-api-docs, rest-api.md, "Market Data endpoints" and "Account Endpoints".
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
  /** Published at data.binance.vision. */
  readonly hasArchive: boolean
  /** Guesses for `plan`: bytes a stored row takes and rows a day of a busy symbol has (klines: from the interval). */
  readonly rowBytes: number
  readonly rowsPerDay: number
}

const kline: Omit<Dataset, 'kind' | 'path' | 'hasArchive'> = {
  weight: 2,
  pageRows: 1000,
  walk: 'openTime',
  security: 'none',
  shape: 'array',
  hasInterval: true,
  key: 'open_time',
  time: 'open_time',
  columns: [
    { name: 'open_time', type: 'time', json: 0 },
    { name: 'open', type: 'price', json: 1 },
    { name: 'high', type: 'price', json: 2 },
    { name: 'low', type: 'price', json: 3 },
    { name: 'close', type: 'price', json: 4 },
    { name: 'volume', type: 'quantity', json: 5 },
    { name: 'close_time', type: 'end', json: 6 },
    { name: 'quote_volume', type: 'quantity', json: 7 },
    { name: 'trade_count', type: 'count', json: 8 },
    { name: 'taker_buy_volume', type: 'quantity', json: 9 },
    { name: 'taker_buy_quote_volume', type: 'quantity', json: 10 },
  ],
  ignored: [11],
  filler: '0',
  rowBytes: 45,
  rowsPerDay: 1440,
}

const trade: Omit<Dataset, 'kind' | 'path' | 'walk' | 'columns' | 'hasArchive'> = {
  weight: 25,
  pageRows: 1000,
  security: 'apiOnly',
  shape: 'object',
  hasInterval: false,
  key: 'trade_id',
  time: 'time',
  ignored: [],
  rowBytes: 10,
  rowsPerDay: 2_000_000,
}

const tradeColumns: readonly Column[] = [
  { name: 'trade_id', type: 'id', json: 'id' },
  { name: 'price', type: 'price', json: 'price' },
  { name: 'quantity', type: 'quantity', json: 'qty' },
  { name: 'quote_quantity', type: 'quantity', json: 'quoteQty' },
  { name: 'time', type: 'time', json: 'time' },
  { name: 'is_buyer_maker', type: 'flag', json: 'isBuyerMaker' },
]

const account = {
  weight: 20,
  pageRows: 1000,
  walk: 'accountWindow',
  security: 'signed',
  shape: 'object',
  hasInterval: false,
  time: 'time',
  hasArchive: false,
  rowBytes: 60,
  rowsPerDay: 100,
} as const

/** Every dataset by its name. */
export const DATASETS: Readonly<Record<DatasetKind, Dataset>> = {
  klines: { ...kline, kind: 'klines', path: '/api/v3/klines', hasArchive: true },
  uiKlines: { ...kline, kind: 'uiKlines', path: '/api/v3/uiKlines', hasArchive: false },
  aggTrades: {
    kind: 'aggTrades',
    path: '/api/v3/aggTrades',
    weight: 4,
    pageRows: 1000,
    walk: 'aggTradeId',
    security: 'none',
    shape: 'object',
    hasInterval: false,
    key: 'agg_trade_id',
    time: 'time',
    columns: [
      { name: 'agg_trade_id', type: 'id', json: 'a' },
      { name: 'price', type: 'price', json: 'p' },
      { name: 'quantity', type: 'quantity', json: 'q' },
      { name: 'first_trade_id', type: 'id', json: 'f' },
      { name: 'last_trade_id', type: 'id', json: 'l' },
      { name: 'time', type: 'time', json: 'T' },
      { name: 'is_buyer_maker', type: 'flag', json: 'm' },
      { name: 'is_best_match', type: 'flag', json: 'M' },
    ],
    ignored: [],
    hasArchive: true,
    rowBytes: 8,
    rowsPerDay: 1_000_000,
  },
  trades: {
    ...trade,
    kind: 'trades',
    path: '/api/v3/historicalTrades',
    walk: 'tradeId',
    columns: [...tradeColumns, { name: 'is_best_match', type: 'flag', json: 'isBestMatch' }],
    hasArchive: true,
  },
  blockTrades: {
    ...trade,
    kind: 'blockTrades',
    path: '/api/v3/historicalBlockTrades',
    walk: 'blockTradeId',
    columns: tradeColumns,
    hasArchive: false,
    rowsPerDay: 100,
  },
  myTrades: {
    ...account,
    kind: 'myTrades',
    path: '/api/v3/myTrades',
    cursor: 'fromId',
    key: 'trade_id',
    columns: [
      { name: 'trade_id', type: 'id', json: 'id' },
      { name: 'order_id', type: 'id', json: 'orderId' },
      { name: 'order_list_id', type: 'id', json: 'orderListId' },
      { name: 'price', type: 'price', json: 'price' },
      { name: 'quantity', type: 'quantity', json: 'qty' },
      { name: 'quote_quantity', type: 'quantity', json: 'quoteQty' },
      { name: 'commission', type: 'quantity', json: 'commission' },
      { name: 'commission_asset', type: 'text', json: 'commissionAsset' },
      { name: 'time', type: 'time', json: 'time' },
      { name: 'is_buyer', type: 'flag', json: 'isBuyer' },
      { name: 'is_maker', type: 'flag', json: 'isMaker' },
      { name: 'is_best_match', type: 'flag', json: 'isBestMatch' },
    ],
    ignored: ['symbol'],
  },
  allOrders: {
    ...account,
    kind: 'allOrders',
    path: '/api/v3/allOrders',
    cursor: 'orderId',
    key: 'order_id',
    columns: [
      { name: 'order_id', type: 'id', json: 'orderId' },
      { name: 'order_list_id', type: 'id', json: 'orderListId' },
      { name: 'client_order_id', type: 'text', json: 'clientOrderId' },
      { name: 'price', type: 'price', json: 'price' },
      { name: 'orig_quantity', type: 'quantity', json: 'origQty' },
      { name: 'executed_quantity', type: 'quantity', json: 'executedQty' },
      { name: 'cumulative_quote_quantity', type: 'quantity', json: 'cummulativeQuoteQty' },
      { name: 'status', type: 'text', json: 'status' },
      { name: 'time_in_force', type: 'text', json: 'timeInForce' },
      { name: 'type', type: 'text', json: 'type' },
      { name: 'side', type: 'text', json: 'side' },
      { name: 'stop_price', type: 'price', json: 'stopPrice', nullable: true },
      { name: 'iceberg_quantity', type: 'quantity', json: 'icebergQty', nullable: true },
      { name: 'time', type: 'time', json: 'time' },
      { name: 'update_time', type: 'time', json: 'updateTime' },
      { name: 'is_working', type: 'flag', json: 'isWorking' },
      { name: 'working_time', type: 'time', json: 'workingTime', nullable: true },
      { name: 'orig_quote_order_quantity', type: 'quantity', json: 'origQuoteOrderQty' },
      {
        name: 'self_trade_prevention_mode',
        type: 'text',
        json: 'selfTradePreventionMode',
        nullable: true,
      },
      { name: 'extra', type: 'extra', json: '', nullable: true },
    ],
    ignored: ['symbol'],
    // rest-api.md, "Conditional fields in Order Responses".
    extras: [
      'trailingDelta',
      'trailingTime',
      'strategyId',
      'strategyType',
      'workingFloor',
      'preventedMatchId',
      'preventedQuantity',
      'usedSor',
      'pegPriceType',
      'pegOffsetType',
      'pegOffsetValue',
      'peggedPrice',
      'expiryReason',
    ],
  },
  myAllocations: {
    ...account,
    kind: 'myAllocations',
    path: '/api/v3/myAllocations',
    cursor: 'fromAllocationId',
    key: 'allocation_id',
    columns: [
      { name: 'allocation_id', type: 'id', json: 'allocationId' },
      { name: 'allocation_type', type: 'text', json: 'allocationType' },
      { name: 'order_id', type: 'id', json: 'orderId' },
      { name: 'order_list_id', type: 'id', json: 'orderListId' },
      { name: 'price', type: 'price', json: 'price' },
      { name: 'quantity', type: 'quantity', json: 'qty' },
      { name: 'quote_quantity', type: 'quantity', json: 'quoteQty' },
      { name: 'commission', type: 'quantity', json: 'commission' },
      { name: 'commission_asset', type: 'text', json: 'commissionAsset' },
      { name: 'time', type: 'time', json: 'time' },
      { name: 'is_buyer', type: 'flag', json: 'isBuyer' },
      { name: 'is_maker', type: 'flag', json: 'isMaker' },
      { name: 'is_allocator', type: 'flag', json: 'isAllocator' },
    ],
    ignored: ['symbol'],
  },
}

/** How long a partition of a dataset lasts unless the job says otherwise (CONTRACT, the lake). */
export function defaultPartition(kind: DatasetKind, interval?: Interval): Partition {
  if (interval === undefined) return DATASETS[kind].security === 'signed' ? 'month' : 'day'
  if (interval === '1s') return 'day'
  return interval.endsWith('m') ? 'month' : 'year'
}

/** The index of a column by its name; a dataset always has the columns that it names itself. */
export function columnIndex(dataset: Dataset, name: string): number {
  const index = dataset.columns.findIndex((column) => column.name === name)
  if (index >= 0) return index
  throw new RangeError(`${dataset.kind} has no column ${name}`)
}
