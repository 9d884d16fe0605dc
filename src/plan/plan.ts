/** A plan: what is left to do, as plain data. Makes no request and opens no file. */

import {
  intersect,
  leftToAsk,
  subtractAll,
  union,
  wholeMillis,
  type Coverage,
} from '../base/coverage.ts'
import type { BackfillError } from '../base/errors.ts'
import type { Micros, Partition, Window } from '../base/time.ts'
import type { Numbers } from '../binance/dataset.ts'
import type { Compression, Source } from '../job/job.ts'
import type { SeriesKey } from '../binance/series.ts'
import { estimateRest, paceOf, type Estimate, type Pace, type Stored } from './estimate.ts'
import { rewrittenBy, rewrittenInAll, type Rewritten, type StoredPart } from './rewritten.ts'
import type { Speed } from './speed.ts'
import { restTasks, type Task } from './task.ts'
import { totalSeconds } from './total.ts'

/** How a series is fetched and stored. */
export type SeriesSettings = {
  readonly source: Source
  readonly numbers: Numbers
  readonly compression: Compression
  /** Microseconds after its close at which a row counts as final. */
  readonly settle: bigint
  /** `undefined`: the series' existing partition, or the default of its dataset. */
  readonly partition: Partition | undefined
}

/** One series requested by a job; `wanted` ends where rows are not final yet. */
export type Want = {
  readonly key: SeriesKey
  readonly wanted: Coverage
  readonly settings: SeriesSettings
  /** Where final rows end by the server's clock; absent if it is not known. */
  readonly horizon?: Micros
  /** Where the series begins, if the exchange was asked for it: there is nothing before it. */
  readonly listing?: Micros
  /** What was asked for beyond the end of its contract: there is nothing in it. */
  readonly ended?: Window
  /** When the contract began that has the name now, if that is said. */
  readonly onboard?: Micros
  /** Why the wanted windows cannot be determined; `wanted` then has those that can, if any. */
  readonly problem?: BackfillError
}

/** Is nothing to be done for a want, because its windows cannot be determined? */
export function isBlocked({ problem, wanted }: Want): boolean {
  return problem !== undefined && wanted.length === 0
}

/** What the lake holds of a series; `covered` are the windows that were requested and answered in full. */
export type Have = Stored & {
  /** Covered windows to be requested once more, since they were stored soon after they closed. */
  readonly fresh: Coverage
  /** Where the coverage ends with rows from the archive: REST, continuing there, makes one more request. */
  readonly seams: readonly Micros[]
  readonly parts: readonly StoredPart[]
}

/** What comes from the public archive: it saves requests, and costs no weight. */
export type ArchiveShare = {
  readonly files: number
  /** Of the zips, as far as the bucket lists them. */
  readonly bytes: number
  /** REST requests that are not needed. */
  readonly requestsSaved: number
}

/** Why a stretch comes from the source that it comes from. */
export type Why =
  /** The job names the source. */
  | 'asked'
  /** The other source does not have it, as far as is known. */
  | 'only'
  /** The other source has it too, and takes longer. */
  | 'faster'

/** What a series takes from one source, for one reason. */
export type SourceShare = {
  readonly source: 'rest' | 'archive'
  readonly why: Why
  readonly seconds: number
  /** What the other source would take for as much; there where it was compared. */
  readonly otherSeconds?: number
}

/** One series of a plan. `missing` and `recheck` are disjoint; requests and weight are those of REST. */
export type SeriesPlan = Want &
  Estimate & {
    readonly missing: Coverage
    readonly recheck: Coverage
    /** The basis of the estimate. */
    readonly pace: Pace
    /** See {@link Have}. */
    readonly seams: readonly Micros[]
    /** Files that are there and will be written anew. */
    readonly rewritten: Rewritten
    /** The work to do, in this order. */
    readonly tasks: readonly Task[]
    /** Absent when nothing comes from the archive. */
    readonly archive?: ArchiveShare
    /** Which source, and why; empty when there is nothing to do. */
    readonly sources: readonly SourceShare[]
    /** Of what comes from REST: stretches that the archive may have too, and is asked for when REST lacks rows. */
    readonly restFirst: Coverage
  }

/** The work left, oldest first within each series. */
export type Plan = {
  readonly series: readonly SeriesPlan[]
  /** What the times rest on. */
  readonly speed: Speed
  readonly total: Estimate & { readonly minutes: number; readonly rewritten: Rewritten }
  /** What a user should know before it runs. */
  readonly warning?: string
}

/**
 * Plans what `wants` asks for and `have` lacks, all of it from REST.
 *
 * @param recheck - Requests this window again even where it is covered.
 */
export function makePlan(
  wants: readonly Want[],
  have: (key: SeriesKey) => Have,
  speed: Speed,
  recheck?: Window,
): Plan {
  const series = wants.map((want) => {
    const stored = have(want.key)
    const { covered, fresh, seams, parts } = stored
    const pace = paceOf(want.key, stored)
    const missing = leftToAsk(want.wanted, covered)
    const again = union(fresh, recheck === undefined ? [] : [recheck])
    const asked = wholeMillis(intersect(intersect(want.wanted, covered), again))
    const rechecked = subtractAll(asked, missing)
    const windows = union(missing, rechecked)
    return {
      ...want,
      missing,
      recheck: rechecked,
      pace,
      seams,
      rewritten: rewrittenBy(windows, parts),
      ...fromRest({ ...want, missing, recheck: rechecked, pace, seams }, speed),
      ...estimateRest(want.key, windows, { pace, seams }),
    }
  })
  return totalled(series, speed)
}

/** What a series takes from REST, when all of it comes from there. */
export function fromRest(
  {
    key,
    settings: { source },
    missing,
    recheck,
    pace,
    seams,
  }: Pick<SeriesPlan, 'key' | 'settings' | 'missing' | 'recheck' | 'pace' | 'seams'>,
  speed: Speed,
): Pick<SeriesPlan, 'tasks' | 'sources' | 'restFirst'> {
  const tasks = restTasks(key, union(missing, recheck), { pace, seams, speed })
  const seconds = tasks.reduce((sum, { cost }) => sum + cost.seconds, 0)
  const why = source === 'rest' ? 'asked' : 'only'
  const sources = tasks.length === 0 ? [] : [{ source: 'rest' as const, why, seconds } as const]
  return { tasks, sources, restFirst: [] }
}

/** A warning where a plan's files are larger than what the disk has left. Both are estimates: nothing is refused. */
export function spaceWarning({ total }: Plan, freeBytes: number | undefined): string | undefined {
  if (freeBytes === undefined || total.bytes <= freeBytes) return undefined
  const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6).toLocaleString('en')} MB`
  return `about ${megabytes(total.bytes)} will be written, and the disk has ${megabytes(freeBytes)} left: free space first`
}

/** A plan of these series. */
export function totalled(series: readonly SeriesPlan[], speed: Speed): Plan {
  const seconds = totalSeconds(
    series.map(({ tasks }) => tasks),
    speed,
  )
  const rewritten = rewrittenInAll(series.map((one) => one.rewritten))
  return { series, speed, total: { ...sum(series), minutes: seconds / 60, rewritten } }
}

function sum(parts: readonly Estimate[]): Estimate {
  return parts.reduce<Estimate>(
    (all, part) => ({
      requests: all.requests + part.requests,
      weight: all.weight + part.weight,
      rows: all.rows + part.rows,
      bytes: all.bytes + part.bytes,
    }),
    { requests: 0, weight: 0, rows: 0, bytes: 0 },
  )
}
