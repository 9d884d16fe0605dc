/**
 * What the lake holds, series by series. Reads manifests, and of datasets with ids the footer of the newest file; asks
 * the exchange nothing but the time.
 */

import { ASKED_AT_ONCE, atOnce } from '../base/at-once.ts'
import type { Coverage } from '../base/coverage.ts'
import type { GapReason } from '../base/gap.ts'
import { DamageError, describeError } from '../base/errors.ts'
import type { Files, World } from '../base/ports.ts'
import { formatMicros, formatWindow, micros, type WindowText } from '../base/time.ts'
import type { SeriesKey } from '../binance/series.ts'
import { ArchiveSession } from '../walk/archive/files.ts'
import { LOOK_ATTEMPTS } from '../walk/exchange.ts'
import { listedAt } from '../session/listing.ts'
import { Manifests } from '../session/manifests.ts'
import { openExchange } from '../session/exchange.ts'
import { wantsOf } from '../session/checked-wants.ts'
import { shardFilter } from '../session/shard.ts'
import { checkNamedLake, closeWorld, worldOf } from '../session/world.ts'
import { verdictOf } from '../store/verdict.ts'
import { needsAllSymbols, resolveWants } from '../session/wants.ts'
import type { Job } from '../job/job.ts'
import type { Options } from '../options.ts'
import type { Want } from '../plan/plan.ts'
import type { SeriesResult } from '../progress.ts'
import { lastAsked } from '../store/asked.ts'
import { seriesPath } from '../store/layout.ts'
import { checkLake, listSeries } from '../store/lake.ts'
import {
  isForgotten,
  type Manifest,
  type PartitionEntry,
  type Revision,
} from '../store/manifest.ts'
import { newestTime } from '../store/newest-rows.ts'
import { listPeriods } from '../store/adopt.ts'
import { lookAtSeries } from '../store/present.ts'
import { accountLabel } from '../session/account.ts'

/** One series of the lake, or one that a job wants. */
export type SeriesStatus = SeriesKey & {
  /** What the jobs ask for up to now; absent without jobs. */
  readonly wanted?: readonly WindowText[]
  readonly covered: readonly WindowText[]
  readonly missing: readonly WindowText[]
  /** Of what is missing: stretches whose answers were empty, and that nothing confirms yet. */
  readonly unconfirmed: readonly WindowText[]
  readonly gaps: readonly (WindowText & { readonly reason: GapReason })[]
  readonly rows: number
  readonly partitions: number
  readonly bytes: number
  /** When the series was listed, where its first known row says so. */
  readonly listed?: string
  /** The time of the newest row (klines: open time); absent without rows. */
  readonly newest?: string
  /**
   * The start of the last run that asked for rows of the series and got all its answers; absent where the records of the
   * last runs name none.
   */
  readonly asked?: string
  /** `complete`, `complete with N known gaps`, `incomplete: ...`, or `damaged: ...`, in words. */
  readonly verdict: string
  readonly revisions: readonly RevisionEntry[]
  /** Why the manifest cannot be read: nothing is known of this series, and nothing of it counts as covered. */
  readonly error?: NonNullable<SeriesResult['error']>
}

/** One change of a stored row. */
export type RevisionEntry = Revision

/** What `status` prints; `now` is this machine's clock. */
export type StatusReport = { readonly series: readonly SeriesStatus[]; readonly now: string }

/**
 * Reports what the lake holds; without jobs, every series in it. A damaged one is reported as such, along with the others.
 *
 * Works without the exchange: with jobs that choose symbols by a filter it is asked for them, otherwise the machine's
 * clock stands in for the server's where the exchange does not answer.
 */
export async function status(jobs: readonly Job[], options: Options = {}): Promise<StatusReport> {
  const world = worldOf(options)
  try {
    // Jobs may ask for a lake that no run has begun; without them, a wrong name must not look like an empty lake.
    if (jobs.length > 0) await checkLake(world.files)
    else await checkNamedLake(world.files, options)
    const { files } = world
    const now = formatMicros(world.clock.now())
    const series =
      jobs.length === 0
        ? (await storedSeries(files, shardFilter(options.shard))).map((one) => one.status)
        : await wantedSeries(jobs, world, options)
    const asked = await lastAsked(files, series)
    const withAsked = (one: SeriesStatus): SeriesStatus => {
      const at = asked.get(seriesPath(one))
      return at === undefined ? one : { ...one, asked: at }
    }
    return { series: series.map(withAsked), now }
  } finally {
    await closeWorld(world, options)
  }
}

async function wantedSeries(
  jobs: readonly Job[],
  world: World,
  options: Options,
): Promise<readonly SeriesStatus[]> {
  const { files } = world
  const manifests = new Manifests(files)
  const wants = await wantsNow(jobs, world, manifests, options)
  return atOnce(ASKED_AT_ONCE, wants, (want) =>
    manifests.get(want.key).then(
      (manifest) => withNewest(files, statusOf(want.key, manifest, want.wanted), manifest),
      (thrown: unknown) => damagedStatus(want, thrown),
    ),
  )
}

