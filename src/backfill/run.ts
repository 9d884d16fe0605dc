/** A backfill. Reads top to bottom as the data flows: jobs, wants, plan, pages, partitions, summary. */

import { union } from '../base/coverage.ts'
import { DamageError, isChanged, isFatal } from '../base/errors.ts'
import type { World } from '../base/ports.ts'
import type { Micros } from '../base/time.ts'
import { ArchiveSession, usesArchive } from '../walk/archive/files.ts'
import { CONCURRENCY, LOOK_ATTEMPTS } from '../walk/exchange.ts'
import type { Exchanges } from '../walk/exchanges.ts'
import { fetchSeries } from './series.ts'
import { resultOf, summaryOf } from './outcome.ts'
import { splitPlan } from './plan-archive.ts'
import { LEFT, Recorder } from './recorder.ts'
import { planWants } from '../session/plan-wants.ts'
import { checkJobs } from './preflight.ts'
import { emptyTally } from '../store/window-store.ts'
import { checkStored, wantsOf } from '../session/checked-wants.ts'
import { maybePublished, lostWords, openSeries, seriesWorld } from '../session/series.ts'
import { exchangeFor, openExchange, openFor } from '../session/exchange.ts'
import { isEndNew, isListingNew, recordEnd, recordListing } from '../session/listing.ts'
import { Manifests } from '../session/manifests.ts'
import { worldOf } from '../session/world.ts'
import { Mailbox, mergeStreams } from './streams.ts'
import { keepsFromBeginning, offlinePlan } from './offline-plan.ts'
import type { Job } from '../job/job.ts'
import { probeFiles } from '../node/probe.ts'
import type { Options } from '../options.ts'
import { isBlocked, spaceWarning, type Plan, type SeriesPlan, type Want } from '../plan/plan.ts'
import type { Progress, SeriesResult, Summary } from '../progress.ts'
import { failureIn } from '../store/held.ts'
import { checkLake, markLake } from '../store/lake.ts'
import { acquireLock } from '../store/lock.ts'
import type { Series, SeriesWorld } from '../store/series.ts'
import { withoutUnknown } from './unknown-symbols.ts'

/** Plans what a run of `jobs` would do. Asks the exchange for its time, limits and listings; writes nothing. */
export async function planJobs(jobs: readonly Job[], options: Options = {}): Promise<Plan> {
  checkJobs(jobs, options)
  const world = worldOf(options)
  try {
    await checkLake(world.files)
    const manifests = new Manifests(world.files)
    await checkStored(jobs, manifests)
    const events = {
      onWait: () => undefined,
      onWarning: () => undefined,
      attemptsMax: LOOK_ATTEMPTS,
    }
    const exchange = await openExchange(world, jobs, options, events)
    const session = new ArchiveSession(world, options, events.onWarning)
    const resolved = await wantsOf(jobs, exchange, manifests, options)
    const wants = await withoutUnknown(resolved, { exchange, session, manifests, options })
    const [first] = wants
    if (first?.problem !== undefined && wants.every(isBlocked)) throw first.problem
    const plan = await planWants(wants, manifests, exchange, options)
    const split = await splitPlan(plan, session, { exchange, options })
    const warning = spaceWarning(split, await world.files.freeBytes())
    return warning === undefined ? split : { ...split, warning }
  } finally {
    if (options.world === undefined) await world.http.close()
  }
}

/**
 * Makes the lake hold what `jobs` ask for; the last item is the summary. Safe to stop at any point and to run again:
 * the next run goes on, and one with nothing left to do asks for no rows and changes no byte.
 *
 * @throws UsageError before anything was done; BannedError, StoreError, StoppedError after the summary, when they
 * ended the run, and UnreachableError when it could not begin.
 */
export async function* backfill(
  jobs: readonly Job[],
  options: Options = {},
): AsyncGenerator<Progress, void, void> {
  checkJobs(jobs, options)
  const world = worldOf(options)
  try {
    await checkLake(world.files)
    const { waitLockMs: waitMs, signal } = options
    const lock = await acquireLock(world, { waitMs, signal })
    try {
      await probeFiles(world.files)
      const lake = seriesWorld(world.files, () => lock.assertHeld())
      const startedMs = world.clock.monotonicMs()
      const seconds = (): number => (world.clock.monotonicMs() - startedMs) / 1_000
      const run = new Run(options, { lake, recorder: new Recorder(world, jobs) }, seconds)
      yield* run.go(world, jobs)
    } finally {
      await lock.release()
    }
  } finally {
    if (options.world === undefined) await world.http.close()
  }
}

