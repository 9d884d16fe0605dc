/**
 * Aggregate trades of the futures markets: those of spot without `M`, from ids without holes. REST reaches back a day or
 * two; the archive has all.
 *
 * @see developers.binance.com, derivatives: "Compressed/Aggregate Trades List" of USD-M and COIN-M; change log of
 * 2026-06-05 (`nq`, the quantity without retail price improvement, which files lack) and 2026-08-18 (reach).
 */

import type { Dataset } from '../dataset.ts'
import { aggTrades as spotAggTrades } from './agg-trades.ts'

const shared: Omit<Dataset, 'path'> = {
  ...spotAggTrades,
  weight: 20,
  columns: spotAggTrades.columns.filter(({ json }) => json !== 'M'),
  ignored: ['nq'],
  archive: (spotAggTrades.archive ?? []).filter(({ name }) => name !== 'is_best_match'),
}

export const umAggTrades: Dataset = { ...shared, path: '/fapi/v1/aggTrades' }
/** Quantities are contracts. */
export const cmAggTrades: Dataset = { ...shared, path: '/dapi/v1/aggTrades' }
