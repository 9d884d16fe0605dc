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
import { restTasks, type Task } from './task.ts'

/** How a series is fetched and stored. */
export type SeriesSettings = {
  readonly source: Source
  readonly numbers: Numbers
  readonly compression: Compression
  /** Microseconds after its close at which a row is taken as final. */
  readonly settle: bigint
  /** `undefined`: whatever the series has, or the default of its dataset. */
  readonly partition: Partition | undefined
}

/** One series that a job asks for; `wanted` ends where rows are not final yet. */
export type Want = {
  readonly key: SeriesKey
  readonly wanted: Coverage
  readonly settings: SeriesSettings
  /** Where final rows end by the server's clock; absent where it is not known. */
  readonly horizon?: Micros
  /** Where the series begins, if the exchange was asked for it: before that there is nothing. */
  readonly listing?: Micros
  /** Why it cannot be told what is wanted; `wanted` is then what can be told, if anything. */
  readonly problem?: BackfillError
}

/** Is nothing to be done for a want, since what it wants cannot be told? */
export function isBlocked({ problem, wanted }: Want): boolean {
  return problem !== undefined && wanted.length === 0
}

/** What the lake holds of a series; `covered` are the windows that were asked and answered in full. */
export type Have = Stored & {
  /** Covered windows to be asked once more, since they were stored soon after they closed. */
  readonly fresh: Coverage
  /** Where the coverage ends with what the archive brought: REST, going on there, is asked once more. */
  readonly seams: readonly Micros[]
}

/** What comes from the public archive: requests are saved by it, and no weight is spent on it. */
export type ArchiveShare = {
  readonly files: number
  /** Of the zips, as far as the bucket lists them. */
  readonly bytes: number
  /** REST requests that are not needed. */
  readonly requestsSaved: number
}

/** One series of a plan. `missing` and `recheck` are disjoint; requests and weight are those of REST. */
export type SeriesPlan = Want &
  Estimate & {
    readonly missing: Coverage
    readonly recheck: Coverage
    /** What the estimate rests on. */
    readonly pace: Pace
    /** See {@link Have}. */
    readonly seams: readonly Micros[]
    /** What is to be done, in this order. */
    readonly tasks: readonly Task[]
    /** Absent when nothing comes from the archive. */
    readonly archive?: ArchiveShare
  }

/** The work left, oldest first within each series. */
export type Plan = {
  readonly series: readonly SeriesPlan[]
  readonly total: Estimate & { readonly minutes: number }
}

/**
 * Plans what `wants` asks for and `have` lacks.
 *
 * @param weightPerMinute - Request weight that may be spent in a minute.
 * @param recheck - Asks this window again even where it is covered.
 */
export function makePlan(
  wants: readonly Want[],
  have: (key: SeriesKey) => Have,
  weightPerMinute: number,
  recheck?: Window,
): Plan {
  const series = wants.map((want) => {
    const stored = have(want.key)
    const { covered, fresh, seams } = stored
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
      tasks: restTasks(want.key, windows, { pace, seams, weightPerMinute }),
      ...estimateRest(want.key, windows, { pace, seams }),
    }
  })
  return totalled(series)
}

/** A plan of these series. */
export function totalled(series: readonly SeriesPlan[]): Plan {
  const seconds = series
    .flatMap(({ tasks }) => tasks)
    .reduce((sum, { cost }) => sum + cost.seconds, 0)
  return { series, total: { ...sum(series), minutes: seconds / 60 } }
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