type Opened = {
  readonly exchange: Exchanges
  readonly session: ArchiveSession
  readonly plan: Plan
  readonly manifests: Manifests
  readonly now: Micros
  readonly freeBytes: () => Promise<number | undefined>
}

/** One run, while it lasts. */
class Run {
  readonly #options: Options
  readonly #lake: SeriesWorld
  readonly #seconds: () => number
  readonly #abort = new AbortController()
  readonly #signal: AbortSignal
  readonly #mail = new Mailbox<Progress>()
  readonly #results: SeriesResult[] = []
  readonly #errors: unknown[] = []
  readonly #recorder: Recorder

  constructor(
    options: Options,
    { lake, recorder }: { readonly lake: SeriesWorld; readonly recorder: Recorder },
    seconds: () => number,
  ) {
    this.#options = options
    this.#lake = lake
    this.#recorder = recorder
    this.#seconds = seconds
    const { signal } = options
    this.#signal =
      signal === undefined ? this.#abort.signal : AbortSignal.any([signal, this.#abort.signal])
  }

  /** The whole run; what happens on the way to the exchange is reported as it happens. */
  async *go(world: World, jobs: readonly Job[]): AsyncGenerator<Progress, void, void> {
    const ending = { errors: this.#errors, signal: this.#options.signal }
    const whole = (): AsyncGenerator<Progress, void, void> =>
      this.#recorder.watch(this.#all(world, jobs), ending)
    const abort = (): void => {
      this.#abort.abort(LEFT)
    }
    try {
      yield* mergeStreams([whole], 1, abort, this.#mail)
    } catch (error) {
      // Whoever leaves the run early has stopped it: that it stopped is no failure to report to them.
      if (error !== LEFT) throw error
    }
  }

  async *#all(world: World, jobs: readonly Job[]): AsyncGenerator<Progress, void, void> {
    const manifests = new Manifests(world.files)
    await checkStored(jobs, manifests)
    const exchange = this.#exchange(world, jobs)
    let opened: Opened
    try {
      opened = await this.#open(world, jobs, { exchange, manifests })
    } catch (error) {
      if (!keepsFromBeginning(error)) throw error
      this.#errors.push(error)
      const plan = await offlinePlan(jobs, { exchange, manifests }, this.#options)
      for (const series of plan.series)
        await this.#leave(series, manifests, {
          error: series.problem ?? error,
          now: exchange.now(),
        })
      yield this.#summary({ exchange, plan })
      throw error
    }
    yield* this.#work(opened)
  }

