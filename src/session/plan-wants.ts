/** What the lake holds of each want, and so what is left to do. */

import { union } from '../base/coverage.ts'
import { periodWindow } from '../base/time.ts'
import { seriesName, type SeriesKey } from '../binance/series.ts'
import type { Options } from '../options.ts'
import { isBlocked, makePlan, type Have, type Plan, type Want } from '../plan/plan.ts'
import type { Speed } from '../plan/speed.ts'
import type { Manifest } from '../store/manifest.ts'
import { seamsAfter } from '../walk/seam.ts'
import type { Manifests } from './manifests.ts'

/** Plans what the wants lack. */
export async function planWants(
  wants: readonly Want[],
  manifests: Manifests,
  speed: Speed,
  options: Options,
): Promise<Plan> {
  const have = new Map<string, Have>()
  for (const want of wants) {
    const manifest = isBlocked(want) ? undefined : await manifests.get(want.key)
    have.set(seriesName(want.key), haveOf(manifest))
  }
  const haveIn = (key: SeriesKey): Have => have.get(seriesName(key)) ?? haveOf(undefined)
  return makePlan(wants, haveIn, speed, options.recheck)
}

function haveOf(manifest: Manifest | undefined): Have {
  const parts = [...(manifest?.partitions ?? [])].map(([period, { rows, bytes }]) => ({
    window: periodWindow(period),
    ...{ rows, bytes },
  }))
  return {
    covered: manifest?.coverage ?? [],
    fresh: manifest?.fresh ?? [],
    gaps: union(manifest?.gaps ?? []),
    rows: parts.reduce((sum, { rows }) => sum + rows, 0),
    bytes: parts.reduce((sum, { bytes }) => sum + bytes, 0),
    parts,
    seams: manifest === undefined ? [] : seamsAfter(manifest, 'archive').map(({ to }) => to),
  }
}
