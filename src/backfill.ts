/** The conductor. Reads top to bottom as the data flows: jobs, wants, plan, pages, partitions, summary. */

import { subtractAll, union } from './base/coverage.ts'
import { BackfillError, StoreError } from './base/errors.ts'
import type { Micros } from './base/time.ts'
import { CONCURRENCY, type Exchange } from './conduct/exchange.ts'
import { exitOf, isFatal, resultOf } from './conduct/outcome.ts'
import { walkRest } from './conduct/rest.ts'
import { doneShare, rowsReport, WindowStore, type Tally } from './conduct/series-run.ts'
import {
  checkOptions,
  Manifests,
  openExchange,
  openSeries,
  planWants,
  seriesWorld,
  wantsOf,
  worldOf,
} from './conduct/session.ts'
import { mergeStreams } from './conduct/stream.ts'
import type { Job } from './job/job.ts'
import type { Options } from './options.ts'
import type { Plan, SeriesPlan } from './plan/plan.ts'
import type { Progress, SeriesResult, Summary } from './progress.ts'
import { checkLake, markLake } from './store/lake.ts'
import { acquireLock } from './store/lock.ts'
import type { Series, SeriesWorld } from './store/series.ts'

/** Plans what a run of `jobs` would do. Asks the exchange for its time, limits and listings; writes nothing. */
export async function planJobs(jobs: readonly Job[], options: Options = {}): Promise<Plan> {
  checkOptions(options)
  const world = worldOf(options)
  try {
    await checkLake(world.files)
    const events = { onWait: () => undefined, onWarning: () => undefined }
    const exchange = await openExchange(world, jobs, options, events)
    const manifests = new Manifests(world.files)
    const wants = await wantsOf(jobs, exchange, manifests, options)
    return await planWants(wants, manifests, exchange, options)
  } finally {
    if (options.world === undefined) await world.http.close()
  }
}

/**
 * Makes the lake hold what `jobs` ask for; the last item is the summary. Safe to stop at any point and to run again:
 * the next run goes on, and one with nothing left to do asks for no rows and changes no byte.
 *
 * @throws UsageError before anything was done; BannedError, StoreError, StoppedError after the summary, when they
 * ended the run.
 */
export async function* backfill(
  jobs: readonly Job[],
  options: Options = {},
): AsyncGenerator<Progress, void, void> {
  checkOptions(options)
  const world = worldOf(options)
  try {
    await checkLake(world.files)
    const { waitLockMs: waitMs, signal } = options
    const lock = await acquireLock(world, { waitMs, signal })
    try {
      const lake = seriesWorld(world.files, () => lock.assertHeld())
      const startedMs = world.clock.monotonicMs()
      const run = new Run(options, lake, () => (world.clock.monotonicMs() - startedMs) / 1_000)
      yield* run.go(await run.open(world, jobs))
    } finally {
      await lock.release()
    }
  } finally {
    if (options.world === undefined) await world.http.close()
  }
}

type Opened = {
  readonly exchange: Exchange
  readonly plan: Plan
  readonly manifests: Manifests
  readonly now: Micros
}

/** One run, while it lasts. */
class Run {
  readonly #options: Options
  readonly #lake: SeriesWorld
  readonly #seconds: () => number
  readonly #abort = new AbortController()
  readonly #signal: AbortSignal
  readonly #pending: Progress[] = []
  readonly #results: SeriesResult[] = []
  readonly #errors: unknown[] = []

  constructor(options: Options, lake: SeriesWorld, seconds: () => number) {
    this.#options = options
    this.#lake = lake
    this.#seconds = seconds
    const { signal } = options
    this.#signal =
      signal === undefined ? this.#abort.signal : AbortSignal.any([signal, this.#abort.signal])
  }

