/** Whether the lake has all of what a reader asks for. */

import { clip, type Coverage } from '../base/coverage.ts'
import { IncompleteError } from '../base/errors.ts'
import { quoteText } from '../base/text.ts'
import { earliest, formatWindow, latest, periodWindow, type Window } from '../base/time.ts'
import { seriesName } from '../binance/series.ts'
import type { Manifest } from '../store/manifest.ts'
import { lookAtSeries } from '../store/present.ts'
import { verdictOf } from '../store/verdict.ts'
import { EARLIEST, LATEST, type OpenQuery } from './read-query.ts'

/** What is lacking of what was asked for. */
export type Completeness = {
  readonly isComplete: boolean
  /** What is not covered, oldest first. */
  readonly missing: Coverage
  /** `incomplete: ...`, in words. */
  readonly words: string
}

/**
 * Judges what a query asks for, as `status` does. Where it names no beginning or no end, that is what was asked of the
 * exchange first, or last.
 *
 * @throws DamageError for a file that is not the one that was recorded.
 */
export async function completeness({
  files,
  manifest: { key },
  window,
}: Pick<OpenQuery, 'files' | 'manifest' | 'window'>): Promise<Completeness> {
  const { manifest: recorded, present } = await lookAtSeries(files, key)
  const wanted = wantedOf(recorded, window)
  const manifest = present && within(present, window)
  const { isComplete, missing, words } = verdictOf({ manifest, wanted, recorded })
  return { isComplete, missing, words }
}

/** @throws IncompleteError where something is lacking of what the query asks for. */
export async function assertComplete(series: OpenQuery): Promise<void> {
  const { isComplete, missing, words } = await completeness(series)
  if (isComplete) return
  const name = quoteText(seriesName(series.manifest.key))
  throw new IncompleteError(`${name} is ${words}`, missing.map(formatWindow))
}

function wantedOf(recorded: Manifest | undefined, { from, to }: Window): Coverage {
  const asked = [...(recorded?.coverage ?? []), ...(recorded?.gaps ?? [])]
  const [first] = asked
  if (first === undefined) return []
  const begin = asked.reduce((time, window) => earliest(time, window.from), first.from)
  const end = asked.reduce((time, window) => latest(time, window.to), first.to)
  const wanted = { from: from === EARLIEST ? begin : from, to: to === LATEST ? end : to }
  return wanted.from < wanted.to ? [wanted] : []
}

/** What lies outside of the window is not asked for, and what its files lack is no lack. */
function within(manifest: Manifest, window: Window): Manifest {
  const partitions = new Map(
    [...manifest.partitions].filter(([period]) => clip([window], periodWindow(period)).length > 0),
  )
  return { ...manifest, partitions }
}