/** One series of the lake: its status, and the manifest that this was read from, unless it is damaged. */
export type StoredSeries = {
  readonly status: SeriesStatus
  /** Without the rows of files that are gone. */
  readonly present: Manifest | undefined
}

/** Every series of the lake, sorted by path; a damaged one is among them as such. */
export async function storedSeries(
  files: Files,
  isWanted: (key: SeriesKey) => boolean = () => true,
): Promise<readonly StoredSeries[]> {
  const keys = (await listSeries(files)).filter(isWanted)
  const series = await atOnce(ASKED_AT_ONCE, keys, async (key) => {
    const one = await storedOne(key, files)
    return (await isRemoved(one, files)) ? [] : [one]
  })
  return series.flat()
}

/** Is nothing left of a series but a manifest that knows nothing, as a removal where many write leaves it? */
async function isRemoved({ present, status }: StoredSeries, files: Files): Promise<boolean> {
  if (present === undefined || !isForgotten(present) || status.missing.length > 0) return false
  return (await listPeriods(files, present.key)).length === 0
}

/** One series of the lake. Files that are gone leave their time missing, also where they held the first rows or the last. */
export async function storedOne(key: SeriesKey, files: Files): Promise<StoredSeries> {
  try {
    const { present, manifest } = await lookAtSeries(files, key)
    const status = statusOf(key, present, undefined, manifest)
    return { status: await withNewest(files, status, present), present }
  } catch (thrown) {
    return { status: damagedStatus({ key }, thrown), present: undefined }
  }
}

/** A file that cannot be read is for `verify` to tell. */
async function withNewest(
  files: Files,
  status: SeriesStatus,
  manifest: Manifest | undefined,
): Promise<SeriesStatus> {
  if (manifest === undefined) return status
  try {
    const newest = await newestTime(files, manifest)
    return newest === undefined ? status : { ...status, newest: formatMicros(newest) }
  } catch (thrown) {
    if (thrown instanceof DamageError) return status
    throw thrown
  }
}

/** @throws whatever was thrown, unless it is damage. */
function damagedStatus(
  { key, wanted }: { readonly key: SeriesKey; readonly wanted?: Coverage },
  thrown: unknown,
): SeriesStatus {
  if (!(thrown instanceof DamageError)) throw thrown
  const error = describeError(thrown)
  const verdict = `damaged: ${error.message}`
  return { ...statusOf(key, undefined, wanted), verdict, error }
}

async function wantsNow(
  jobs: readonly Job[],
  world: World,
  manifests: Manifests,
  options: Options,
): Promise<readonly Want[]> {
  if (!needsAllSymbols(jobs))
    return resolveWants(jobs, {
      now: world.clock.now(),
      symbols: [],
      source: options.source,
      account: accountLabel(jobs),
      shard: options.shard,
      listingOf: async (key) => listedAt(await manifests.get(key)) ?? micros(0n),
    })
  const events = { onWait: () => undefined, onWarning: () => undefined, attemptsMax: LOOK_ATTEMPTS }
  const exchange = await openExchange(world, jobs, options, events)
  const session = new ArchiveSession(
    world,
    { ...options, attemptsMax: LOOK_ATTEMPTS },
    events.onWarning,
  )
  return wantsOf(jobs, { exchange, session, manifests, ...events }, options)
}

/**
 * The status of one series.
 *
 * @param manifest - Without the rows of files that are gone.
 * @param wanted - `undefined`: whatever was ever asked for.
 * @param recorded - The manifest as it is stored.
 */
export function statusOf(
  key: SeriesKey,
  manifest: Manifest | undefined,
  wanted: Coverage | undefined,
  recorded: Manifest | undefined = manifest,
): SeriesStatus {
  const partitions = [...(manifest?.partitions.values() ?? [])]
  const { missing, unconfirmed, words } = verdictOf({ manifest, wanted, recorded })
  const sum = (of: (entry: PartitionEntry) => number): number =>
    partitions.reduce((total, entry) => total + of(entry), 0)
  const listing = listedAt(manifest)
  return {
    ...key,
    ...(listing === undefined ? {} : { listed: formatMicros(listing) }),
    ...(wanted === undefined ? {} : { wanted: wanted.map(formatWindow) }),
    covered: (manifest?.coverage ?? []).map(formatWindow),
    missing: missing.map(formatWindow),
    unconfirmed: unconfirmed.map(formatWindow),
    gaps: (manifest?.gaps ?? []).map((gap) => ({ ...formatWindow(gap), reason: gap.reason })),
    rows: sum(({ rows }) => rows),
    partitions: partitions.length,
    bytes: sum(({ bytes }) => bytes),
    verdict: words,
    revisions: manifest?.revisions ?? [],
  }
}
