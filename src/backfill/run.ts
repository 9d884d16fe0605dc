/** A backfill. Reads top to bottom as the data flows: jobs, wants, plan, pages, partitions, summary. */

import { checkEgresses } from '../base/egress.ts'
import { isFatal } from '../base/errors.ts'
import type { World } from '../base/ports.ts'
import type { Micros } from '../base/time.ts'
import { ArchiveSession } from '../walk/archive/files.ts'
import { CONCURRENCY } from '../walk/exchange.ts'
import type { Spent } from '../pull/gateway.ts'
import type { Exchanges } from '../walk/exchanges.ts'
import { hasWork, worked, type Outcome } from './worked.ts'
import { resultOf, summaryOf } from './outcome.ts'
import { Eta, type SeriesWork } from './eta.ts'
import { speedNow, splitPlan } from './plan-archive.ts'
import type { Kept } from './kept.ts'
import { prepared } from './prepare.ts'
import { LEFT, Recorder, type RunNotes } from './recorder.ts'
import { Speedometer } from './speedometer.ts'
import { planWants } from '../session/plan-wants.ts'
import { checkJobs } from './preflight.ts'
import { emptyTally } from '../store/window-store.ts'
import { checkStored, wantsOf } from '../session/checked-wants.ts'
import { seriesWorld } from '../session/series.ts'
import { exchangeFor, openFor, unknownSeries } from '../session/exchange.ts'
import { Manifests } from '../session/manifests.ts'
import { Turns } from '../session/turns.ts'
import { closeWorld, worldOf } from '../session/world.ts'
import { Mailbox, mergeLanes, mergeStreams } from './streams.ts'
import { keepsFromBeginning, offlinePlan } from './offline-plan.ts'
import { laneOf } from '../binance/market.ts'
import type { SeriesKey } from '../binance/series.ts'
import type { Job } from '../job/job.ts'
import { probeFiles } from '../node/probe.ts'
import type { Options } from '../options.ts'
import { isBlocked, spaceWarning, type Plan, type SeriesPlan, type Want } from '../plan/plan.ts'
import { speedOf, type Speed } from '../plan/speed.ts'
import type { Progress, SeriesResult, Summary } from '../progress.ts'
import { failureIn } from '../store/held.ts'
import { checkLake, markLake } from '../store/lake.ts'
import { acquireLock } from '../store/lock.ts'
import type { SeriesWorld } from '../store/series.ts'
import { withoutUnknown } from './unknown-symbols.ts'

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
    await checkEgresses(world)
    const isMarked = await checkLake(world.files)
    const { waitLockMs: waitMs, signal } = options
    const lock = await acquireLock(world, { waitMs, signal })
    try {
      // A store that many write to is tried when something is about to be written.
      if (!world.files.isShared || !isMarked) await probeFiles(world.files)
      const lake = seriesWorld(world.files, () => lock.assertHeld())
      const startedMs = world.clock.monotonicMs()
      const seconds = (): number => (world.clock.monotonicMs() - startedMs) / 1_000
      const recorder = new Recorder(world, jobs, options.shard)
      const tools = { meter: new Speedometer(world.clock), recorder }
      const run = new Run(options, { lake, isMarked, ...tools }, seconds)
      yield* run.go(world, jobs)
    } finally {
      await lock.release()
    }
  } finally {
    await closeWorld(world, options)
  }
}

type Opened = {
  readonly exchange: Exchanges
  readonly session: ArchiveSession
  readonly plan: Plan
  readonly manifests: Manifests
  readonly now: Micros
  readonly eta: Eta
  readonly files: World['files']
  readonly turns: () => Turns
  /** Plans a series anew, by what the lake holds of it now. */
  readonly replan: (series: SeriesPlan) => Promise<SeriesPlan>
}

/** What a run works with. */
export type RunTools = {
  /** Does the lake have its mark? */
  readonly isMarked: boolean
  readonly lake: SeriesWorld
  readonly recorder: RunNotes
  readonly meter: Speedometer
  readonly kept?: Kept
}

/** One run, while it lasts. */
export class Run {
  readonly #options: Options
  readonly #lake: SeriesWorld
  readonly #isMarked: boolean
  readonly #seconds: () => number
  readonly #abort = new AbortController()
  readonly #signal: AbortSignal
  readonly #mail = new Mailbox<Progress>()
  readonly #results: SeriesResult[] = []
  readonly #errors: unknown[] = []
  readonly #recorder: RunNotes
  readonly #meter: Speedometer
  readonly #kept: Kept | undefined
  #spent: () => Spent = () => ({ requests: 0, weight: 0 })
  #eta: Eta | undefined

  constructor(options: Options, tools: RunTools, seconds: () => number) {
    const { lake, isMarked, recorder, meter, kept } = tools
    this.#kept = kept
    this.#options = options
    this.#isMarked = isMarked
    this.#lake = lake
    this.#recorder = recorder
    this.#meter = meter
    recorder.measures(() => meter.measured())
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
      const speed = speedNow({ exchange, meter: this.#meter, options: this.#options })
      const plan = await offlinePlan(jobs, { exchange, manifests, speed }, this.#options)
      for (const series of plan.series)
        await this.#leave(series, manifests, {
          error: series.problem ?? error,
          now: exchange.now(),
        })
      yield this.#summary({ plan })
      throw error
    }
    yield* this.#work(opened)
  }