  /** Everything up to the plan. */
  async open(world: Parameters<typeof openExchange>[0], jobs: readonly Job[]): Promise<Opened> {
    const exchange = await openExchange(world, jobs, this.#options, {
      onWait: (reason, ms) => this.#pending.push({ kind: 'wait', reason, ms }),
      onWarning: (message) => this.#pending.push({ kind: 'warning', message }),
      signal: this.#signal,
    })
    const now = exchange.now()
    const before = new Manifests(world.files)
    const wants = await wantsOf(jobs, exchange, before, this.#options)
    await markLake(world.files)
    for (const want of wants) {
      const manifest = await before.get(want.key)
      // Only where something is missing can a crashed run have left what it did not record.
      if (subtractAll(want.wanted, manifest?.coverage ?? []).length > 0 || manifest?.fresh.length)
        await openSeries(this.#lake, want)
    }
    const manifests = new Manifests(world.files)
    const plan = await planWants(wants, manifests, exchange, this.#options)
    return { exchange, plan, manifests, now }
  }

  /** Everything after the plan. */
  async *go(opened: Opened): AsyncGenerator<Progress, void, void> {
    const { plan, exchange, manifests } = opened
    yield { kind: 'plan', plan }
    const work: (() => AsyncGenerator<Progress, void, void>)[] = []
    for (const [index, series] of plan.series.entries()) {
      if (series.missing.length > 0 || series.recheck.length > 0) {
        work.push(() => this.#series(series, { ...opened, priority: -index }))
        continue
      }
      const none = { rows: 0, partitions: 0, bytes: 0, revisions: 0 }
      this.#results.push(resultOf(series, await manifests.get(series.key), none, undefined))
    }
    const atOnce = this.#options.concurrency ?? CONCURRENCY
    for await (const event of mergeStreams(work, atOnce, () => {
      this.#abort.abort()
    })) {
      yield* this.#pending.splice(0)
      yield event
    }
    yield* this.#pending.splice(0)
    yield this.#summary(exchange)
    const fatal = this.#errors.find(isFatal)
    if (fatal instanceof Error) throw fatal
    if (fatal !== undefined) throw new Error('the run was stopped', { cause: fatal })
  }

  /** One series: its missing windows, oldest first. Its failure is its own, unless it is everyone's. */
  async *#series(
    plan: SeriesPlan,
    { exchange, now, priority }: Opened & { priority: number },
  ): AsyncGenerator<Progress, void, void> {
    const tally: Tally = { rows: 0, partitions: 0, bytes: 0, revisions: 0 }
    let series: Series | undefined
    let error: unknown
    try {
      series = await openSeries(this.#lake, plan)
      for (const window of union(plan.missing, plan.recheck)) {
        this.#signal.throwIfAborted()
        const before = {
          hasRowsBefore: series.hasRowsBefore(window.from),
          nextId: series.nextId(window.from),
        }
        const ask = exchange.pages(plan.key, plan.settings.numbers, priority)
        const rest = { ask, readAhead: exchange.readAhead, signal: this.#signal }
        const store = new WindowStore(series, window, now, tally)
        yield* this.#window(plan, store, {
          exchange,
          tally,
          steps: walkRest(plan.key, window, before, rest),
        })
      }
    } catch (thrown) {
      error = thrown
      this.#errors.push(thrown)
      if (isFatal(thrown)) this.#abort.abort(thrown)
    }
    const result = resultOf(plan, series?.manifest, tally, error)
    this.#results.push(result)
    yield { kind: 'series', result }
  }

  /** One window: steps in, partitions out. What arrived whole is kept, however the walk ends. */
  async *#window(
    plan: SeriesPlan,
    store: WindowStore,
    {
      exchange,
      tally,
      steps,
    }: { exchange: Exchange; tally: Tally; steps: ReturnType<typeof walkRest> },
  ): AsyncGenerator<Progress, void, void> {
    const windows = union(plan.missing, plan.recheck)
    let told = tally.rows
    try {
      for await (const step of steps) {
        yield* store.take({ ...step, source: 'rest' })
        const done = doneShare(windows, store.reached)
        const usage = exchange.usage()
        yield rowsReport(plan.key, tally.rows - told, store.reached, { done, usage })
        told = tally.rows
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

  #summary(exchange: Exchange): Summary {
    const sum = (of: (result: SeriesResult) => number): number =>
      this.#results.reduce((total, result) => total + of(result), 0)
    const { requests, weight } = exchange.gateway.spent
    return {
      kind: 'summary',
      complete: this.#results.every(({ complete }) => complete),
      rows: sum(({ rows }) => rows),
      requests,
      weight,
      partitions: sum(({ partitions }) => partitions),
      bytes: sum(({ bytes }) => bytes),
      seconds: this.#seconds(),
      series: this.#results,
      exit: exitOf(this.#results, this.#errors),
    }
  }
}
