/** A plan split between the archive and REST, by the files that were found to be published. Pure. */

import { subtractAll, union } from '../base/coverage.ts'
import type { Window } from '../base/time.ts'
import { estimateRest } from './estimate.ts'
import type { SeriesPlan } from './plan.ts'

/** A published file. */
export type PublishedFile = {
  /** The time that it is about. */
  readonly window: Window
  /** `undefined` where the bucket does not say. */
  readonly sizeBytes: number | undefined
}

/**
 * What a series takes when these files are used: REST is asked for what they leave, and once more at each seam where
 * it goes on after them.
 */
export function splitSeries(plan: SeriesPlan, files: readonly PublishedFile[]): SeriesPlan {
  const { key, missing, recheck, settings } = plan
  if (files.length === 0 && settings.source !== 'archive') return plan
  const published = files.map(({ window }) => window)
  const left = subtractAll(missing, union(published))
  const isAlone = settings.source === 'archive'
  const seams = [...plan.seams, ...published.map(({ to }) => to)]
  const windows = isAlone ? [] : union(left, recheck)
  const { requests, weight } = estimateRest(key, windows, { pace: plan.pace, seams })
  const split = { ...plan, requests, weight }
  if (files.length === 0) return split
  const bytes = files.reduce((sum, { sizeBytes = 0 }) => sum + sizeBytes, 0)
  const requestsSaved = Math.max(0, plan.requests - requests)
  return { ...split, archive: { files: files.length, bytes, requestsSaved } }
}
