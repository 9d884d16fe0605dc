/** What a source could not get becomes tasks of the next one. */

import { covers, intersect, subtractAll, union, type Coverage } from '../base/coverage.ts'
import type { SeriesPlan } from '../plan/plan.ts'
import type { Speed } from '../plan/speed.ts'
import { archiveTasks, restTasks, type PublishedFile, type Task } from '../plan/task.ts'
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
export function daysInstead(
  { plan, session, now }: ArchiveRun,
  tried: readonly PublishedFile[],
  speed: Speed,
): TaskSource {
  const { key, missing, pace } = plan
  return async (left) => {
    const days = await session.daysInstead(key, left, { now, tried, isLast: false })
    return archiveTasks(key, missing, days, { pace, speed })
  }
}

/** The files of the plan. */
export function filesIn(tasks: readonly Task[]): readonly PublishedFile[] {
  return tasks.flatMap((task) => (task.source === 'archive' ? task.files : []))
}

/**
 * For what REST was to bring, since it is faster, and has not brought: the files of it, then REST once more, which may
 * now know what else lacks a stretch. Nothing where there is no such file.
 */
export function filesInstead(
  { plan: { key, restFirst, pace, seams }, session, now }: ArchiveRun,
  speed: Speed,
): readonly TaskSource[] {
  const tried: PublishedFile[] = []
  const lacking = (left: Coverage): Coverage => intersect(left, restFirst)
  return [
    async (left) => {
      for (const window of lacking(left)) tried.push(...(await session.filesFor(key, window, now)))
      return archiveTasks(key, lacking(left), tried, { pace, speed })
    },
    async (left) => {
      const days = await session.daysInstead(key, lacking(left), { now, tried, isLast: false })
      tried.push(...days)
      return archiveTasks(key, lacking(left), days, { pace, speed })
    },
    (left) => {
      const again = tried.length === 0 ? [] : lacking(left)
      return restTasks(key, again, {
        ...{ pace, speed },
        seams: [...seams, ...tried.map(({ window }) => window.to)],
      })
    },
  ]
}

/** Monthly files of what is left. @param isLast - Is there nothing else to be asked? */
export function monthsInstead(
  { plan: { key, pace, restFirst }, session, now }: ArchiveRun,
  speed: Speed,
  isLast: boolean,
): TaskSource {
  return async (all) => {
    const left = isLast ? all : subtractAll(all, restFirst)
    const months = await session.monthsInstead(key, left, { now, tried: [], isLast })
    return archiveTasks(key, left, months, { pace, speed })
  }
}

/** REST, for what is left and what is to be asked once more. */
export function restOf({ key, recheck, pace, seams }: SeriesPlan, speed: Speed): TaskSource {
  return (left) => restTasks(key, union(left, recheck), { pace, seams, speed })
}
