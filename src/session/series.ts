/** A series of the lake, opened for writing. */

import { clip, intersect, subtractAll, union, type Coverage } from '../base/coverage.ts'
import type { Files } from '../base/ports.ts'
import { periodWindow } from '../base/time.ts'
import { datasetOf } from '../binance/market.ts'
import type { Options } from '../options.ts'
import type { Want } from '../plan/plan.ts'
import { schemaOf } from '../rows/schema.ts'
import { partitionPath } from '../store/layout.ts'
import type { Manifest } from '../store/manifest.ts'
import { Series, type SeriesWorld } from '../store/series.ts'
import { CREATED_BY } from '../version.ts'
import { adoptedFresh } from '../store/adopted-fresh.ts'
import type { Manifests } from './manifests.ts'

/** What series need to be written. */
export function seriesWorld(files: Files, assertHeld: () => Promise<void>): SeriesWorld {
  return {
    files,
    assertHeld,
    createdBy: CREATED_BY,
  }
}

/** Opens a series for writing, and takes in what a crashed run left in `windows`. */
export async function openSeries(
  world: SeriesWorld,
  { key, settings }: Want,
  windows: Coverage,
  suspects?: ReadonlySet<string>,
): Promise<Series> {
  const { numbers, compression } = settings
  const partition = settings.partition ?? datasetOf(key).partition(key.interval)
  const schema = schemaOf(datasetOf(key), numbers)
  const series = await Series.open(world, key, { schema, compression, numbers, partition })
  const freshOf = (adopted: Manifest, gained: Coverage): Promise<Coverage> =>
    adoptedFresh(world.files, adopted, gained)
  await series.adopt(windows, freshOf, suspects)
  return series
}

/** What of a want a crashed run may have published without recording it. */
export function maybePublished(
  { wanted }: Want,
  manifest: Manifest | undefined,
  { recheck, refreshArchives }: Options,
): Coverage {
  const missing = subtractAll(wanted, manifest?.coverage ?? [])
  // What a refresh writes anew is not bound by what is wanted.
  if (refreshArchives === true) return union(missing, manifest?.coverage)
  const again = union(manifest?.fresh ?? [], recheck === undefined ? [] : [recheck])
  return union(missing, intersect(wanted, again))
}

/** What to say of files that hold what is wanted and that somebody removed; `undefined` when all are there. */
export async function lostWords(
  { key, wanted }: Want,
  manifests: Manifests,
): Promise<string | undefined> {
  const lost = (await manifests.lost(key)).filter(
    (period) => clip(wanted, periodWindow(period)).length > 0,
  )
  const [first] = lost
  if (first === undefined) return undefined
  const more = lost.length > 1 ? ` and ${lost.length - 1} more are` : ' is'
  return `${partitionPath(key, first)}${more} gone; what was in there is asked for again`
}
