/** Tasks: the work left by a plan, as plain data. A run executes what `plan --tasks` prints. */

import { clip, subtractAll, union, type Coverage } from '../base/coverage.ts'
import type { Micros, Window } from '../base/time.ts'
import { ARCHIVE_BYTES_PER_SECOND } from '../binance/archive.ts'
import type { SeriesKey } from '../binance/series.ts'
import { estimateRest, NO_COST, type Cost, type Pace } from './estimate.ts'

/** A published file. */
export type PublishedFile = {
  /** `YYYY-MM` or `YYYY-MM-DD`. */
  readonly period: string
  /** The time that it covers. */
  readonly window: Window
  /** Its path in the archive. */
  readonly path: string
  /** `undefined` if the bucket does not say. */
  readonly sizeBytes: number | undefined
}

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
  /** Request weight available per minute. */
  readonly weightPerMinute: number
}

/** Extra time per file: its checksum and its first byte. */
const SECONDS_PER_FILE = 0.25

/** The files that lie in `windows`, as one task for each stretch that they cover without a break. */
export function archiveTasks(
  key: SeriesKey,
  windows: Coverage,
  files: readonly PublishedFile[],
): readonly ArchiveTask[] {
  return windows.flatMap((wanted) =>
    stretches(files.filter((file) => clip([wanted], file.window).length > 0)).flatMap((stretch) => {
      const bytes = stretch.reduce((sum, { sizeBytes = 0 }) => sum + sizeBytes, 0)
      const seconds = bytes / ARCHIVE_BYTES_PER_SECOND + stretch.length * SECONDS_PER_FILE
      const cost = { ...NO_COST, bytes, seconds }
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
  { pace, seams, weightPerMinute }: EstimateSettings,
): readonly Task[] {
  return windows.map((window) => {
    const { requests, weight, bytes } = estimateRest(key, [window], { pace, seams })
    const seconds = (weight / weightPerMinute) * 60
    return { key, source: 'rest', window, cost: { requests, weight, bytes, seconds } }
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
