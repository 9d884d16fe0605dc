/**
 * Settlements of funding of perpetual contracts.
 *
 * @see developers.binance.com, derivatives: "Get Funding Rate History" of USD-M and COIN-M; change log of 2023-10-19 (its
 * own limit), 2023-11-01 (`markPrice`) and 2026-07-23 (`rateType`); header rows of archive files.
 */

import { archiveColumn, type Dataset } from '../dataset.ts'

const shared: Omit<Dataset, 'path' | 'weight'> = {
  kind: 'fundingRate',
  pageRows: 1000,
  pool: 'funding',
  walk: 'time',
  security: 'none',
  shape: 'object',
  hasInterval: false,
  isPerpetual: true,
  // Settlements follow the hour by some milliseconds, and are kept as they came.
  key: 'funding_time',
  time: 'funding_time',
  columns: [
    { name: 'funding_time', type: 'time', json: 'fundingTime' },
    { name: 'funding_rate', type: 'price', json: 'fundingRate' },
    // Of old rows it is an empty text.
    { name: 'mark_price', type: 'price', json: 'markPrice', nullable: true, isOfOneSource: true },
    // Only files have it; no field of an answer has this name.
    {
      name: 'interval_hours',
      type: 'count',
      json: 'fundingIntervalHours',
      nullable: true,
      isOfOneSource: true,
    },
    { name: 'rate_type', type: 'text', json: 'rateType', nullable: true, isOfOneSource: true },
  ],
  ignored: ['symbol'],
  rules: 'funding',
  archive: [
    archiveColumn('funding_time', 'calctime'),
    archiveColumn('interval_hours', 'fundingintervalhours'),
    archiveColumn('funding_rate', 'lastfundingrate'),
  ],
  archiveSpans: ['monthly'],
  isArchiveSecond: true,
  partition: () => 'year',
  rowBytes: 20,
  rowsPerDay: 3,
}

export const umFundingRate: Dataset = { ...shared, path: '/fapi/v1/fundingRate', weight: 0 }
export const cmFundingRate: Dataset = { ...shared, path: '/dapi/v1/fundingRate', weight: 1 }
