/** What to ask once more of time that footers alone speak of: no footer says what was young, or open, when it was asked. */

import { intersect, union, type Coverage } from '../base/coverage.ts'
import type { Files } from '../base/ports.ts'
import { latest, micros, periodOf, type Window } from '../base/time.ts'
import { datasetOf } from '../binance/market.ts'
import { gridFloor } from '../binance/interval.ts'
import type { SeriesKey } from '../binance/series.ts'
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
  if (datasetOf(key).security === 'signed') {
    const open = datasetOf(key).staysOpen === true ? await openOrders(files, manifest, gained) : []
    return union(open, await youngEnds(files, manifest, gained))
  }
  if (datasetOf(key).walk === 'whole') return youngEnds(files, manifest, gained)
  return gained.flatMap((window) => (isOfArchive(manifest, window) ? [] : youngKlines(key, window)))
}

/**
 * The klines at the end of a stretch that may have been asked for as soon as they had closed, however long ago that was,
 * and may have come from a host that lagged, which sends those before as they were while they were open.
 */
function youngKlines(key: SeriesKey, window: Window): Coverage {
  if (key.interval === undefined) return []
  const from = latest(gridFloor(key.interval, oldBefore(window.to)), window.from)
  return union(freshPart(key, window, window.to), [{ from, to: window.to }])
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
