/** What of a plan comes from the archive: the bucket's listing is asked, nothing is loaded. */

import type { Micros } from '../base/time.ts'
import type { Options } from '../options.ts'
import { totalled, type Plan, type SeriesPlan } from '../plan/plan.ts'
import { splitSeries } from '../plan/split.ts'
import { usesArchive, type ArchiveFile, type ArchiveSession } from '../walk/archive/files.ts'
import type { Exchange } from '../walk/exchange.ts'

/** The plan, split by the files that are published now. */
export async function splitPlan(
  plan: Plan,
  session: ArchiveSession,
  { exchange, options }: { readonly exchange: Exchange; readonly options: Options },
): Promise<Plan> {
  const now = exchange.now()
  const series = await Promise.all(
    plan.series.map(async (one) =>
      usesArchive(one.key, one.settings.source, options)
        ? splitSeries(one, await filesOf(one, session, now))
        : one,
    ),
  )
  return totalled(series, exchange.gateway.budget.weightPerMinute())
}

async function filesOf(
  { key, missing }: SeriesPlan,
  session: ArchiveSession,
  now: Micros,
): Promise<readonly ArchiveFile[]> {
  const files = new Map<string, ArchiveFile>()
  for (const window of missing)
    for (const file of await session.filesFor(key, window, now)) files.set(file.period, file)
  return [...files.values()]
}
