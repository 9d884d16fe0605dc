/** How a run came out: one result a series, one exit code for all. */

import type { Coverage } from '../base/coverage.ts'
import {
  BackfillError,
  BannedError,
  DamageError,
  describeError,
  isFatal,
  StoppedError,
  UnavailableError,
} from '../base/errors.ts'
import type { Gap, GapReason } from '../base/gap.ts'
import { formatWindow, type Micros } from '../base/time.ts'
import { datasetOf } from '../binance/market.ts'
import { seriesName, type SeriesKey } from '../binance/series.ts'
import type { Shard } from '../options.ts'
import type { Plan, SeriesPlan } from '../plan/plan.ts'
import { rewrittenInAll, type Rewritten } from '../plan/rewritten.ts'
import type { SeriesResult, Summary } from '../progress.ts'
import type { Manifest } from '../store/manifest.ts'
import type { Tally } from '../store/window-store.ts'
import { isUpToDate, verdictOf } from '../store/verdict.ts'

/** The result of a series that ran, or did not get to. */
export function resultOf(
  plan: SeriesPlan,
  manifest: Manifest | undefined,
  tally: Tally,
  { error, now }: { readonly error: unknown; readonly now: Micros },
): SeriesResult {
  const verdict = verdictOf({ manifest, wanted: plan.wanted })
  const { missing, unconfirmed, lack } = verdict
  const why = error ?? unavailable(plan, manifest?.gaps ?? [], missing) ?? lacking(lack)
  const complete = verdict.isComplete && error === undefined
  const { horizon = now } = plan
  const upToDate =
    complete || (error === undefined && isUpToDate(verdict, manifest, { now, horizon }))
  const { rows, files, revisions } = tally
  const bytes = [...files.values()].reduce((sum, file) => sum + file.bytes, 0)
  const result = {
    ...{ key: plan.key, complete, upToDate, rows, partitions: files.size, bytes },
    ...{ rewritten: rewrittenIn(files), revisions, missing, unconfirmed },
  }
  return why === undefined || complete ? result : { ...result, error: describeError(why) }
}

function rewrittenIn(files: Tally['files']): Rewritten {
  const before = [...files.values()].flatMap((file) => file.before ?? [])
  return rewrittenInAll(before.map(({ rows, bytes }) => ({ partitions: 1, rows, bytes })))
}

function lacking(lack: string | undefined): UnavailableError | undefined {
  if (lack === undefined) return undefined
  return new UnavailableError(`rows of covered time are missing: ${lack}`, {
    hint: '`binance-backfill verify` names the places; ask for them again with run --recheck.',
  })
}

const HINTS: Readonly<Partial<Record<GapReason, string>>> = {
  'not-published': 'The archive has no file of it; REST may have the rows: source: auto or rest.',
  'unavailable-from-rest': 'Take it from the published archive: source: auto.',
  unconfirmed: 'The answers were empty, which proves nothing yet; the next run asks again.',
}

function hintOf(key: SeriesKey, reason: GapReason): string | undefined {
  const { archive, reachDays } = datasetOf(key)
  if (reason !== 'unavailable-from-rest' || archive !== undefined) return HINTS[reason]
  if (reachDays === undefined) return 'No source serves it any more.'
  return `It is served for ${reachDays} days, and by no other source: run more often than that.`
}

function unavailable(
  { key }: SeriesPlan,
  gaps: readonly Gap[],
  missing: Coverage,
): UnavailableError | undefined {
  const gap = gaps.find(({ from, to }) =>
    missing.some((window) => window.from < to && from < window.to),
  )
  if (gap === undefined) return undefined
  const { from, to } = formatWindow(gap)
  return new UnavailableError(`${from} to ${to}: ${gap.reason}`, { hint: hintOf(key, gap.reason) })
}

/** What a run added up to. */
export type RunEnd = {
  readonly results: readonly SeriesResult[]
  readonly errors: readonly unknown[]
  readonly spent: { readonly requests: number; readonly weight: number }
  readonly seconds: number
  readonly shard: Shard | undefined
}

/**
 * The last report of a run. Its series are in the order of the jobs, not in that of ending, so that equal runs report
 * the same.
 */
export function summaryOf({ series }: Pick<Plan, 'series'>, end: RunEnd): Summary {
  const { results, errors, spent, seconds, shard } = end
  const places = new Map(series.map(({ key }, place) => [seriesName(key), place]))
  const placeOf = ({ key }: SeriesResult): number => places.get(seriesName(key)) ?? 0
  const sum = (of: (result: SeriesResult) => number): number =>
    results.reduce((total, result) => total + of(result), 0)
  return {
    kind: 'summary',
    complete: errors.length === 0 && results.every(({ complete }) => complete),
    rows: sum(({ rows }) => rows),
    ...spent,
    partitions: sum(({ partitions }) => partitions),
    bytes: sum(({ bytes }) => bytes),
    rewritten: rewrittenInAll(results.map(({ rewritten }) => rewritten)),
    seconds,
    ...(shard === undefined ? {} : { shard }),
    series: results.toSorted((a, b) => placeOf(a) - placeOf(b)),
    exit: exitOf(results, errors),
  }
}

/** Was a market left since it rate limits or bans for too long? One that refuses a region is not served, and that is all. */
function isOfBannedMarket(error: unknown): boolean {
  if (!(error instanceof UnavailableError) || !(error.cause instanceof BannedError)) return false
  return error.cause.code === 'E_RATE_LIMITED' || error.cause.code === 'E_BANNED'
}

/** The exit code of a run: what ended it, or the worst that befell a series. */
function exitOf(results: readonly SeriesResult[], errors: readonly unknown[]): number {
  const stopped = errors.find((error) => error instanceof StoppedError)
  if (stopped !== undefined) return stopped.exit
  const fatal = errors.find(isFatal)
  if (fatal !== undefined) return fatal instanceof BackfillError ? fatal.exit : 1
  if (errors.some((error) => error instanceof BackfillError && error.exit === 4)) return 4
  if (errors.some((error) => error instanceof DamageError)) return 4
  if (errors.some(isOfBannedMarket)) return 5
  return errors.length === 0 && results.every(({ upToDate }) => upToDate) ? 0 : 3
}
