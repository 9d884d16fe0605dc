/** What the lake holds, series by series. Reads manifests only; asks the exchange nothing but the time. */

import type { GapReason } from './base/gap.ts'
import type { WindowText } from './base/time.ts'
import type { Job } from './job/job.ts'
import type { Options } from './options.ts'

/** One series of the lake, or one that a job wants. */
export type SeriesStatus = {
  readonly market: 'spot'
  readonly dataset: string
  readonly symbol: string
  readonly interval?: string
  readonly account?: string
  /** What the jobs ask for up to now; absent without jobs. */
  readonly wanted?: readonly WindowText[]
  readonly covered: readonly WindowText[]
  readonly missing: readonly WindowText[]
  readonly gaps: readonly (WindowText & { readonly reason: GapReason })[]
  readonly rows: number
  readonly partitions: number
  readonly bytes: number
  /** `complete`, `complete with N known gaps`, or `incomplete: ...`, in words. */
  readonly verdict: string
  readonly revisions: readonly RevisionEntry[]
}

/** One change of a stored row. */
export type RevisionEntry = {
  readonly period: string
  readonly key: string
  readonly time: string
  readonly old: Readonly<Record<string, string>>
  readonly new: Readonly<Record<string, string>>
}

/** What `status` prints. */
export type StatusReport = { readonly series: readonly SeriesStatus[] }

/** Tells what the lake holds; without jobs, of every series in it. */
export async function status(jobs: readonly Job[], options: Options = {}): Promise<StatusReport> {
  throw new Error(`not built: ${jobs.length} ${String(options.dataDir)}`)
}
