/** One series, fetched: from the archive what it has, from REST what is left; whatever arrived whole is kept. */

import {
  clip,
  leftToAsk,
  subtractAll,
  union,
  wholeMillis,
  type Coverage,
} from '../base/coverage.ts'
import { BackfillError, StoreError } from '../base/errors.ts'
import { micros, periodOf, periodWindow, type Micros, type Window } from '../base/time.ts'
import { DATASETS } from '../binance/dataset.ts'
import type { SeriesPlan } from '../plan/plan.ts'
import type { Progress } from '../progress.ts'
import { INTERLEAVE } from '../pull/walk-account.ts'
import type { Step } from '../pull/walk.ts'
import type { Page } from '../rows/page.ts'
import { firstIdAfter, hasRowsBefore } from '../store/id-ends.ts'
import { unconfirmedIn } from '../store/ledger.ts'
import type { Series } from '../store/series.ts'
import { storeArchive, storeFiles, type ArchiveRun } from './archive.ts'
import type { ArchiveSession } from './archive-session.ts'
import type { Exchange } from './exchange.ts'
import { walkRest, type RestWorld } from './rest.ts'
import { restatedArchives } from './restated.ts'
import { askSeam, rowsBefore, storeSeam } from './seam.ts'
import { doneShare, rowsReport, WindowStore, type Tally } from './series-run.ts'

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
  const run = archiveRun(plan, series, world, rest)
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
  for (const window of union(left, plan.recheck)) {
    world.signal.throwIfAborted()
    yield* seamBefore(plan, series, window, { ...world, ask: rest.ask })
    const { manifest } = series
    const before = {
      hasRowsBefore: hasRowsBefore(manifest, window.from),
      nextId: await nextIdOf(series, window.from),
      laterId: firstIdAfter(manifest, window.from),
      hasRowsAfter: await hasRowsAfter(series, window.from),
      partition: manifest.partition,
      doubted,
      lacking: union(run?.lacking ?? []),
    }
    const store = new WindowStore(series, window, world.now, world.tally)
    yield* storeRest(plan, store, walkRest(plan.key, window, before, rest), world)
  }
  if (run !== undefined) yield* lastResort({ ...run, ask: rest.ask })
}

/** The id that REST may be asked from; none where rows from `from` on may have lower ids than one that is stored. */
async function nextIdOf(series: Series, from: Micros): Promise<bigint | undefined> {
  const { key, partition } = series.manifest
  const nextId = series.nextId(from)
  if (nextId === undefined || DATASETS[key.dataset].walk !== 'accountWindow') return nextId
  const { to } = periodWindow(periodOf(micros(from - 1n), partition))
  const near = await series.newestRows({ from: micros(from - INTERLEAVE), to }, 1)
  return near.length === 0 ? nextId : undefined
}

/** What taking files of the archive needs; `undefined` where it is not to be asked. */
function archiveRun(
  plan: SeriesPlan,
  series: Series,
  { archive: session, now, tally, signal }: FetchWorld,
  rest: RestWorld,
): ArchiveRun | undefined {
  if (session === undefined) return undefined
  const ask = plan.settings.source === 'archive' ? undefined : rest.ask
  return { plan, series, session, now, tally, signal, ask, lacking: [] }
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

/** What REST says otherwise of the newest rows before `window`, where the archive brought these. */
async function* seamBefore(
  { key }: SeriesPlan,
  series: Series,
  { from }: Window,
  { now, tally, ask }: Pick<FetchWorld, 'now' | 'tally'> & Pick<RestWorld, 'ask'>,
): AsyncGenerator<Progress, void, void> {
  const stored = await rowsBefore(series, from, 'archive')
  const news = stored === undefined ? undefined : await askSeam(key, stored, from, ask)
  if (news !== undefined)
    yield* storeSeam(series, news, { source: 'rest', gaps: [] }, { now, tally })
}

/** Are trades stored of the time from `from` to the end of its partition? */
async function hasRowsAfter(series: Series, from: Micros): Promise<boolean> {
  const { key, coverage, gaps, partition } = series.manifest
  if (key.interval !== undefined) return false
  const rest = { from, to: periodWindow(periodOf(from, partition)).to }
  // Of time that nothing is known of, no row is stored: the file need not be read.
  if (clip(coverage, rest).length + clip(gaps, rest).length === 0) return false
  return (await series.newestRows(rest, 1)).length > 0
}

/** How much of `wanted` is covered, 0 to 1. */
function shareOf(wanted: Coverage, covered: Coverage): number {
  const length = (windows: Coverage): number =>
    windows.reduce((sum: number, { from, to }: Window) => sum + Number(to - from), 0)
  return 1 - length(subtractAll(wanted, covered)) / Math.max(1, length(wanted))
}

/** One window: steps in, partitions out. What arrived whole is kept, however the walk ends. */
async function* storeRest(
  plan: SeriesPlan,
  store: WindowStore,
  steps: AsyncGenerator<Step<Page>, void, void>,
  { exchange, tally }: FetchWorld,
): AsyncGenerator<Progress, void, void> {
  const windows = union(plan.missing, plan.recheck)
  let told = tally.received
  try {
    for await (const step of steps) {
      yield* store.take({ ...step, source: 'rest' })
      const done = doneShare(windows, store.reached)
      yield rowsReport(plan.key, tally.received - told, store.reached, {
        done,
        usage: exchange.usage(),
      })
      told = tally.received
    }
    yield* store.finish()
  } catch (error) {
    // A disk that refuses, or a lake that another took, is no place to write to.
    const isWritable = error instanceof BackfillError && !(error instanceof StoreError)
    if (isWritable) yield* store.finish()
    throw error
  } finally {
    await store.abort()
  }
}
