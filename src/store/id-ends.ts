/** What the manifest shows of the rows on either side of a moment: what a walk goes on from, and has to meet. */

import { clip, covers } from '../base/coverage.ts'
import { micros, periodOf, periodWindow, type Micros } from '../base/time.ts'
import { DATASETS } from '../binance/dataset.ts'
import type { Manifest } from './manifest.ts'

/**
 * The id after the last row before `from`, where the lake shows it: the whole period before `from` is covered, has
 * rows, and nothing after `from` is in the same file, nor was anything left out there.
 */
export function nextIdAt(manifest: Manifest, from: Micros): bigint | undefined {
  const name = periodOf(micros(from - 1n), manifest.partition)
  const period = periodWindow(name)
  const entry = manifest.partitions.get(name)
  if (entry === undefined || !covers(manifest.coverage, { from: period.from, to: from }))
    return undefined
  if (from === period.to) return BigInt(entry.lastKey) + 1n
  const rest = { from, to: period.to }
  // Rows after a stretch that was not answered may be stored before that stretch is.
  const isLast =
    clip(manifest.coverage, rest).length === 0 && clip(manifest.gaps, rest).length === 0
  return isLast ? BigInt(entry.lastKey) + 1n : undefined
}

/** The first stored id of the periods that begin at or after `from`; `undefined` when nothing is stored of any. */
export function firstIdAfter({ partitions }: Manifest, from: Micros): bigint | undefined {
  const periods = [...partitions.keys()].filter((period) => periodWindow(period).from >= from)
  const entry = partitions.get(periods.sort()[0] ?? '')
  return entry === undefined ? undefined : BigInt(entry.firstKey)
}

/** Are there rows of before `from`, as far as keys and periods tell? */
export function hasRowsBefore({ key, partitions }: Manifest, from: Micros): boolean {
  const dataset = DATASETS[key.dataset]
  return [...partitions].some(([period, { firstKey }]) =>
    dataset.key === dataset.time ? BigInt(firstKey) < from : periodWindow(period).to <= from,
  )
}