  #exchange(world: World, jobs: readonly Job[]): Exchanges {
    const exchange = exchangeFor(world, jobs, this.#options, {
      onWait: (wait) => {
        this.#recorder.wait(wait)
        this.#mail.put({ kind: 'wait', ...wait })
      },
      onWarning: (message) => {
        this.#mail.put({ kind: 'warning', message })
      },
      onNote: (message) => {
        this.#mail.put({ kind: 'note', message })
      },
      signal: this.#signal,
    })
    this.#recorder.asks(() => exchange.spent)
    return exchange
  }

  /** A series that is not worked at: since there is nothing to do, or since nothing can be done. */
  async #leave(
    series: SeriesPlan,
    manifests: Manifests,
    end: { readonly error: unknown; readonly now: Micros },
  ): Promise<void> {
    const manifest = isBlocked(series) ? undefined : await manifests.get(series.key)
    this.#results.push(resultOf(series, manifest, emptyTally(), end))
  }

  /** Everything up to the plan. */
  async #open(
    world: World,
    jobs: readonly Job[],
    { exchange, manifests }: Pick<Opened, 'exchange' | 'manifests'>,
  ): Promise<Opened> {
    await openFor(exchange, jobs, this.#options)
    const now = exchange.now()
    const options = this.#options
    const session = new ArchiveSession(world, options, (message) => {
      this.#mail.put({ kind: 'warning', message })
    })
    const resolved = await wantsOf(jobs, exchange, manifests, options)
    const known = await withoutUnknown(resolved, { exchange, session, manifests, options })
    await markLake(world.files)
    const wants: Want[] = []
    for (const want of known) wants.push(await this.#prepare(want, manifests))
    const missing = await planWants(wants, manifests, exchange, options)
    const plan = await splitPlan(missing, session, { exchange, options })
    return { exchange, session, plan, manifests, now, freeBytes: () => world.files.freeBytes() }
  }

  /**
   * Tells which files are gone; takes in what crashed runs left, and what was learnt by resolving, so that the plan
   * knows it. A want of a series with a file that cannot be taken in comes back with that problem.
   */
  async #prepare(want: Want, manifests: Manifests): Promise<Want> {
    if (isBlocked(want)) return want
    const manifest = await manifests.get(want.key)
    const windows = maybePublished(want, manifest, this.#options)
    const isNew = windows.length > 0 || isListingNew(manifest, want) || isEndNew(manifest, want)
    if (!isNew && !(await manifests.isBehind(want.key))) return want
    const message = await lostWords(want, manifests)
    if (message !== undefined) this.#mail.put({ kind: 'warning', key: want.key, message })
    manifests.forget(want.key)
    try {
      const series = await openSeries(this.#lake, want, windows)
      await recordListing(series, want)
      await recordEnd(series, want)
      return want
    } catch (thrown) {
      const problem = await failureIn(this.#lake.assertHeld, thrown)
      // A damaged file is the failure of its series, also where nothing else is left to do; the others go on.
      if (problem instanceof DamageError || isChanged(problem))
        return { ...want, wanted: [], problem }
      throw problem
    }
  }

  /** Everything after the plan. */
  async *#work(opened: Opened): AsyncGenerator<Progress, void, void> {
    const { plan, manifests } = opened
    yield { kind: 'plan', plan }
    const message = spaceWarning(plan, await opened.freeBytes())
    if (message !== undefined) yield { kind: 'warning', message }
    const work: (() => AsyncGenerator<Progress, void, void>)[] = []
    for (const [index, series] of plan.series.entries()) {
      if (this.#hasWork(series)) {
        work.push(() => this.#series(series, { ...opened, priority: -index }))
        continue
      }
      if (series.problem !== undefined) this.#errors.push(series.problem)
      await this.#leave(series, manifests, { error: series.problem, now: opened.now })
    }
    const atOnce = this.#options.concurrency ?? CONCURRENCY
    for await (const event of mergeStreams(work, atOnce, () => {
      this.#abort.abort()
    }))
      yield event
    yield this.#summary(opened)
    const fatal = this.#errors.find(isFatal)
    if (fatal instanceof Error) throw fatal
    if (fatal !== undefined) throw new Error('the run was stopped', { cause: fatal })
  }

  #hasWork(series: SeriesPlan): boolean {
    const { key, missing, recheck, settings } = series
    const isRefreshed =
      this.#options.refreshArchives === true && usesArchive(key, settings.source, this.#options)
    return !isBlocked(series) && (missing.length > 0 || recheck.length > 0 || isRefreshed)
  }

  /** One series: its missing windows, oldest first. Its failure is its own, unless it is everyone's. */
  async *#series(
    plan: SeriesPlan,
    { exchange, session, now, priority }: Opened & { priority: number },
  ): AsyncGenerator<Progress, void, void> {
    const tally = emptyTally()
    let series: Series | undefined
    let error: unknown
    try {
      series = await openSeries(this.#lake, plan, union(plan.missing, plan.recheck))
      const archive = usesArchive(plan.key, plan.settings.source, this.#options)
        ? session
        : undefined
      const signal = this.#signal
      yield* fetchSeries(plan, series, {
        exchange: exchange.of(plan.key.market),
        archive,
        now,
        priority,
        tally,
        isRefreshed: this.#options.refreshArchives === true,
        signal,
      })
      // What could be planned was fetched; what could not be planned is still reported.
      if (plan.problem !== undefined) throw plan.problem
    } catch (thrown) {
      error = await failureIn(this.#lake.assertHeld, thrown)
      this.#errors.push(error)
      if (isFatal(error)) this.#abort.abort(error)
    }
    const result = resultOf(plan, series?.manifest, tally, { error, now })
    this.#results.push(result)
    yield { kind: 'series', result }
  }

  #summary({ exchange, plan }: Pick<Opened, 'exchange' | 'plan'>): Summary {
    const ended = { results: this.#results, errors: this.#errors, seconds: this.#seconds() }
    return summaryOf(plan, { ...ended, spent: exchange.spent })
  }
}
