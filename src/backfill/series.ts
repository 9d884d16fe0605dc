/** One series, fetched: from the archive what it has, from REST what is left; whatever arrived whole is kept. */

import {
  clip,
  leftToAsk,
  shareWithout,
  subtractAll,
  union,
  wholeMillis,
  type Coverage,
} from '../base/coverage.ts'
import { archiveWindow } from '../binance/archive.ts'
import { micros, periodWindow, type Micros } from '../base/time.ts'
import type { SeriesPlan } from '../plan/plan.ts'
import type { Progress, Usage } from '../progress.ts'
import { unconfirmedIn } from '../store/ledger.ts'
import type { Series } from '../store/series.ts'
import { storeFiles, storeTask, type ArchiveRun } from '../walk/archive/archive.ts'
import type { ArchiveSession } from '../walk/archive/files.ts'
import type { ExchangeClient } from '../walk/exchange.ts'
import { Failures } from './failures.ts'
import { daysInstead, monthsInstead, plannedFiles, restOf, type TaskSource } from './next-tasks.ts'
import type { RestWorld } from '../walk/rest.ts'
import { restWindow } from '../walk/rest-window.ts'
import { replacedArchives } from '../walk/archive/replaced-files.ts'
import { doneShare, rowsReport } from '../walk/rows-report.ts'
import type { Tally } from '../store/window-store.ts'
import type { ArchiveTask, Task } from '../plan/task.ts'

/** What fetching a series needs. */
export type FetchWorld = {
  readonly exchange: ExchangeClient
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

/** Fetches what a plan says of one series: its tasks, and what one source leaves from the next. */
export async function* fetchSeries(
  plan: SeriesPlan,
  series: Series,
  world: FetchWorld,
): AsyncGenerator<Progress, void, void> {
  const { exchange, now, signal } = world
  const rest = {
    ...exchange.rest(plan.key, plan.settings.numbers, world.priority),
    ...{ now, signal },
  }
  const warned = new Set<string>()
  const unconfirmed = unconfirmedIn(series.manifest)
  const run = archiveRun(plan, series, { ...world, warned }, rest)
  const failures = new Failures()
  const left = (): Coverage => leftToAsk(plan.missing, series.manifest.coverage)
  const usage = (): Usage => exchange.usage()

  async function* execute(task: Task): AsyncGenerator<Progress, void, void> {
    signal.throwIfAborted()
    if (task.source === 'archive') {
      if (run !== undefined) yield* reported(run, task, usage)
    } else if (!failures.isHopeless) {
      const [lacking, between] = [union(run?.lacking ?? []), union(run?.between ?? [])]
      const how = { ...world, rest, warned, usage, unconfirmed, lacking, between }
      yield* failures.keep(task.window, restWindow(plan, series, task.window, how))
    }
  }

  if (run !== undefined) yield* replaced(run, world)
  for (const source of sourcesOf(plan, run, exchange.gateway.budget.weightPerMinute()))
    for (const task of await source(left())) yield* execute(task)
  if (plan.settings.source === 'archive') await coverUnpublished(series, left())
  const { length } = series.manifest.doubts
  if (length > 0) yield { kind: 'warning', key: plan.key, message: `${length} ${DOUBTED}` }
  failures.report(union(left(), plan.recheck))
}

/** Whom to ask, one after the other. */
function sourcesOf(
  plan: SeriesPlan,
  run: ArchiveRun | undefined,
  weightPerMinute: number,
): readonly TaskSource[] {
  const rest = restOf(plan, weightPerMinute)
  if (run === undefined) return [rest]
  const files = [plannedFiles(plan), daysInstead(run)]
  if (plan.settings.source === 'archive') return [...files, monthsInstead(run, true)]
  return [...files, monthsInstead(run, false), rest, monthsInstead(run, true)]
}

/** Nothing but the archive may be asked, and it has no rows of what is left. */
async function coverUnpublished(series: Series, left: Coverage): Promise<void> {
  for (const window of subtractAll(left, unconfirmedIn(series.manifest)))
    series.coverEmpty({ window, gaps: [{ ...window, reason: 'not-published' }], fresh: [] })
  await series.flush()
}

const DOUBTED = 'came less finished than stored: kept as stored, and asked again by the next run'

/** What taking files of the archive needs; `undefined` where it is not to be asked. */
function archiveRun(
  plan: SeriesPlan,
  series: Series,
  { archive: session, now, tally, signal, warned }: FetchWorld & Pick<ArchiveRun, 'warned'>,
  rest: RestWorld,
): ArchiveRun | undefined {
  if (session === undefined) return undefined
  const ask = plan.settings.source === 'archive' ? undefined : rest.ask
  return {
    plan,
    series,
    session,
    now,
    tally,
    signal,
    ask,
    lacking: [],
    holes: [],
    between: [],
    warned,
  }
}

/** Stores the files of a task, and reports rows with each commit. */
async function* reported(
  run: ArchiveRun,
  task: ArchiveTask,
  usage: () => Usage,
): AsyncGenerator<Progress, void, void> {
  const { plan, series, now, tally } = run
  let reported = tally.received
  for await (const event of storeTask(run, task)) {
    yield event
    if (event.kind !== 'committed') continue
    const { coverage } = series.manifest
    const lacking = subtractAll(plan.missing, coverage)
    const done = doneShare(plan.missing, micros(now)) * shareWithout(plan.missing, lacking)
    yield rowsReport(plan.key, tally.received - reported, task.window.from, {
      done,
      usage: usage(),
    })
    reported = tally.received
  }
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
  for await (const { state, path, period, message } of replacedArchives(session, used, signal)) {
    if (state === 'unknown') yield { kind: 'warning', key: plan.key, message }
    if (state !== 'replaced') continue
    const file = { period, path, window: archiveWindow(plan.key, period), sizeBytes: undefined }
    const states = new Set<string | undefined>()
    const had = clip(union(series.manifest.coverage, plan.wanted), file.window)
    for (const window of wholeMillis(had)) {
      const taken = yield* storeFiles(run, window, [file])
      states.add(taken[path]?.sha256)
    }
    const [sha256, ...others] = states
    if (sha256 === undefined || others.length > 0) continue
    series.renewArchive(path, { sha256, period })
    await series.flush()
  }
}
