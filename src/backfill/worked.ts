/** A series, worked at until all of it was asked, from what another run left wherever that one was faster. */

import { union } from '../base/coverage.ts'
import { seriesName } from '../binance/series.ts'
import type { Options } from '../options.ts'
import { isBlocked, type SeriesPlan } from '../plan/plan.ts'
import type { Progress } from '../progress.ts'
import { openSeries } from '../session/series.ts'
import type { Turns } from '../session/turns.ts'
import type { Manifest } from '../store/manifest.ts'
import type { SeriesWorld } from '../store/series.ts'
import type { Tally } from '../store/window-store.ts'
import { usesArchive, type ArchiveSession } from '../walk/archive/files.ts'
import { fetchSeries, type FetchWorld } from './series.ts'

/** What became of a series so far. */
export type Outcome = { readonly tally: Tally; manifest: Manifest | undefined }

/** What working at a series needs. */
export type WorkedWorld = Pick<
  FetchWorld,
  'exchange' | 'now' | 'priority' | 'signal' | 'meter' | 'work'
> & {
  readonly plan: { readonly speed: FetchWorld['speed'] }
  readonly session: ArchiveSession
  readonly lake: SeriesWorld
  readonly options: Options
  readonly turns: () => Turns
  /** Plans a series anew, by what the lake holds of it now. */
  readonly replan: (series: SeriesPlan) => Promise<SeriesPlan>
}

/** Is there anything to ask for? */
export function hasWork(series: SeriesPlan, options: Options): boolean {
  const { key, missing, recheck, settings } = series
  const isRefreshed = options.refreshArchives === true && usesArchive(key, settings.source, options)
  return !isBlocked(series) && (missing.length > 0 || recheck.length > 0 || isRefreshed)
}

/** Fetches what is missing of a series. What became of it is told in `outcome`, however it ends. */
export async function* worked(
  planned: SeriesPlan,
  outcome: Outcome,
  world: WorkedWorld,
): AsyncGenerator<Progress, void, void> {
  const turns = world.turns()
  for (let plan = planned; ; plan = await turns.during(() => world.replan(planned)))
    try {
      for await (const event of turn(plan, outcome, world, turns.suspects)) {
        if (event.kind === 'committed') turns.won()
        yield event
      }
      return
    } catch (thrown) {
      await turns.lost(thrown)
      const message = `${seriesName(planned.key)}: another run was faster; going on from what it left`
      yield { kind: 'note', message }
    }
}

async function* turn(
  plan: SeriesPlan,
  outcome: Outcome,
  { lake, options, session, plan: { speed }, ...world }: WorkedWorld,
  suspects: ReadonlySet<string>,
): AsyncGenerator<Progress, void, void> {
  const asked = union(plan.missing, plan.recheck)
  const series = await openSeries(lake, plan, asked, suspects)
  try {
    const archive = usesArchive(plan.key, plan.settings.source, options) ? session : undefined
    const isRefreshed = options.refreshArchives === true
    yield* fetchSeries(plan, series, {
      ...{ ...world, archive, speed, isRefreshed, tally: outcome.tally },
    })
  } finally {
    outcome.manifest = series.manifest
  }
}
