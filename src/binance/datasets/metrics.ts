/**
 * Open interest and ratios of positions, every five minutes; from the archive alone.
 *
 * @see binance-public-data, header rows of archive files; its issues 491 (what the label means changed on 2026-06-25),
 * 350, 276 and 287 (holes), 498 (an audit).
 */

import { archiveColumn, type Column, type Dataset } from '../dataset.ts'

const VALUES = [
  ['sum_open_interest', 'quantity'],
  ['sum_open_interest_value', 'quantity'],
  ['count_toptrader_long_short_ratio', 'price'],
  ['sum_toptrader_long_short_ratio', 'price'],
  ['count_long_short_ratio', 'price'],
  ['sum_taker_long_short_vol_ratio', 'price'],
] as const

export const metrics: Dataset = {
  kind: 'metrics',
  path: '',
  weight: 0,
  pageRows: 100_000,
  walk: 'archive',
  security: 'none',
  shape: 'object',
  hasInterval: false,
  grid: '5m',
  key: 'time',
  time: 'time',
  columns: [
    { name: 'time', type: 'time', json: 'time' },
    { name: 'create_time', type: 'text', json: 'create_time' },
    { name: 'label', type: 'text', json: 'label' },
    ...VALUES.map(([name, type]): Column => ({ name, type, json: name, nullable: true })),
  ],
  ignored: [],
  rules: 'metrics',
  archive: [
    archiveColumn('create_time'),
    archiveColumn(undefined, 'symbol'),
    ...VALUES.map(([name]) => archiveColumn(name)),
  ],
  archiveSpans: ['daily'],
  labels: 'create_time',
  partition: () => 'month',
  rowBytes: 40,
  rowsPerDay: 288,
}
