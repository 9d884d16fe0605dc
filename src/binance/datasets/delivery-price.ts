/**
 * The prices at which the contracts of a pair were delivered. There are no files of them.
 *
 * @see developers.binance.com, derivatives: "Quarterly Contract Settlement Price" of USD-M and COIN-M. It takes no other
 * parameter than the pair, has no weight, and both values of a row are numbers.
 */

import type { Dataset } from '../dataset.ts'

const shared: Omit<Dataset, 'weight'> = {
  kind: 'deliveryPrice',
  path: '/futures/data/delivery-price',
  // All that there is comes in one answer: four deliveries a year.
  pageRows: 1000,
  pool: 'data',
  walk: 'whole',
  security: 'none',
  shape: 'object',
  hasInterval: false,
  subject: 'pair',
  isDated: true,
  key: 'delivery_time',
  time: 'delivery_time',
  columns: [
    { name: 'delivery_time', type: 'time', json: 'deliveryTime' },
    { name: 'delivery_price', type: 'price', json: 'deliveryPrice', isBare: true },
  ],
  ignored: ['pair'],
  rules: 'delivery',
  partition: () => 'year',
  rowBytes: 40,
  rowsPerDay: 0.02,
}

export const umDeliveryPrice: Dataset = { ...shared, weight: 0 }
/** One for each answer, as the other datasets of `futures/data`. */
export const cmDeliveryPrice: Dataset = { ...shared, weight: 1 }
