/** What a source could not get becomes tasks of the next one. */

import { covers, union, type Coverage } from '../base/coverage.ts'
import type { SeriesPlan } from '../plan/plan.ts'
import { archiveTasks, restTasks, type Task } from '../plan/task.ts'
import type { ArchiveRun } from '../walk/archive/archive.ts'

/** Chooses tasks for what is left. */
export type TaskSource = (left: Coverage) => Promise<readonly Task[]> | readonly Task[]

/**
 * The planned files, those of one missing window at once: the ids on both sides of a day without a file may join, and
 * what the files beside the window say is asked at its own ends.
 */
export function plannedFiles({ missing, tasks }: SeriesPlan): TaskSource {
  const planned = tasks.filter((task) => task.source === 'archive')
  return () =>
    missing.flatMap((window) => {
      const [first, ...rest] = planned.filter((task) => covers([window], task.window))
      if (first === undefined) return []
      return [{ ...first, window, files: [first, ...rest].flatMap(({ files }) => files) }]
    })
}

/**
 * Daily files of what is left although its monthly file was tried. They are taken whole, so that a day and the month
 * that it is a part of are compared: the day is right.
 */
export function daysInstead({ plan, session, now }: ArchiveRun): TaskSource {
  const { key, missing, tasks } = plan
  const tried = tasks.flatMap((task) => (task.source === 'archive' ? task.files : []))
  return async (left) =>
    archiveTasks(key, missing, await session.daysInstead(key, left, { now, tried, isLast: false }))
}

/** Monthly files of what is left. @param isLast - Is there nothing else to be asked? */
export function monthsInstead(
  { plan: { key }, session, now }: ArchiveRun,
  isLast: boolean,
): TaskSource {
  return async (left) => {
    const months = await session.monthsInstead(key, left, { now, tried: [], isLast })
    return archiveTasks(key, left, months)
  }
}

/** REST, for what is left and what is to be asked once more. */
export function restOf(
  { key, recheck, pace, seams }: SeriesPlan,
  weightPerMinute: number,
): TaskSource {
  return (left) => restTasks(key, union(left, recheck), { pace, seams, weightPerMinute })
}
