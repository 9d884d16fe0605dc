/**
 * The seam where an archive file continues after REST: the whole file is at hand, so its rows of the time before are
 * compared with the stored ones, without a request.
 */

import type { RecordBatch } from 'apache-arrow'
import { covers } from '../../base/coverage.ts'
import { micros, periodWindow, type Micros, type Window } from '../../base/time.ts'
import { archiveSpan } from '../../binance/archive.ts'
import { type Dataset } from '../../binance/dataset.ts'
import { datasetOf } from '../../binance/market.ts'
import { pageOf } from '../../rows/batch.ts'
import { lowerBound } from '../../rows/int64.ts'
import { concatBatches, sliceRows } from '../../rows/order.ts'
import type { Page } from '../../rows/page.ts'
import type { Manifest } from '../../store/manifest.ts'
import type { Series } from '../../store/series.ts'
import type { ArchiveRows } from './file-rows.ts'
import { compareSeam, rowsBefore, type SeamDifference } from '../seam.ts'
import type { PublishedFile } from '../../plan/task.ts'

/**
 * How a file differs from the newest rows before `part`, where REST brought these; `undefined` when nothing differs.
 *
 * @param part - The part of the file's time that is to be stored.
 * @throws ArchiveError when the file cannot be used.
 */
export async function fileSeam(
  series: Series,
  { file, part }: { readonly file: PublishedFile; readonly part: Window },
  rows: ArchiveRows,
): Promise<SeamDifference | undefined> {
  if (part.from <= file.window.from || isSettled(series.manifest, file, part.from)) return undefined
  const stored = await rowsBefore(series, part.from, 'rest')
  if (stored === undefined) return undefined
  const answer = await rowsLike(datasetOf(series.key), rows.pages(), stored)
  const difference =
    answer === undefined ? undefined : compareSeam(series.key, stored, part.from, answer)
  // Nothing may be stored from a file that turns out to be wrong further down.
  if (difference !== undefined) await rows.checkAll()
  return difference
}

/** Has a daily file covered the time before `from`? Then a monthly one has nothing to add. */
function isSettled({ archives }: Manifest, { period }: PublishedFile, from: Micros): boolean {
  if (archiveSpan(period) === 'daily') return false
  const last = { from: micros(from - 1n), to: from }
  return [...archives.values()].some(
    (entry) => archiveSpan(entry.period) === 'daily' && covers([periodWindow(entry.period)], last),
  )
}

/** The rows of a file between the keys of `stored`. Reads no further than it must. */
async function rowsLike(
  dataset: Dataset,
  pages: AsyncIterable<Page>,
  { keys, rowCount }: Page,
): Promise<Page | undefined> {
  const found: RecordBatch[] = []
  for await (const page of pages) {
    const first = lowerBound(page.keys, keys[0] ?? 0n)
    const end = lowerBound(page.keys, (keys[rowCount - 1] ?? 0n) + 1n)
    if (first < end) found.push(sliceRows(page, first, end).batch)
    if (end < page.rowCount) break
  }
  return found.length === 0 ? undefined : pageOf(dataset, concatBatches(found))
}
