/** Pages in key order, without exact duplicates; slices and concatenations of them. */

import type { RecordBatch } from 'apache-arrow'
import type { Dataset } from '../binance/dataset.ts'
import { assemble, sliceBatch, type Range } from './assemble.ts'
import { columnData, pageOf } from './batch.ts'
import { compareHalves, halvesOf } from './int64.ts'
import { isSame, layoutOf } from './layout.ts'
import type { Page } from './page.ts'

/** The page with its rows sorted by key, stable; the same page if it is already sorted. */
export function sortByKey(dataset: Dataset, page: Page): Page {
  const halves = halvesOf(page.keys)
  if (isSorted(halves, page.rowCount)) return page
  const rows = Array.from({ length: page.rowCount }, (_, row) => row)
  rows.sort((a, b) => compareHalves(halves, a, halves, b))
  return pageOf(dataset, assemble(rangesOf(page.batch, rows)))
}

/** The page in key order, equal rows once; the same page if its keys already increase. */
export function inOrder(dataset: Dataset, page: Page): Page {
  const halves = halvesOf(page.keys)
  let row = 1
  while (row < page.rowCount && compareHalves(halves, row - 1, halves, row) < 0) row++
  return row >= page.rowCount ? page : dropDuplicates(dataset, sortByKey(dataset, page)).page
}

function isSorted(halves: Int32Array, rowCount: number): boolean {
  for (let row = 1; row < rowCount; row++)
    if (compareHalves(halves, row - 1, halves, row) > 0) return false
  return true
}

/** Rows by index, neighbours joined into ranges. */
function rangesOf(batch: RecordBatch, rows: readonly number[]): readonly Range[] {
  const ranges: { batch: RecordBatch; from: number; to: number }[] = []
  for (const row of rows) {
    const last = ranges.at(-1)
    if (last?.to === row) last.to = row + 1
    else ranges.push({ batch, from: row, to: row + 1 })
  }
  return ranges
}

/**
 * Drops each row that equals the row before it in key and content. Rows of one key must be adjacent, as in a sorted
 * page. Returns the same page when there is nothing to drop.
 */
export function dropDuplicates(dataset: Dataset, page: Page): { page: Page; dropped: number } {
  const halves = halvesOf(page.keys)
  const layouts = dataset.columns.map((_, index) => layoutOf(columnData(page.batch, index)))
  const kept: number[] = []
  for (let row = 0; row < page.rowCount; row++) {
    const isRepeated =
      row > 0 &&
      compareHalves(halves, row - 1, halves, row) === 0 &&
      layouts.every((layout) => isSame(layout, row - 1, layout, row))
    if (!isRepeated) kept.push(row)
  }
  const dropped = page.rowCount - kept.length
  if (dropped === 0) return { page, dropped }
  return { page: pageOf(dataset, assemble(rangesOf(page.batch, kept))), dropped }
}

/** All rows of `batches`, one after the other. @throws RangeError when there are none, or they differ in a type */
export function concatBatches(batches: readonly RecordBatch[]): RecordBatch {
  return assemble(batches.map((batch) => ({ batch, from: 0, to: batch.numRows })))
}

/** Rows `[from, to)` of `page`. Its keys and times are views of those of `page`. */
export function sliceRows(page: Page, from: number, to: number): Page {
  if (from === 0 && to === page.rowCount) return page
  const keys = page.keys.subarray(from, to)
  const times = page.times === page.keys ? keys : page.times.subarray(from, to)
  return { batch: sliceBatch(page.batch, from, to), rowCount: to - from, keys, times }
}
