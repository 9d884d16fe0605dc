/**
 * Klines of the futures markets: of contracts, of a pair's contracts, and of the prices that no trades make. One decoder
 * for all, since an element of the array has the same place in each; what the volumes count differs.
 *
 * @see developers.binance.com, derivatives: "Kline/Candlestick Data", "Continuous Contract Kline", "Index Price Kline",
 * "Mark Price Kline", "Premium index Kline" of USD-M and COIN-M; binance-public-data, README.md: COIN-M files have the
 * columns of USD-M with other units.
 */

import { archiveColumn, type ArchiveColumn, type Column, type Dataset } from '../dataset.ts'
import { INTERVALS } from '../interval.ts'
import { klines as spotKlines } from './klines.ts'

/** Weight goes by `limit`: 499 rows for 2 are the most rows for a unit of weight. */
const PAGE = {
  pageRows: 499,
  weight: 2,
  weights: [
    [99, 1],
    [499, 2],
    [1000, 5],
    [1500, 10],
  ],
} as const
/** COIN-M refuses longer windows (-4088). */
const WINDOW_DAYS_MAX = 200

const prices: readonly Column[] = spotKlines.columns.slice(0, 5)

const { archive: archiveOfSpot = [], ...unfiledOfSpot } = spotKlines

/** The columns of USD-M klines are those of spot. */
const unfiled: Omit<Dataset, 'kind' | 'path'> = {
  ...unfiledOfSpot,
  ...PAGE,
  intervals: INTERVALS.filter((interval) => interval !== '1s'),
}

/** COIN-M counts contracts of a fixed value in the quote asset; the other volume is of the base asset. */
const cm: Omit<Dataset, 'kind' | 'path'> = {
  ...unfiled,
  windowDaysMax: WINDOW_DAYS_MAX,
  columns: [
    ...prices,
    { name: 'contracts', type: 'quantity', json: 5 },
    { name: 'close_time', type: 'end', json: 6 },
    { name: 'base_volume', type: 'quantity', json: 7 },
    { name: 'trade_count', type: 'count', json: 8 },
    { name: 'taker_buy_contracts', type: 'quantity', json: 9 },
    { name: 'taker_buy_base_volume', type: 'quantity', json: 10 },
  ],
}

/** Nothing is traded at these prices: the volumes are zeros, and the count is that of samples. */
const priceKlines: Omit<Dataset, 'kind' | 'path'> = {
  ...unfiled,
  columns: [
    ...prices,
    { name: 'close_time', type: 'end', json: 6 },
    { name: 'sample_count', type: 'count', json: 8 },
  ],
  ignored: [5, 7, 9, 10, 11],
  rules: 'price',
  rowBytes: 25,
}

// Header rows name the columns of all of them as those of spot.
const HEADERS = {
  volume: ['volume'],
  close: ['closetime'],
  quote: ['quotevolume', 'quoteassetvolume'],
  count: ['count', 'numberoftrades', 'trades'],
  taker: ['takerbuyvolume', 'takerbuybaseassetvolume', 'takerbuybasevolume'],
  takerQuote: ['takerbuyquotevolume', 'takerbuyquoteassetvolume'],
} as const

const archivePrices: readonly ArchiveColumn[] = archiveOfSpot.slice(0, 5)

const archiveCm: readonly ArchiveColumn[] = [
  ...archivePrices,
  archiveColumn('contracts', ...HEADERS.volume),
  archiveColumn('close_time'),
  archiveColumn('base_volume', ...HEADERS.quote),
  archiveColumn('trade_count', ...HEADERS.count),
  archiveColumn('taker_buy_contracts', ...HEADERS.taker),
  archiveColumn('taker_buy_base_volume', ...HEADERS.takerQuote),
  archiveColumn(undefined, 'ignore'),
]

const archiveOfPrices: readonly ArchiveColumn[] = [
  ...archivePrices,
  archiveColumn(undefined, ...HEADERS.volume),
  archiveColumn('close_time'),
  archiveColumn(undefined, ...HEADERS.quote),
  archiveColumn('sample_count', ...HEADERS.count),
  archiveColumn(undefined, ...HEADERS.taker),
  archiveColumn(undefined, ...HEADERS.takerQuote),
  archiveColumn(undefined, 'ignore'),
]

/** Of a pair: one contract after the other, each as long as it is of the type. */
const CONTRACTS = ['PERPETUAL', 'CURRENT_QUARTER', 'NEXT_QUARTER'] as const

/** There are no files of them. */
const continuous = { kind: 'continuousKlines', subject: 'pair', contracts: CONTRACTS } as const

const cmPriceKlines = { ...priceKlines, windowDaysMax: WINDOW_DAYS_MAX }
/** The klines of USD-M. */
export const umKlines = {
  klines: {
    ...unfiled,
    kind: 'klines',
    path: '/fapi/v1/klines',
    archive: archiveOfSpot,
    isArchiveDoubted: true,
  },
  markPriceKlines: {
    ...priceKlines,
    kind: 'markPriceKlines',
    path: '/fapi/v1/markPriceKlines',
    archive: archiveOfPrices,
  },
  indexPriceKlines: {
    ...priceKlines,
    kind: 'indexPriceKlines',
    path: '/fapi/v1/indexPriceKlines',
    subject: 'pair',
    archive: archiveOfPrices,
  },
  premiumIndexKlines: {
    ...priceKlines,
    kind: 'premiumIndexKlines',
    path: '/fapi/v1/premiumIndexKlines',
    rules: 'premium',
    archive: archiveOfPrices,
  },
  continuousKlines: {
    ...unfiled,
    ...continuous,
    path: '/fapi/v1/continuousKlines',
    contracts: [...CONTRACTS, 'TRADIFI_PERPETUAL'],
  },
} satisfies Record<string, Dataset>

/** The klines of COIN-M. */
export const cmKlines = {
  klines: {
    ...cm,
    kind: 'klines',
    path: '/dapi/v1/klines',
    archive: archiveCm,
    isArchiveDoubted: true,
  },
  markPriceKlines: {
    ...cmPriceKlines,
    kind: 'markPriceKlines',
    path: '/dapi/v1/markPriceKlines',
    archive: archiveOfPrices,
  },
  indexPriceKlines: {
    ...cmPriceKlines,
    kind: 'indexPriceKlines',
    path: '/dapi/v1/indexPriceKlines',
    subject: 'pair',
    archive: archiveOfPrices,
  },
  premiumIndexKlines: {
    ...cmPriceKlines,
    kind: 'premiumIndexKlines',
    path: '/dapi/v1/premiumIndexKlines',
    rules: 'premium',
    archive: archiveOfPrices,
  },
  continuousKlines: { ...cm, ...continuous, path: '/dapi/v1/continuousKlines' },
} satisfies Record<string, Dataset>