  #exchange(world: World, jobs: readonly Job[]): Exchanges {
    // Runs beside this one spend over the same connection: whose request it was is not known.
    if (this.#kept !== undefined) return this.#kept.exchange
    const exchange = exchangeFor(this.#meter.rest(world), jobs, this.#options, {
      onWait: (wait) => {
        this.#eta?.wait(wait.ms)
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
    this.#spent = () => exchange.spent
    this.#recorder.asks(this.#spent)
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
    if (this.#kept === undefined) await openFor(exchange, jobs, this.#options)
    for (const error of unknownSeries(jobs, exchange)) {
      this.#errors.push(error)
      this.#mail.put({ kind: 'warning', message: error.message })
    }
    const now = exchange.now()
    const options = this.#options
    const meter = this.#meter
    const own = { ...options, places: this.#kept?.places }
    const onWarning = (message: string): void => {
      this.#mail.put({ kind: 'warning', message })
    }
    const session = new ArchiveSession(meter.archive(world), own, onWarning)
    const sources = { exchange, session, manifests, onWarning }
    const resolved = await wantsOf(jobs, sources, options)
    const known = await withoutUnknown(resolved, { exchange, session, manifests, options })
    if (!this.#isMarked) await markLake(world.files)
    const wants: Want[] = []
    const warn = (key: SeriesKey, message: string): void => {
      this.#mail.put({ kind: 'warning', key, message })
    }
    const turns = (): Turns => new Turns(world, this.#signal)
    const prepare = { lake: this.#lake, manifests, options, warn, turns }
    for (const want of known) wants.push(await prepared(want, prepare))
    const how = { files: world.files, session, exchange, meter, options }
    const missing = await planWants(wants, manifests, speedNow(how), options)
    const plan = await splitPlan(missing, how)
    const speed = (): Speed => speedOf(plan.speed, meter.measured(1), plan.speed.measured)
    const budgetSeconds = exchange.secondsFor.bind(exchange)
    this.#eta = new Eta(world.clock, { speed, arrived: () => meter.arrived, budgetSeconds })
    const replan = async (series: SeriesPlan): Promise<SeriesPlan> => {
      manifests.forget(series.key)
      const again = await planWants([series], manifests, speedNow(how), options)
      return (await splitPlan(again, how)).series[0] ?? series
    }
    const { files } = world
    return { exchange, session, plan, manifests, now, eta: this.#eta, files, turns, replan }
  }

  /** Everything after the plan. */
  async *#work(opened: Opened): AsyncGenerator<Progress, void, void> {
    const { plan, manifests, files } = opened
    yield { kind: 'plan', plan }
    if (files.isShared && plan.series.some((one) => hasWork(one, this.#options)))
      await probeFiles(files)
    const message = spaceWarning(plan, await files.freeBytes())
    if (message !== undefined) yield { kind: 'warning', message }
    const lanes = new Map<string, (() => AsyncGenerator<Progress, void, void>)[]>()
    for (const [index, series] of plan.series.entries()) {
      if (hasWork(series, this.#options)) {
        const own = { ...opened, priority: -index, work: opened.eta.add(series.tasks) }
        const lane = laneOf(series.key)
        lanes.set(lane, [...(lanes.get(lane) ?? []), () => this.#series(series, own)])
        continue
      }
      if (series.problem !== undefined) this.#errors.push(series.problem)
      await this.#leave(series, manifests, { error: series.problem, now: opened.now })
    }
    const atOnce = this.#options.concurrency ?? CONCURRENCY
    const stop = (): void => {
      this.#abort.abort()
    }
    yield* mergeLanes([...lanes.values()], atOnce, stop)
    yield this.#summary(opened)
    const fatal = this.#errors.find(isFatal)
    if (fatal instanceof Error) throw fatal
    if (fatal !== undefined) throw new Error('the run was stopped', { cause: fatal })
  }

  /** One series: its missing windows, oldest first. Its failure is its own, unless it is everyone's. */
  async *#series(
    planned: SeriesPlan,
    opened: Opened & { readonly priority: number; readonly work: SeriesWork },
  ): AsyncGenerator<Progress, void, void> {
    const { exchange, work, now } = opened
    const outcome: Outcome = { tally: emptyTally(), manifest: undefined }
    let error: unknown
    try {
      yield* worked(planned, outcome, {
        ...{ ...opened, exchange: exchange.of(planned.key.market), lake: this.#lake },
        ...{ options: this.#options, meter: this.#meter, signal: this.#signal },
      })
      this.#recorder.answered(planned.key)
      // What could be planned was fetched; what could not be planned is still reported.
      if (planned.problem !== undefined) throw planned.problem
    } catch (thrown) {
      const failure = await failureIn(this.#lake.assertHeld, thrown)
      error = exchange.failureIn(planned.key.market, failure)
      this.#errors.push(error)
      if (isFatal(error)) this.#abort.abort(error)
    }
    work.end()
    const result = resultOf(planned, outcome.manifest, outcome.tally, { error, now })
    this.#results.push(result)
    yield { kind: 'series', result }
  }

  #summary({ plan }: Pick<Opened, 'plan'>): Summary {
    const ended = { results: this.#results, errors: this.#errors, seconds: this.#seconds() }
    return summaryOf(plan, { ...ended, spent: this.#spent(), shard: this.#options.shard })
  }
}
