/** Works the queue off: takes one series after the other, and gives back what it cannot finish. */

import type { Job as QueueJob, Worker as QueueWorker } from 'bullmq'
import { BannedError, StoppedError } from '../base/errors.ts'
import type { World } from '../base/ports.ts'
import { Mailbox, mergeStreams } from '../backfill/streams.ts'
import type { SeriesResult } from '../progress.ts'
import { CONCURRENCY } from '../walk/exchange.ts'
import { Bans } from './bans.ts'
import { Connection } from './connection.ts'
import { givenBack } from './give-back.ts'
import { isLakeRefused, probeLake } from './lake-probe.ts'
import { workerRedis, QUEUE_NAME, refusalOf, type OpenQueue } from './engine.ts'
import { backBy, fateOf, LeaseLost, type Fate } from './fate.ts'
import type { FleetOptions } from './lake-mark.ts'
import { lookUp } from './on-queue.ts'
import { openFleet } from './open.ts'
import { readQueueUrl } from './queue-url.ts'
import { NotDone, runSeries } from './run-series.ts'
import type { WorkProgress } from './work-progress.ts'
import { WorkRecord } from './work-record.ts'
import type { SeriesJob } from './series-job.ts'

/** Options of a worker. */
export type WorkOptions = FleetOptions & {
  /** How long a silent worker keeps its series, in milliseconds. Default 60,000. */
  readonly leaseMs?: number
  /** Ends when nothing waits, is delayed or active for ten seconds. */
  readonly untilIdle?: boolean
}

const LEASE_MS = 60_000
/** A worker that has not reached its queue for so long at the start ends. */
const REACH_MS = 60_000
const POLL_MS = 500
const IDLE_MS = 10_000
/** Series at once: while one commits another asks. More would leave none to other workers when few are left. */
const SERIES_MAX = 4
/** How long a worker holds a series that it may not ask for, so that it does not run through the whole queue. */
const BANNED_MS = 1_000

/**
 * Takes series from the queue and runs them until it is told to stop, or nothing is left. The worker plans by itself
 * from the lake; the queue only says which series are wanted.
 *
 * @throws UsageError before anything was done; QueueError when the queue is not reached within a minute; StoppedError
 * when it was stopped, BannedError or StoreError when it could do none of the series that are left.
 */
export async function* workQueue(
  options: WorkOptions = {},
): AsyncGenerator<WorkProgress, void, void> {
  const { world, open, close } = await openFleet(options, REACH_MS)
  try {
    await probeLake(world)
    yield* new FleetWorker(world, open, options).go()
  } catch (error) {
    throw refusalOf(error, open.name) ?? error
  } finally {
    await close()
  }
}

class FleetWorker {
  readonly #world: World
  readonly #open: OpenQueue
  readonly #options: WorkOptions
  readonly #mail = new Mailbox<WorkProgress>()
  readonly #connection: Connection
  readonly #stop = new AbortController()
  /** What is being run, whatever becomes of the queue. */
  readonly #runs = new Set<Promise<unknown>>()
  /** What is looked at after series were done. */
  readonly #looks = new Set<Promise<unknown>>()
  /** Where nothing may be asked now. */
  readonly #banned = new Bans()
  #record: WorkRecord
  readonly #counts = { done: 0, failed: 0, returned: 0, rows: 0 }
  readonly #said = new Set<string>()

