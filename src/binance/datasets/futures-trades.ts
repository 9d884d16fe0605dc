/**
 * Trades of the futures markets, from the archive alone: over REST they need a key, cost 200 of weight for 500 rows and
 * reach back a month. Ids are left out where the insurance fund or a deleveraging took part: a skipped id is no row that
 * is missing.
 *
 * @see developers.binance.com, derivatives: "Old Trades Lookup" of USD-M and COIN-M; change log of 2026-03-19 (reach) and
 * 2026-07-29 (weight); header rows of archive files; binance-public-data, issues 363 and 378 (ids).
 */

import { archiveColumn, type ArchiveColumn, type Column, type Dataset } from '../dataset.ts'

const shared: Omit<Dataset, 'columns' | 'archive'> = {
  kind: 'trades',
  path: '',
  weight: 0,
  pageRows: 100_000,
  walk: 'archive',
  areIdsSparse: true,
  security: 'none',
  shape: 'object',
  hasInterval: false,
  key: 'trade_id',
  time: 'time',
  ignored: [],
  rules: 'futuresTrade',
  partition: () => 'day',
  rowBytes: 10,
  rowsPerDay: 2_000_000,
}

/** What was paid: in the quote asset, or where quantities are contracts in the base asset. */
function columnsWith(paid: Column): readonly Column[] {
  return [
    { name: 'trade_id', type: 'id', json: 'id' },
    { name: 'price', type: 'price', json: 'price' },
    { name: 'quantity', type: 'quantity', json: 'qty' },
    paid,
    { name: 'time', type: 'time', json: 'time' },
    { name: 'is_buyer_maker', type: 'flag', json: 'isBuyerMaker' },
  ]
}

/** Six columns: there is no `is_best_match`. */
function archiveWith(paid: ArchiveColumn): readonly ArchiveColumn[] {
  return [
    archiveColumn('trade_id', 'id'),
    archiveColumn('price'),
    archiveColumn('quantity', 'qty'),
    paid,
    archiveColumn('time', 'timestamp'),
    archiveColumn('is_buyer_maker', 'wasthebuyerthemaker'),
  ]
}

export const umTrades: Dataset = {
  ...shared,
  columns: columnsWith({ name: 'quote_quantity', type: 'quantity', json: 'quoteQty' }),
  archive: archiveWith(archiveColumn('quote_quantity', 'quoteqty')),
}

/** Quantities are contracts. */
export const cmTrades: Dataset = {
  ...shared,
  columns: columnsWith({ name: 'base_quantity', type: 'quantity', json: 'baseQty' }),
  archive: archiveWith(archiveColumn('base_quantity', 'baseqty')),
}
