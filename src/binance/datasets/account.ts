/** What the datasets of an account have in common. */

import type { Dataset } from '../dataset.ts'

export const ACCOUNT: Omit<Dataset, 'kind' | 'path' | 'key' | 'columns' | 'ignored' | 'rules'> = {
  weight: 20,
  pageRows: 1000,
  walk: 'accountWindow',
  security: 'signed',
  shape: 'object',
  hasInterval: false,
  time: 'time',
  rowBytes: 60,
  rowsPerDay: 100,
  partition: () => 'month',
}
