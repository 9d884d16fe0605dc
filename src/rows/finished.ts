/** Which of two states of a kline is more finished: while it is open, trades are only ever added to it. */

import type { RecordBatch } from 'apache-arrow'
import type { Dataset } from '../binance/dataset.ts'
import { columnData } from './batch.ts'
import { compareNumbers } from './number-column.ts'
import { valueText } from './value-text.ts'

/** A row of a batch. */
type RowAt = { readonly batch: RecordBatch; readonly row: number }

/** Elements of a kline in all markets. */
const COUNT = 8
const VOLUME = 5

/** Does `fresh` show less than `stored`: fewer trades, or as many and less volume? Of klines only. */
export function showsLess(dataset: Dataset, stored: RowAt, fresh: RowAt): boolean {
  if (!dataset.hasInterval) return false
  const order = compareAt(dataset, COUNT, fresh, stored)
  return order < 0 || (order === 0 && compareAt(dataset, VOLUME, fresh, stored) < 0)
}

function compareAt(dataset: Dataset, json: number, a: RowAt, b: RowAt): number {
  const index = dataset.columns.findIndex((column) => column.json === json)
  const column = dataset.columns[index]
  if (column === undefined) return 0
  const textOf = ({ batch, row }: RowAt): string => valueText(column, columnData(batch, index), row)
  return compareNumbers(textOf(a), textOf(b))
}
