/** Tasks: the work left by a plan, as plain data. A run executes what `plan --tasks` prints. */

import { clip, subtractAll, union, type Coverage } from '../base/coverage.ts'
import type { Micros, Window } from '../base/time.ts'
import type { SeriesKey } from '../binance/series.ts'
import { fileSeconds, restSeconds } from './cost.ts'
import { estimateRest, rowsOfFile, type Cost, type Pace } from './estimate.ts'
import type { PublishedFile } from './published.ts'
import type { Speed } from './speed.ts'

export type { PublishedFile } from './published.ts'

/** One piece of work: a stretch of a series, from one source. The windows of a plan's tasks do not overlap. */
export type Task = {
  readonly key: SeriesKey
  readonly window: Window
  readonly cost: Cost
} & (
  | { readonly source: 'rest' }
  | { readonly source: 'archive'; readonly files: readonly PublishedFile[] }
)

/** A task that reads published files. */
export type ArchiveTask = Extract<Task, { readonly source: 'archive' }>

/** Settings for estimating the work of one series. */
export type EstimateSettings = {
  readonly pace: Pace
  /** Where the archive's rows end: REST, continuing there, makes one more request. */
  readonly seams: readonly Micros[]
  readonly speed: Speed
}

/** The files that lie in `windows`, as one task for each stretch that they cover without a break. */
export function archiveTasks(
  key: SeriesKey,
  windows: Coverage,
  files: readonly PublishedFile[],
  { pace, speed }: Pick<EstimateSettings, 'pace' | 'speed'>,
): readonly ArchiveTask[] {
  return windows.flatMap((wanted) =>
    stretches(files.filter((file) => clip([wanted], file.window).length > 0)).flatMap((stretch) => {
      const bytes = stretch.reduce((sum, { sizeBytes = 0 }) => sum + sizeBytes, 0)
      const rows = stretch.reduce((sum, file) => sum + rowsOfFile(key, file, wanted, pace), 0)
      const seconds = fileSeconds({ files: stretch.length, bytes }, speed)
      const cost = { requests: 0, weight: 0, rows, bytes, seconds }
      // Consecutive files share one window.
      return union(stretch.map(({ window }) => window))
        .flatMap((span) => clip([wanted], span))
        .map((window) => ({ key, source: 'archive' as const, window, files: stretch, cost }))
    }),
  )
}

/** The requests to REST: one task per window. */
export function restTasks(
  key: SeriesKey,
  windows: Coverage,
  { pace, seams, speed }: EstimateSettings,
): readonly Task[] {
  return windows.map((window) => {
    const work = estimateRest(key, [window], { pace, seams })
    return {
      key,
      source: 'rest',
      window,
      cost: { ...work, seconds: restSeconds(key, work, speed) },
    }
  })
}

/** The parts of `windows` that no task covers. */
export function leftBy(tasks: readonly Task[], windows: Coverage): Coverage {
  return subtractAll(windows, union(tasks.map(({ window }) => window)))
}

/** Groups of consecutive files. */
function stretches(files: readonly PublishedFile[]): readonly (readonly PublishedFile[])[] {
  const groups: PublishedFile[][] = []
  for (const file of files) {
    const last = groups.at(-1)
    if (last?.at(-1)?.window.to === file.window.from) last.push(file)
    else groups.push([file])
  }
  return groups
}
