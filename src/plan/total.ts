/** How long all the work of a plan takes. Pure. */

import { datasetOf, MARKETS } from '../binance/market.ts'
import {
  fileSeconds,
  pageSeconds,
  poolSeconds,
  weightSeconds,
  type FileWork,
  type RestWork,
} from './cost.ts'
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
  const tasks = series.flat()
  const { rest, files } = workOf(tasks)
  const alone = series.map((tasks) => tasks.reduce((sum, { cost }) => sum + cost.seconds, 0))
  return alone.reduce(
    (most, seconds) => Math.max(most, seconds),
    Math.max(...poolsSeconds(tasks, speed), pageSeconds(rest, speed), fileSeconds(files, speed)),
  )
}

/** The seconds of each pool of weight or of requests: they are spent side by side. */
function poolsSeconds(tasks: readonly Task[], speed: Speed): readonly number[] {
  const ofWeight = groupsOf(tasks, ({ key }) => MARKETS[key.market].rest.pool)
  const ofRequests = groupsOf(tasks, ({ key }) => datasetOf(key).pool)
  return [
    ...[...ofWeight.values()].map((own) =>
      weightSeconds(own[0].key, workOf(own).rest.weight, speed),
    ),
    ...[...ofRequests].map(([pool, own]) =>
      pool === undefined ? 0 : poolSeconds(pool, workOf(own).rest.requests, speed),
    ),
  ]
}

function groupsOf<K>(
  tasks: readonly Task[],
  of: (task: Task) => K,
): ReadonlyMap<K, readonly [Task, ...Task[]]> {
  const groups = new Map<K, [Task, ...Task[]]>()
  for (const task of tasks) {
    const own = groups.get(of(task))
    if (own === undefined) groups.set(of(task), [task])
    else own.push(task)
  }
  return groups
}
