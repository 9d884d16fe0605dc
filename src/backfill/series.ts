/** One series, fetched: from the archive what it has, from REST what is left; whatever arrived whole is kept. */

import {
  clip,
  leftToAsk,
  subtractAll,
  union,
  wholeMillis,
  type Coverage,
} from '../base/coverage.ts'
import { micros, periodWindow, type Micros, type Window } from '../base/time.ts'
import type { SeriesPlan } from '../plan/plan.ts'
import type { Progress } from '../progress.ts'
import { unconfirmedIn } from '../store/ledger.ts'
import type { Series } from '../store/series.ts'
import { storeArchive, storeFiles, type ArchiveRun } from '../walk/archive/archive.ts'
import type { ArchiveSession } from '../walk/archive/files.ts'
import type { Exchange } from '../walk/exchange.ts'
import { Failures } from './failures.ts'
import type { RestWorld } from '../walk/rest.ts'
import { restWindow } from '../walk/rest-window.ts'
import { restatedArchives } from '../walk/archive/restated.ts'
import { doneShare, rowsReport } from '../walk/rows-report.ts'
import type { Tally } from '../store/window-store.ts'

/** What fetching a series needs. */
export type FetchWorld = {
  readonly exchange: Exchange
  /** Absent where the archive is not to be asked. */
  readonly archive: ArchiveSession | undefined
  /** The server's clock, read before the first request. */
  readonly now: Micros
  /** Larger goes first. */
  readonly priority: number
  readonly tally: Tally
  /** Take replaced archives anew? */
  readonly isRefreshed: boolean
  readonly signal: AbortSignal
}

/** Fetches what a plan says of one series, oldest first from each source. */
export async function* fetchSeries(
  plan: SeriesPlan,
  series: Series,
  world: FetchWorld,
): AsyncGenerator<Progress, void, void> {
  const rest = {
    ...world.exchange.rest(plan.key, plan.settings.numbers, world.priority),
    now: world.now,
    signal: world.signal,
  }
  const doubted = unconfirmedIn(series.manifest)
  const told = new Set<string>()
  const run = archiveRun(plan, series, { ...world, told }, rest)
  if (run !== undefined) {
    yield* fromArchive(run, world)
    yield* replaced(run, world)
  }
  const left = leftToAsk(plan.missing, series.manifest.coverage)
  if (plan.settings.source === 'archive') {
    for (const window of subtractAll(left, unconfirmedIn(series.manifest))) {
      const gaps = [{ ...window, reason: 'not-published' as const }]
      series.coverEmpty({ window, gaps, fresh: [] })
    }
    await series.flush()
    return
  }
  const failures = new Failures()
  const usage = () => world.exchange.usage()
  for (const window of union(left, plan.recheck)) {
    world.signal.throwIfAborted()
    const lacking = union(run?.lacking ?? [])
    const how = { ...world, rest, told, usage, doubted, lacking }
    yield* failures.keep(window, restWindow(plan, series, window, how))
    if (failures.isHopeless) break
  }
  if (run !== undefined) yield* lastResort({ ...run, ask: rest.ask })
  const { length } = series.manifest.doubts
  if (length > 0) yield { kind: 'warning', key: plan.key, message: `${length} ${DOUBTED}` }
  failures.report(union(leftToAsk(plan.missing, series.manifest.coverage), plan.recheck))
}

const DOUBTED = 'came less finished than stored: kept as stored, and asked again by the next run'

/** What taking files of the archive needs; `undefined` where it is not to be asked. */
function archiveRun(
  plan: SeriesPlan,
  series: Series,
  { archive: session, now, tally, signal, told }: FetchWorld & Pick<ArchiveRun, 'told'>,
  rest: RestWorld,
): ArchiveRun | undefined {
  if (session === undefined) return undefined
  const ask = plan.settings.source === 'archive' ? undefined : rest.ask
  return { plan, series, session, now, tally, signal, ask, lacking: [], told }
}

async function* fromArchive(
  run: ArchiveRun,
  { exchange }: FetchWorld,
): AsyncGenerator<Progress, void, void> {
  const { plan, series, now, tally, signal } = run
  for (const window of plan.missing) {
    signal.throwIfAborted()
    let told = tally.received
    for await (const event of storeArchive(run, window)) {
      yield event
      if (event.kind !== 'committed') continue
      const done =
        doneShare(plan.missing, micros(now)) * shareOf(plan.missing, series.manifest.coverage)
      yield rowsReport(plan.key, tally.received - told, window.from, {
        done,
        usage: exchange.usage(),
      })
      told = tally.received
    }
  }
}

/** Monthly files of what neither the files that were chosen nor REST have. */
async function* lastResort(run: ArchiveRun): AsyncGenerator<Progress, void, void> {
  const { plan, series, session, now } = run
  const left = leftToAsk(plan.missing, series.manifest.coverage)
  if (left.length === 0) return
  const months = await session.monthsInstead(plan.key, left, { now, tried: [], isLast: true })
  for (const month of months)
    for (const part of clip(left, month.window)) yield* storeFiles(run, part, [month])
}

/**
 * Archives that were replaced since rows were taken from them: all of their time that is covered is stored anew, as
 * revisions. Until then they are known as they were, so that a refresh that ends early is begun again by the next one.
 */
async function* replaced(
  run: ArchiveRun,
  { isRefreshed }: FetchWorld,
): AsyncGenerator<Progress, void, void> {
  if (!isRefreshed) return
  const { plan, series, session, signal } = run
  const used = [...series.manifest.archives].filter(
    ([, { period }]) => clip(plan.wanted, periodWindow(period)).length > 0,
  )
  for await (const { state, path, period, message } of restatedArchives(session, used, signal)) {
    if (state === 'unknown') yield { kind: 'warning', key: plan.key, message }
    if (state !== 'replaced') continue
    const file = { period, window: periodWindow(period), sizeBytes: undefined }
    const states = new Set<string | undefined>()
    const had = clip(union(series.manifest.coverage, plan.wanted), file.window)
    for (const window of wholeMillis(had)) {
      const { taken } = yield* storeFiles(run, window, [file])
      states.add(taken[path]?.sha256)
    }
    const [sha256, ...others] = states
    if (sha256 === undefined || others.length > 0) continue
    series.renewArchive(path, { sha256, period })
    await series.flush()
  }
}

/** How much of `wanted` is covered, 0 to 1. */
function shareOf(wanted: Coverage, covered: Coverage): number {
  const length = (windows: Coverage): number =>
    windows.reduce((sum: number, { from, to }: Window) => sum + Number(to - from), 0)
  return 1 - length(subtractAll(wanted, covered)) / Math.max(1, length(wanted))
}
