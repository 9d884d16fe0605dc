/** The markets and their datasets. */

import type { Dataset, DatasetKind } from './dataset.ts'
import { aggTrades } from './datasets/agg-trades.ts'
import { allOrders } from './datasets/all-orders.ts'
import { klines, uiKlines } from './datasets/klines.ts'
import { myAllocations } from './datasets/my-allocations.ts'
import { myTrades } from './datasets/my-trades.ts'
import { blockTrades, trades } from './datasets/trades.ts'
import { DEFAULT_MARKET, type Market, type SeriesKey } from './series.ts'

/** What is known about one market. */
export type MarketFacts = {
  readonly datasets: Readonly<Record<DatasetKind, Dataset>>
  /** The folder of its files in the archive. */
  readonly archiveFolder: string
}

/** Every market by its name. */
export const MARKETS: Readonly<Record<Market, MarketFacts>> = {
  spot: {
    datasets: {
      klines,
      uiKlines,
      aggTrades,
      trades,
      blockTrades,
      myTrades,
      allOrders,
      myAllocations,
    },
    archiveFolder: 'data/spot',
  },
}

/** The datasets of {@link DEFAULT_MARKET}. */
export const DATASETS: MarketFacts['datasets'] = MARKETS[DEFAULT_MARKET].datasets

/** The facts about the dataset of a series. */
export function datasetOf({ market, dataset }: Pick<SeriesKey, 'market' | 'dataset'>): Dataset {
  return MARKETS[market].datasets[dataset]
}

/** The klines of a symbol: they reach back to its listing, while trades may not. */
export function klinesOf({ market, symbol }: Pick<SeriesKey, 'market' | 'symbol'>): SeriesKey {
  return { market, dataset: 'klines', symbol, interval: '1m' }
}
