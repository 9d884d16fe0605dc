/** The markets and their datasets. */

import { parseMicros, type Micros } from '../base/time.ts'
import type { Dataset, DatasetKind, SpotKind } from './dataset.ts'
import { cmAccount, umAccount } from './datasets/futures-account.ts'
import { cmDeliveryPrice, umDeliveryPrice } from './datasets/delivery-price.ts'
import { cmFundingRate, umFundingRate } from './datasets/funding-rate.ts'
import { cmAggTrades, umAggTrades } from './datasets/futures-agg-trades.ts'
import { cmTrades, umTrades } from './datasets/futures-trades.ts'
import { aggTrades } from './datasets/agg-trades.ts'
import { allOrders } from './datasets/all-orders.ts'
import { cmData, umData } from './datasets/futures-data.ts'
import { cmKlines, umKlines } from './datasets/futures-klines.ts'
import { klines, uiKlines } from './datasets/klines.ts'
import { metrics } from './datasets/metrics.ts'
import { myAllocations } from './datasets/my-allocations.ts'
import { myTrades } from './datasets/my-trades.ts'
import { blockTrades, trades } from './datasets/trades.ts'
import { CM_REST, SPOT_REST, UM_REST, type RestFacts } from './rest.ts'
import { DEFAULT_MARKET, MARKET_NAMES, type Market, type SeriesKey } from './series.ts'

/** What is known about one market. */
export type MarketFacts = {
  readonly datasets: Readonly<Partial<Record<DatasetKind, Dataset>>>
  readonly rest: RestFacts
  /** The folder of its files in the archive. */
  readonly archiveFolder: string
  /** From then on its files have microseconds, before that milliseconds; absent: always milliseconds. */
  readonly archiveMicrosFrom?: Micros
}

/** The datasets of spot. */
export const DATASETS: Readonly<Record<SpotKind, Dataset>> = {
  klines,
  uiKlines,
  aggTrades,
  trades,
  blockTrades,
  myTrades,
  allOrders,
  myAllocations,
}

/** Every market by its name. */
export const MARKETS: Readonly<Record<Market, MarketFacts>> = {
  spot: {
    datasets: DATASETS,
    rest: SPOT_REST,
    archiveFolder: 'data/spot',
    archiveMicrosFrom: parseMicros('2025-01-01'),
  },
  um: {
    datasets: {
      ...umKlines,
      aggTrades: umAggTrades,
      trades: umTrades,
      fundingRate: umFundingRate,
      metrics,
      ...umData,
      deliveryPrice: umDeliveryPrice,
      ...umAccount,
    },
    rest: UM_REST,
    archiveFolder: 'data/futures/um',
  },
  cm: {
    datasets: {
      ...cmKlines,
      aggTrades: cmAggTrades,
      trades: cmTrades,
      fundingRate: cmFundingRate,
      metrics,
      ...cmData,
      deliveryPrice: cmDeliveryPrice,
      ...cmAccount,
    },
    rest: CM_REST,
    archiveFolder: 'data/futures/cm',
  },
}

/** The facts about a dataset; `undefined` where the market has none of this name. */
export function findDataset(market: Market, kind: DatasetKind): Dataset | undefined {
  return MARKETS[market].datasets[kind]
}

/** The facts about the dataset of a series. @throws RangeError when its market has no such dataset */
export function datasetOf({ market, dataset }: Pick<SeriesKey, 'market' | 'dataset'>): Dataset {
  const found = findDataset(market, dataset)
  if (found !== undefined) return found
  throw new RangeError(`${market} has no ${dataset}`)
}

/** Series of the same lane wait for the same pools; those of another need not wait for them. */
export function laneOf(key: SeriesKey): string {
  return `${MARKETS[key.market].rest.pool} ${datasetOf(key).pool ?? ''}`
}

/** The markets that have a dataset of this name. */
export function marketsWith(kind: DatasetKind): readonly Market[] {
  return MARKET_NAMES.filter((market) => findDataset(market, kind) !== undefined)
}

/** The names of a market's datasets. */
export function kindsOf(market: Market = DEFAULT_MARKET): readonly string[] {
  return Object.keys(MARKETS[market].datasets)
}

/** The klines of a symbol: they reach back to its listing, while trades may not. */
export function klinesOf({ market, symbol }: Pick<SeriesKey, 'market' | 'symbol'>): SeriesKey {
  return { market, dataset: 'klines', symbol, interval: '1m' }
}
