/** The newest rows of a series before a moment, to compare with what another source says of them. */

import type { RecordBatch } from 'apache-arrow'
import type { Files } from '../base/ports.ts'
import { micros, periodWindow, type Micros, type Window } from '../base/time.ts'
import { columnIndex } from '../binance/dataset.ts'
import { datasetOf } from '../binance/market.ts'
import { lostFile, reading } from './damaged.ts'
import { partitionPath } from './layout.ts'
import type { Manifest } from './manifest.ts'
import { columnBounds, readFooter, readRowGroup } from './parquet/read.ts'
import { int64Column } from './stored-rows.ts'

/**
 * The last `count` rows of `window`, in order, or as many as there are. Reads no row group that it need not.
 *
 * @throws DamageError, naming it, for a file that the manifest names and that is gone or cannot be read.
 */
export async function newestRows(
  files: Files,
  manifest: Manifest,
  window: Window,
  count: number,
): Promise<readonly RecordBatch[]> {
  const found: RecordBatch[] = []
  let left = count
  const periods = [...manifest.partitions.keys()].sort().reverse()
  for (const period of periods) {
    const { from, to } = periodWindow(period)
    if (from >= window.to) continue
    if (to <= window.from || left <= 0) break
    for await (const batch of rowGroups(files, partitionPath(manifest.key, period))) {
      const part = lastOf(manifest, batch, window, left)
      if (part.numRows > 0) found.unshift(part)
      left -= part.numRows
      if (left <= 0) break
    }
  }
  return found
}

/** The time of the newest row, from the manifest or else from the footer of the newest file; `undefined` without rows. */
export async function newestTime(files: Files, manifest: Manifest): Promise<Micros | undefined> {
  const { key, partitions } = manifest
  const [newest] = [...partitions.keys()].sort().reverse()
  const entry = newest === undefined ? undefined : partitions.get(newest)
  if (newest === undefined || entry === undefined) return undefined
  if (key.interval !== undefined) return micros(BigInt(entry.lastKey))
  const path = partitionPath(key, newest)
  const file = await files.open(path)
  if (file === undefined) throw lostFile(path)
  try {
    const footer = await reading(path, () => readFooter(file))
    const ends = footer.rowGroups.flatMap((_, group) => {
      const max = columnBounds(footer, group, datasetOf(key).time)?.max
      return typeof max === 'bigint' ? [max] : []
    })
    return ends.length === 0 ? undefined : micros(ends.reduce((a, b) => (a > b ? a : b)))
  } finally {
    await file.close()
  }
}

/** The rows of a file, a row group at a time, the last one first. @throws DamageError, naming it; see {@link newestRows}. */
export async function* rowGroups(
  files: Files,
  path: string,
): AsyncGenerator<RecordBatch, void, void> {
  const file = await files.open(path)
  if (file === undefined) throw lostFile(path)
  try {
    const footer = await reading(path, () => readFooter(file))
    for (let index = footer.rowGroups.length - 1; index >= 0; index--)
      yield await reading(path, () => readRowGroup(file, footer, index))
  } finally {
    await file.close()
  }
}

/** The last rows of a batch that lie in `window`, at most `count`. */
function lastOf(
  { key }: Manifest,
  batch: RecordBatch,
  { from, to }: Window,
  count: number,
): RecordBatch {
  const dataset = datasetOf(key)
  const times = int64Column(batch, columnIndex(dataset, dataset.time))
  let end = times.length
  while (end > 0 && (times[end - 1] ?? 0n) >= to) end--
  let first = end
  while (first > 0 && end - first < count && (times[first - 1] ?? 0n) >= from) first--
  return batch.slice(first, end)
}
