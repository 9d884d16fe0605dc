/** What is taken in before a plan is made. */

import { DamageError, isChanged } from '../base/errors.ts'
import type { Options } from '../options.ts'
import { isBlocked, type Want } from '../plan/plan.ts'
import type { SeriesKey } from '../binance/series.ts'
import { failureIn } from '../store/held.ts'
import type { SeriesWorld } from '../store/series.ts'
import {
  isEndNew,
  isListingNew,
  isReused,
  recordEnd,
  recordListing,
  recordReuse,
} from '../session/listing.ts'
import type { Manifests } from '../session/manifests.ts'
import type { Turns } from '../session/turns.ts'
import { lostWords, maybePublished, openSeries } from '../session/series.ts'

/** What preparing a want needs. */
export type PrepareWorld = {
  readonly lake: SeriesWorld
  readonly manifests: Manifests
  readonly options: Options
  readonly warn: (key: SeriesKey, message: string) => void
  readonly turns: () => Turns
}

/**
 * Tells which files are gone; takes in what crashed runs left, and what was learnt by resolving, so that the plan
 * knows it. A want of a series with a file that cannot be taken in comes back with that problem.
 */
export async function prepared(
  want: Want,
  { lake, manifests, options, warn, turns: begin }: PrepareWorld,
): Promise<Want> {
  if (isBlocked(want)) return want
  const manifest = await manifests.get(want.key)
  const windows = maybePublished(want, manifest, options)
  const isNew =
    windows.length > 0 ||
    isReused(manifest, want) ||
    isListingNew(manifest, want) ||
    isEndNew(manifest, want)
  if (!isNew && !(await manifests.isBehind(want.key))) return want
  const message = await lostWords(want, manifests)
  if (message !== undefined) warn(want.key, message)
  manifests.forget(want.key)
  try {
    const turns = begin()
    await turns.during(async () => {
      const series = await openSeries(lake, want, windows, turns.suspects)
      await recordReuse(series, want)
      await recordListing(series, want)
      await recordEnd(series, want)
    })
    return want
  } catch (thrown) {
    const problem = await failureIn(lake.assertHeld, thrown)
    // A damaged file is the failure of its series, also where nothing else is left to do; the others go on.
    if (problem instanceof DamageError || isChanged(problem))
      return { ...want, wanted: [], problem }
    throw problem
  }
}
