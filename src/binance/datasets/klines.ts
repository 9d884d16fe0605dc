/**
 * Klines, and klines for charts (uiKlines); the two differ only in their values.
 *
 * @see binance-spot-api-docs, rest-api.md, "Kline/Candlestick data" and "UIKlines"; header rows of archive files.
 */

import type { Partition } from '../../base/time.ts'
import { archiveColumn, type ArchiveColumn, type Dataset } from '../dataset.ts'
import type { Interval } from '../interval.ts'

const shared: Omit<Dataset, 'kind' | 'path'> = {
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
  rules: 'kline',
  partition: periodOf,
}

const archive: readonly ArchiveColumn[] = [
  archiveColumn('open_time'),
  archiveColumn('open'),
  archiveColumn('high'),
  archiveColumn('low'),
  archiveColumn('close'),
  archiveColumn('volume'),
  archiveColumn('close_time'),
  archiveColumn('quote_volume', 'quoteassetvolume'),
  archiveColumn('trade_count', 'count', 'numberoftrades', 'trades'),
  archiveColumn('taker_buy_volume', 'takerbuybaseassetvolume', 'takerbuybasevolume'),
  archiveColumn('taker_buy_quote_volume', 'takerbuyquoteassetvolume'),
  archiveColumn(undefined, 'ignore'),
]

export const klines: Dataset = { ...shared, kind: 'klines', path: '/api/v3/klines', archive }
export const uiKlines: Dataset = { ...shared, kind: 'uiKlines', path: '/api/v3/uiKlines' }

function periodOf(interval?: Interval): Partition {
  if (interval === undefined || interval === '1s') return 'day'
  return interval.endsWith('m') ? 'month' : 'year'
}
