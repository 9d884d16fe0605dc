/** One stored row by its id: whether a series holds it, and its time. */

import type { Files } from '../base/ports.ts'
import { micros, type Micros } from '../base/time.ts'
import { columnIndex } from '../binance/dataset.ts'
import { datasetOf } from '../binance/market.ts'
import { partitionPath } from './layout.ts'
import type { Manifest } from './manifest.ts'
import { rowGroups } from './newest-rows.ts'
import { int64Column } from './stored-rows.ts'

/**
 * The time of the row with this id; `undefined` when it is not stored. Opens only files whose ids reach around it.
 *
 * @throws DamageError when a file that the manifest names is gone; StoreError when one cannot be decoded.
 */
export async function timeOfId(
  files: Files,
  { key, partitions }: Manifest,
  id: bigint,
): Promise<Micros | undefined> {
  const dataset = datasetOf(key)
  const [keyIndex, timeIndex] = [dataset.key, dataset.time].map((name) =>
    columnIndex(dataset, name),
  )
  for (const [period, { firstKey, lastKey }] of partitions) {
    if (BigInt(firstKey) > id || id > BigInt(lastKey)) continue
    for await (const batch of rowGroups(files, partitionPath(key, period))) {
      const ids = int64Column(batch, keyIndex ?? 0)
      if ((ids[0] ?? 0n) > id) continue
      const row = ids.indexOf(id)
      if (row >= 0) return micros(int64Column(batch, timeIndex ?? 0)[row] ?? 0n)
      break
    }
  }
  return undefined
}
