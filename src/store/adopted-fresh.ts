/** What to ask once more of time that footers alone speak of: no footer says what was young, or open, when it was asked. */

import { intersect, union, type Coverage } from '../base/coverage.ts'
import type { Files } from '../base/ports.ts'
import { latest, micros, periodOf, type Window } from '../base/time.ts'
import { datasetOf } from '../binance/market.ts'
import { INTERLEAVE } from '../binance/disorder.ts'
import { oldBefore } from '../binance/lag.ts'
import { pageOf } from '../rows/batch.ts'
import { partitionPath } from './layout.ts'
import { periodsStoredIn } from './ledger.ts'
import type { Manifest } from './manifest.ts'
import { newestRows, rowGroups } from './newest-rows.ts'
import { freshPart, openOrdersIn } from './fresh.ts'

/**
 * The part of `gained` that may have changed since it was stored.
 *
 * @param manifest - With the files that `gained` was taken from.
 * @throws DamageError, naming the file, when orders cannot be read.
 */
export async function adoptedFresh(
  files: Files,
  manifest: Manifest,
  gained: Coverage,
): Promise<Coverage> {
  const { key } = manifest
  if (datasetOf(key).walk === 'accountWindow') {
    const open = datasetOf(key).staysOpen === true ? await openOrders(files, manifest, gained) : []
    return union(open, await youngEnds(files, manifest, gained))
  }
  return gained.flatMap((window) =>
    // They may have been asked for as soon as they had closed, however long ago that was.
    isOfArchive(manifest, window) ? [] : freshPart(key, window, window.to),
  )
}

/** Does a stretch end with what the archive brought, which has no young klines? */
function isOfArchive({ partitions, partition }: Manifest, { to }: Window): boolean {
  const sources = partitions.get(periodOf(micros(to - 1n), partition))?.sources
  return sources?.join() === 'archive'
}

/** Where stretches of an account end: what was young then may have grown. */
async function youngEnds(files: Files, manifest: Manifest, gained: Coverage): Promise<Coverage> {
  const dataset = datasetOf(manifest.key)
  const ends: Window[] = []
  for (const window of gained) {
    const [newest] = await newestRows(files, manifest, window, 1)
    const time = newest === undefined ? undefined : pageOf(dataset, newest).times[0]
    const settled = time === undefined ? window.from : micros(time - INTERLEAVE)
    ends.push({ from: latest(settled, oldBefore(window.to)), to: window.to })
  }
  return intersect(ends, gained)
}

async function openOrders(files: Files, manifest: Manifest, gained: Coverage): Promise<Coverage> {
  const open: Window[] = []
  const periods = new Set(gained.flatMap((window) => periodsStoredIn(manifest, window)))
  for (const period of periods) {
    const path = partitionPath(manifest.key, period)
    for await (const batch of rowGroups(files, path)) open.push(...openOrdersIn(batch))
  }
  return intersect(union(open), gained)
}
