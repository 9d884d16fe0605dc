/**
 * Trades, and block trades.
 *
 * @see binance-spot-api-docs, rest-api.md, "Old trade lookup" and "Historical block trades"; header rows of archive files.
 */

import { archiveColumn, type ArchiveColumn, type Column, type Dataset } from '../dataset.ts'

const shared: Omit<Dataset, 'kind' | 'path' | 'walk' | 'columns'> = {
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
  rules: 'trade',
  partition: () => 'day',
}

const columns: readonly Column[] = [
  { name: 'trade_id', type: 'id', json: 'id' },
  { name: 'price', type: 'price', json: 'price' },
  { name: 'quantity', type: 'quantity', json: 'qty' },
  { name: 'quote_quantity', type: 'quantity', json: 'quoteQty' },
  { name: 'time', type: 'time', json: 'time' },
  { name: 'is_buyer_maker', type: 'flag', json: 'isBuyerMaker' },
]

const archive: readonly ArchiveColumn[] = [
  archiveColumn('trade_id', 'id'),
  archiveColumn('price'),
  archiveColumn('quantity', 'qty'),
  archiveColumn('quote_quantity', 'quoteqty'),
  archiveColumn('time', 'timestamp'),
  archiveColumn('is_buyer_maker', 'wasthebuyerthemaker'),
  archiveColumn('is_best_match', 'wasthetradethebestpricematch'),
]

export const trades: Dataset = {
  ...shared,
  kind: 'trades',
  path: '/api/v3/historicalTrades',
  walk: 'tradeId',
  columns: [...columns, { name: 'is_best_match', type: 'flag', json: 'isBestMatch' }],
  archive,
}

export const blockTrades: Dataset = {
  ...shared,
  kind: 'blockTrades',
  path: '/api/v3/historicalBlockTrades',
  walk: 'blockTradeId',
  columns,
  rowsPerDay: 100,
}
