/**
 * Aggregate trades.
 *
 * @see binance-spot-api-docs, rest-api.md, "Compressed/Aggregate trades list"; header rows of archive files.
 */

import { archiveColumn, type ArchiveColumn, type Dataset } from '../dataset.ts'

const archive: readonly ArchiveColumn[] = [
  archiveColumn('agg_trade_id', 'aggregatetradeid', 'a'),
  archiveColumn('price', 'p'),
  archiveColumn('quantity', 'qty', 'q'),
  archiveColumn('first_trade_id', 'f'),
  archiveColumn('last_trade_id', 'l'),
  archiveColumn('time', 'timestamp', 'transacttime', 'T'),
  archiveColumn('is_buyer_maker', 'wasthebuyerthemaker', 'm'),
  archiveColumn('is_best_match', 'wasthetradethebestpricematch', 'M'),
]

export const aggTrades: Dataset = {
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
  rules: 'aggTrade',
  archive,
  partition: () => 'day',
  rowBytes: 8,
  rowsPerDay: 1_000_000,
}