  constructor(world: World, open: OpenQueue, options: WorkOptions) {
    this.#world = world
    this.#open = open
    const { signal } = options
    const either =
      signal === undefined ? this.#stop.signal : AbortSignal.any([signal, this.#stop.signal])
    this.#options = { ...options, signal: either }
    this.#connection = new Connection(world, this.#options, {
      onWait: (wait) => {
        this.#record.wait(wait)
        this.#mail.put({ kind: 'wait', ...wait })
      },
      onWarning: (message) => {
        this.#warn(message)
      },
    })
    this.#record = new WorkRecord(world, this.#connection)
  }

  async *go(): AsyncGenerator<WorkProgress, void, void> {
    const abort = (): void => {
      this.#stop.abort(new StoppedError('SIGTERM'))
    }
    yield* mergeStreams([() => this.#all()], 1, abort, this.#mail)
  }

  async *#all(): AsyncGenerator<WorkProgress, void, void> {
    const signal = this.#options.signal as AbortSignal
    const { worker, cut } = this.#worker()
    let isStopped = false
    try {
      const running = worker.run()
      running.catch(() => undefined)
      await this.#wait(signal)
    } catch (error) {
      if (!signal.aborted) throw error
      isStopped = true
    } finally {
      const closing = worker.close().then(() => Promise.allSettled(this.#looks))
      this.#stop.abort(new StoppedError('SIGTERM'))
      await Promise.allSettled(this.#runs)
      await givenBack(closing, { world: this.#world, open: this.#open, cut })
    }
    yield* this.#record.write(isStopped ? [signal.reason] : [])
    yield { kind: 'summary', ...this.#counts }
    if (isStopped) signal.throwIfAborted()
  }

  #worker(): { worker: QueueWorker<SeriesJob>; cut: () => void } {
    const { engine } = this.#open
    const leaseMs = this.#options.leaseMs ?? LEASE_MS
    const { redis: connection, cut } = workerRedis(engine, readQueueUrl(this.#options.queue).url)
    const worker = new engine.bullmq.Worker<SeriesJob>(
      QUEUE_NAME,
      // Three parameters: otherwise the engine makes no signal.
      (job, token, signal) => this.#take(job, token ?? '', signal ?? new AbortController().signal),
      {
        connection,
        autorun: false,
        skipVersionCheck: true,
        concurrency: Math.min(SERIES_MAX, this.#options.concurrency ?? CONCURRENCY),
        lockDuration: leaseMs,
        stalledInterval: Math.max(1_000, leaseMs / 2),
        // A worker that dies is no failure of the series.
        maxStalledCount: 1_000,
        drainDelay: 1,
      },
    )
    worker.on('error', (error) => {
      const refusal = refusalOf(error, this.#open.name)
      if (refusal !== undefined) this.#stop.abort(refusal)
      this.#warn(`queue: ${error.message}`)
    })
    worker.on('lockRenewalFailed', (ids) => {
      for (const id of ids) worker.cancelJob(id)
    })
    worker.on('completed', (job) => {
      void kept(this.#looks, this.#lookAgain(job))
    })
    worker.on('closed', cut)
    return { worker, cut }
  }

  /** Until it is stopped, or all has been idle for long enough. */
  async #wait(signal: AbortSignal): Promise<void> {
    const { clock } = this.#world
    let idleSinceMs: number | undefined
    // A server that is away answers only when it is back.
    const stopped = new Promise<never>((_, reject) => {
      signal.addEventListener(
        'abort',
        () => {
          reject(signal.reason as Error)
        },
        { once: true },
      )
    })
    stopped.catch(() => undefined)
    for (;;) {
      await clock.sleep(POLL_MS, signal)
      await Promise.race([this.#endIfBanned(), stopped])
      if (this.#options.untilIdle !== true) continue
      const isIdle = await Promise.race([this.#isIdle(), stopped])
      if (!isIdle) idleSinceMs = undefined
      else idleSinceMs ??= clock.monotonicMs()
      if (idleSinceMs !== undefined && clock.monotonicMs() - idleSinceMs >= IDLE_MS) return
    }
  }

  async #isIdle(): Promise<boolean> {
    const { redis, queue } = this.#open
    if (redis.status !== 'ready') return false
    const counts = await queue.getJobCounts(
      'wait',
      'prioritized',
      'delayed',
      'active',
      'paused' as never,
    )
    return Object.values(counts).every((count) => count === 0)
  }

  async #take(job: QueueJob<SeriesJob>, token: string, lease: AbortSignal): Promise<unknown> {
    const { name } = job
    this.#mail.put({ kind: 'taken', series: name })
    const lost = new AbortController()
    const loseLease = (): void => {
      lost.abort(new LeaseLost('the lease of this series was lost'))
    }
    lease.addEventListener('abort', loseLease, { once: true })
    const stop = this.#options.signal as AbortSignal
    const signal = AbortSignal.any([stop, lost.signal])
    try {
      const result = await kept(this.#runs, this.#run(job, signal))
      this.#banned.ended(name)
      this.#counts.done += 1
      this.#counts.rows += result?.rows ?? 0
      this.#mail.put({ kind: 'done', series: name, ...(result === undefined ? {} : { result }) })
      return { rows: result?.rows ?? 0, partitions: result?.partitions ?? 0 }
    } catch (error) {
      // Whatever the walk made of it, the wish to stop comes first.
      const fate = signal.aborted ? backBy(signal.reason) : await this.#fateOf(error, name)
      return await this.#end(job, token, fate)
    } finally {
      lease.removeEventListener('abort', loseLease)
      await this.#keepRecord()
    }
  }

  #run(job: QueueJob<SeriesJob>, signal: AbortSignal): Promise<SeriesResult | undefined> {
    return runSeries(job.data, {
      world: this.#world,
      connection: this.#connection,
      options: { ...this.#options, signal },
      record: this.#record,
      tell: (item: WorkProgress) => {
        this.#mail.put(item)
      },
      progress: (rows: number) => job.updateProgress({ rows }),
    })
  }

  async #keepRecord(): Promise<void> {
    const record = this.#record
    if (!record.isFull) return
    this.#record = new WorkRecord(this.#world, this.#connection)
    for await (const item of record.write([])) this.#mail.put(item)
  }

  /** What was asked of a series while it ran is run then: it is put on the queue again. */
  async #lookAgain(job: QueueJob<SeriesJob>): Promise<void> {
    const [found] = await lookUp(this.#open, [job.name])
    if (found?.text === undefined || found.state !== 'completed') return
    if (JSON.stringify(JSON.parse(found.text)) === JSON.stringify(job.data)) return
    try {
      await job.retry('completed')
    } catch {
      // Somebody else may have been faster.
      if ((await job.getState().catch(() => 'completed')) === 'completed')
        this.#warn(`${job.name}: what was asked of it meanwhile is not on the queue; enqueue again`)
    }
  }

  /** What becomes of a series. A failure that every other series would have ends the worker. */
  async #fateOf(error: unknown, series: string): Promise<Fate> {
    const fate = error instanceof NotDone ? error.fate : fateOf(error)
    const signal = this.#options.signal as AbortSignal
    if (await isLakeRefused(error, this.#world)) this.#stop.abort(error)
    if (error instanceof BannedError) {
      this.#banned.began(series, error)
      await this.#endIfBanned()
      await this.#world.clock.sleep(BANNED_MS, signal).catch(() => undefined)
    }
    return signal.aborted ? backBy(signal.reason) : fate
  }

  /** Other workers may do what this one may not. */
  async #endIfBanned(): Promise<void> {
    const error = await this.#banned.endBy(this.#open, this.#world.clock.monotonicMs())
    if (error !== undefined) this.#stop.abort(error)
  }

  async #end(
    job: QueueJob<SeriesJob>,
    token: string,
    { kind, reason, delayMs }: Fate,
  ): Promise<never> {
    const { bullmq } = this.#open.engine
    const { name: series } = job
    if (kind !== 'back') {
      const isFinal = kind === 'hopeless' || job.attemptsMade + 1 >= (job.opts.attempts ?? 1)
      if (isFinal) this.#counts.failed += 1
      this.#mail.put({ kind: 'failed', series, reason, isFinal })
      throw kind === 'hopeless' ? new bullmq.UnrecoverableError(reason) : new Error(reason)
    }
    this.#counts.returned += 1
    this.#mail.put({ kind: 'returned', series, reason })
    if (delayMs === 0) await job.moveToWait(token)
    else await job.moveToDelayed(Number(this.#world.clock.now() / 1_000n) + delayMs, token)
    throw delayMs === 0 ? new bullmq.WaitingError() : new bullmq.DelayedError()
  }

  /** A queue that is away says so with every try. */
  #warn(message: string): void {
    if (this.#said.has(message)) return
    this.#said.add(message)
    this.#mail.put({ kind: 'warning', message })
  }
}

/** Keeps `work` in `all` until it has ended. */
function kept<T>(all: Set<Promise<unknown>>, work: Promise<T>): Promise<T> {
  all.add(work)
  const ended = (): void => void all.delete(work)
  work.then(ended, ended)
  return work
}
