/** How long all the work of a plan takes. Pure. */

import { fileSeconds, pageSeconds, weightSeconds, type FileWork, type RestWork } from './cost.ts'
import type { Speed } from './speed.ts'
import type { Task } from './task.ts'

/** Work on both sources. */
export type Work = { readonly rest: RestWork; readonly files: FileWork }

/** The work of these tasks. */
export function workOf(tasks: readonly Task[]): Work {
  const rest = { requests: 0, weight: 0, rows: 0 }
  const files = { files: 0, bytes: 0 }
  for (const task of tasks)
    if (task.source === 'rest') {
      rest.requests += task.cost.requests
      rest.weight += task.cost.weight
      rest.rows += task.cost.rows
    } else {
      files.files += task.files.length
      files.bytes += task.cost.bytes
    }
  return { rest, files }
}

/**
 * Seconds that tasks take, given as those of one series each: series are worked at side by side, the two sources of one
 * series one after the other.
 */
export function totalSeconds(series: readonly (readonly Task[])[], speed: Speed): number {
  const { rest, files } = workOf(series.flat())
  const alone = series.map((tasks) => tasks.reduce((sum, { cost }) => sum + cost.seconds, 0))
  return alone.reduce(
    (most, seconds) => Math.max(most, seconds),
    Math.max(
      weightSeconds(rest.weight, speed),
      pageSeconds(rest, speed),
      fileSeconds(files, speed),
    ),
  )
}
