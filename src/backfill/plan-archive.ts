/** What of a plan comes from the archive: the bucket's listing is asked, nothing is loaded. */

import type { Micros } from '../base/time.ts'
import type { Options } from '../options.ts'
import { totalled, type Plan, type SeriesPlan } from '../plan/plan.ts'
import { splitSeries } from '../plan/split.ts'
import type { PublishedFile } from '../plan/task.ts'
import { usesArchive, type ArchiveSession } from '../walk/archive/files.ts'
import type { Exchanges } from '../walk/exchanges.ts'

/** The plan, split by the files that are published now. */
export async function splitPlan(
  plan: Plan,
  session: ArchiveSession,
  { exchange, options }: { readonly exchange: Exchanges; readonly options: Options },
): Promise<Plan> {
  const now = exchange.now()
  const perMinute = exchange.weightPerMinute()
  const series = await Promise.all(
    plan.series.map(async (one) =>
      usesArchive(one.key, one.settings.source, options)
        ? splitSeries(one, await filesOf(one, session, now), perMinute)
        : one,
    ),
  )
  return totalled(series)
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
