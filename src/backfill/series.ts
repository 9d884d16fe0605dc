/** One series, fetched: from the archive what it has, from REST what is left; whatever arrived whole is kept. */

import {
  clip,
  leftToAsk,
  subtractAll,
  union,
  wholeMillis,
  type Coverage,
} from '../base/coverage.ts'
import { archiveWindow } from '../binance/archive.ts'
import { periodWindow, type Micros, type Window } from '../base/time.ts'
import type { SeriesPlan } from '../plan/plan.ts'
import type { Speed } from '../plan/speed.ts'
import type { Progress, Standing } from '../progress.ts'
import { firstKline } from '../session/listing.ts'
import { unconfirmedIn } from '../store/ledger.ts'
import type { Series } from '../store/series.ts'
import { storeFiles, storeTask, type ArchiveRun } from '../walk/archive/archive.ts'
import type { ArchiveSession } from '../walk/archive/files.ts'
import type { ExchangeClient } from '../walk/exchange.ts'
import { mayHaveRows } from '../walk/may-have-rows.ts'
import { Failures } from './failures.ts'
import type { SeriesWork } from './eta.ts'
import {
  daysInstead,
  filesIn,
  filesInstead,
  monthsInstead,
  plannedFiles,
  restOf,
  type TaskSource,
} from './next-tasks.ts'
import type { Speedometer } from './speedometer.ts'
import type { RestWorld } from '../walk/rest.ts'
import { restWindow } from '../walk/rest-window.ts'
import { replacedArchives } from '../walk/archive/replaced-files.ts'
import { rowsReport } from '../walk/rows-report.ts'
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
  readonly speed: Speed
  readonly meter: Speedometer
  /** The work of the series, as planned. */
  readonly work: SeriesWork
}

/** Fetches what a plan says of one series: its tasks, and what one source leaves from the next. */
export async function* fetchSeries(
  plan: SeriesPlan,
  series: Series,
  world: FetchWorld,
): AsyncGenerator<Progress, void, void> {
  const { exchange, now, signal, work, meter } = world
  const rest = {
    ...exchange.rest(plan.key, plan.settings.numbers, world.priority),
    ...{ now, signal, clock: () => exchange.now() },
    isTrading: () => mayHaveRows(plan.key, exchange),
    listedAt: () => firstKline(exchange, plan.key, world.priority),
  }
  const warned = new Set<string>()
  const unconfirmed = unconfirmedIn(series.manifest)
  const run = archiveRun(plan, series, { ...world, warned }, rest)
  const failures = new Failures()
  const left = (): Coverage => leftToAsk(plan.missing, series.manifest.coverage)
  const usage = exchange.usage.bind(exchange)
  const lacks = (): Standing => ({
    ...work.lacks(subtractAll(plan.missing, series.manifest.coverage)),
    usage: usage(),
  })
  const standing = (window: Window, reached: Micros): Standing => ({
    ...work.reached({ from: window.from, to: reached }),
    usage: usage(),
  })

  async function* execute(task: Task): AsyncGenerator<Progress, void, void> {
    signal.throwIfAborted()
    if (task.source === 'archive') {
      if (run === undefined) return
      yield* work.during('archive', meter.storing(reported(run, task, lacks)))
    } else if (!failures.isHopeless) {
      const [lacking, between] = [union(run?.lacking ?? []), union(run?.between ?? [])]
      const how = { ...world, rest, warned, standing, unconfirmed, lacking, between }
      const pages = restWindow(plan, series, task.window, how)
      yield* work.during('rest', failures.keep(task.window, pages))
    }
  }

  if (run !== undefined) yield* replaced(run, world)
  for (const source of sourcesOf(plan, run, world.speed))
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
  speed: Speed,
): readonly TaskSource[] {
  const rest = restOf(plan, speed)
  if (run === undefined) return [rest]
  const files = [plannedFiles(plan), daysInstead(run, filesIn(plan.tasks), speed)]
  if (plan.settings.source === 'archive') return [...files, monthsInstead(run, speed, true)]
  return [
    ...files,
    monthsInstead(run, speed, false),
    rest,
    ...filesInstead(run, speed),
    monthsInstead(run, speed, true),
  ]
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
  lacks: () => Standing,
): AsyncGenerator<Progress, void, void> {
  const { plan, tally } = run
  let reported = tally.received
  for await (const event of storeTask(run, task)) {
    yield event
    if (event.kind !== 'committed') continue
    yield rowsReport(plan.key, tally.received - reported, task.window.from, lacks())
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
