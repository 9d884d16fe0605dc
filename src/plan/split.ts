/** Splits a plan between the archive and REST, by the files that are published. Pure. */

import { union } from '../base/coverage.ts'
import type { SeriesPlan } from './plan.ts'
import { archiveTasks, leftBy, restTasks, type PublishedFile } from './task.ts'

/**
 * The plan of a series when these files are used: REST is asked for the rest, and makes one more request at each seam
 * where it continues after them.
 *
 * @param files - In order; they do not overlap.
 * @param weightPerMinute - Request weight available per minute.
 */
export function splitSeries(
  plan: SeriesPlan,
  files: readonly PublishedFile[],
  weightPerMinute: number,
): SeriesPlan {
  const { key, missing, recheck, settings, pace } = plan
  const isAlone = settings.source === 'archive'
  if (files.length === 0 && !isAlone) return plan
  const archive = archiveTasks(key, missing, files)
  const seams = [...plan.seams, ...files.map(({ window }) => window.to)]
  const windows = isAlone ? [] : union(leftBy(archive, missing), recheck)
  const rest = restTasks(key, windows, { pace, seams, weightPerMinute })
  const requests = rest.reduce((sum, { cost }) => sum + cost.requests, 0)
  const weight = rest.reduce((sum, { cost }) => sum + cost.weight, 0)
  const split = { ...plan, requests, weight, tasks: [...archive, ...rest] }
  if (files.length === 0) return split
  const bytes = files.reduce((sum, { sizeBytes = 0 }) => sum + sizeBytes, 0)
  const requestsSaved = Math.max(0, plan.requests - requests)
  return { ...split, archive: { files: files.length, bytes, requestsSaved } }
}
