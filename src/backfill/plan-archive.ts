/** What of a plan comes from the archive: the bucket's listing is asked where that pays, nothing is loaded. */

import type { World } from '../base/ports.ts'
import type { Micros } from '../base/time.ts'
import type { Options } from '../options.ts'
import { fromRest, totalled, type Plan, type SeriesPlan } from '../plan/plan.ts'
import { splitSeries, withoutListing } from '../plan/split.ts'
import { speedOf, type Measured, type Speed } from '../plan/speed.ts'
import type { PublishedFile } from '../plan/task.ts'
import { readSpeeds } from '../store/runs.ts'
import { usesArchive, type ArchiveSession } from '../walk/archive/files.ts'
import type { Exchanges } from '../walk/exchanges.ts'
import type { Speedometer } from './speedometer.ts'

/** What splitting a plan needs. */
export type SplitWorld = {
  readonly files: World['files']
  readonly session: ArchiveSession
  readonly exchange: Exchanges
  readonly meter: Speedometer
  readonly options: Options
}

/** The speed that this call knows of: what it was told or has measured, what earlier runs have, what may be supposed. */
export function speedNow(
  { exchange, meter, options }: Pick<SplitWorld, 'exchange' | 'meter' | 'options'>,
  remembered: readonly Measured[] = [],
): Speed {
  const allowed = {
    weightPerMinute: exchange.weightPerMinute(),
    weightPerMinuteOf: exchange.weightPerMinuteOf(),
    pagesAtOnce: exchange.pagesAtOnce,
    requestsInPool: exchange.requestsInPool(),
  }
  return speedOf(allowed, options.speed, meter.measured(), ...remembered, meter.supposed())
}

/** The plan, split by the files that are published now and by how fast the sources are. */
export async function splitPlan(plan: Plan, world: SplitWorld): Promise<Plan> {
  const isDone = plan.series.every(({ missing, recheck }) => missing.length + recheck.length === 0)
  if (isDone) return plan
  const remembered = await readSpeeds(world.files)
  const before = speedNow(world, remembered)
  const listed = await Promise.all(plan.series.map((one) => listedFor(one, world, before)))
  // The listing has shown how far away the archive is.
  const speed = speedNow(world, remembered)
  const series = listed.map(({ plan, files }) =>
    files === undefined ? plan : splitSeries({ ...plan, ...fromRest(plan, speed) }, files, speed),
  )
  return totalled(series, speed)
}

type Listed = {
  readonly plan: SeriesPlan
  /** `undefined`: the archive was not asked. */
  readonly files?: readonly PublishedFile[]
}

async function listedFor(
  plan: SeriesPlan,
  { session, exchange, options }: SplitWorld,
  speed: Speed,
): Promise<Listed> {
  const rest = { ...plan, ...fromRest(plan, speed) }
  if (!usesArchive(plan.key, plan.settings.source, options)) return { plan: rest }
  const small = withoutListing(rest, speed)
  if (small !== undefined) return { plan: small }
  return { plan: rest, files: await filesOf(plan, session, exchange.now()) }
}

async function filesOf(
  { key, missing }: SeriesPlan,
  session: ArchiveSession,
  now: Micros,
): Promise<readonly PublishedFile[]> {
  const files = new Map<string, PublishedFile>()
  for (const window of missing)
    for (const file of await session.filesFor(key, window, now)) files.set(file.period, file)
  return [...files.values()]
}
