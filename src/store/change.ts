/** Rows that changed, as words about them. */

import type { RecordBatch } from 'apache-arrow'
import type { Dataset } from '../binance/dataset.ts'

/** A change of a stored row, as the merge finds it. */
export type Change = {
  readonly key: string
  readonly time: string
  readonly old: Readonly<Record<string, string>>
  readonly new: Readonly<Record<string, string>>
}

/** All columns of one row as exact text. */
export type RowTexts = (
  dataset: Dataset,
  batch: RecordBatch,
  row: number,
) => Readonly<Record<string, string>>

/** What the last run was told of rows and did not take, by their keys: the columns that differ from the stored row. */
export type Claims = ReadonlyMap<string, Readonly<Record<string, string>>>
