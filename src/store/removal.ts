/** What a manifest says once the rows of a window are taken out: pure functions. */

import { clip, subtractAll } from '../base/coverage.ts'
import { parseMicros, periodWindow, type Window } from '../base/time.ts'
import { changedGaps, cutGaps, restated, without } from './ledger.ts'
import type { Manifest, Revision } from './manifest.ts'

/** How the rows of a window leave a series. */
export type Removal = {
  /** The manifest when all is done, but for the files that are written anew. */
  readonly after: Manifest
  /** The manifest of the time between: it speaks of no file that is about to change, nor of its time. */
  readonly between: Manifest
  /** Files that are removed. */
  readonly emptied: readonly string[]
  /** Files that are written anew: without some rows, or with a footer that says less. */
  readonly rewritten: readonly string[]
}

/** Periods that have time in `window`, oldest first. */
export function periodsTouched(manifest: Manifest, window: Window): readonly string[] {
  return [...manifest.partitions.keys()]
    .filter((period) => clip([window], periodWindow(period)).length > 0)
    .sort()
}

/** @param emptied - Of the periods touched, those without any row outside of the window. */
export function removalOf(manifest: Manifest, window: Window, emptied: readonly string[]): Removal {
  const after = forgetWindow(manifest, window, emptied)
  const changed = [window, ...changedGaps(manifest.gaps, after.gaps)]
  const cut = periodsTouched(after, window)
  const rewritten = [...new Set([...cut, ...restated(manifest, after, changed)])].sort()
  // A footer that says more than the manifest is taken in by whoever comes next; one that says less would be damage.
  const between = rewritten.reduce(
    (sum, period) => without(sum, period, [periodWindow(period)]),
    after,
  )
  return { after, between, emptied, rewritten }
}

function forgetWindow(manifest: Manifest, window: Window, emptied: readonly string[]): Manifest {
  const rest = emptied.reduce((sum, period) => without(sum, period, [window]), manifest)
  const isOutside = ({ time }: Revision): boolean => {
    const at = parseMicros(time)
    return at < window.from || at >= window.to
  }
  return {
    ...rest,
    coverage: subtractAll(rest.coverage, [window]),
    gaps: cutGaps(rest.gaps, [window]),
    fresh: subtractAll(rest.fresh, [window]),
    revisions: rest.revisions.filter(isOutside),
    doubts: rest.doubts.filter(isOutside),
  }
}
