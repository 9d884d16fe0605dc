/** Works the queue off: takes one series after the other, and gives back what it cannot finish. */

import type { Job as QueueJob, Worker as QueueWorker } from 'bullmq'
import { checkEgresses } from '../base/egress.ts'
import { StoppedError } from '../base/errors.ts'
import type { World } from '../base/ports.ts'
import { Mailbox, mergeStreams } from '../backfill/streams.ts'
import { probeFiles } from '../node/probe.ts'
import type { SeriesResult } from '../progress.ts'
import { closeWorld, worldOf } from '../session/world.ts'
import { CONCURRENCY } from '../walk/exchange.ts'
import { Connection } from './connection.ts'
import { newRedis, openQueue, QUEUE_NAME, type OpenQueue } from './engine.ts'
import { fateOf, LeaseLost, type Fate } from './fate.ts'
import { checkShared, claimQueue, type FleetOptions } from './lake-mark.ts'
import { readQueueUrl } from './queue-url.ts'
import { NotDone, runSeries } from './run-series.ts'
import type { WorkProgress } from './work-progress.ts'
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
/** How long the queue may take to take back what a worker gives back. */
const CLOSE_MS = 10_000

/**
 * Takes series from the queue and runs them until it is told to stop, or nothing is left. The worker plans by itself
 * from the lake; the queue only says which series are wanted.
 *
 * @throws UsageError before anything was done; QueueError when the queue is not reached within a minute; StoppedError
 * when it was stopped, BannedError or StoreError when it could do no series at all: then all of them were given back.
 */
export async function* workQueue(
  options: WorkOptions = {},
): AsyncGenerator<WorkProgress, void, void> {
  readQueueUrl(options.queue)
  const world = worldOf(options)
  try {
    await checkEgresses(world)
    checkShared(world, options)
    const { clock } = world
    const { signal } = options
    const open = await openQueue(options.queue, { clock, timeoutMs: REACH_MS, signal })
    try {
      await claimQueue(open, world, options)
      await probe(world)
      yield* new FleetWorker(world, open, options).go()
    } finally {
      await open.close()
    }
  } finally {
    await closeWorld(world, options)
  }
}

/** Several workers may try a directory at the same moment. */
async function probe({ files, random }: World): Promise<void> {
  await probeFiles(files, `_probe-${Math.floor(random.next() * 2 ** 32).toString(16)}`)
}

class FleetWorker {
  readonly #world: World
  readonly #open: OpenQueue
  readonly #options: WorkOptions
  readonly #mail = new Mailbox<WorkProgress>()
  readonly #connection: Connection
  readonly #stop = new AbortController()
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
        this.#mail.put({ kind: 'wait', ...wait })
      },
      onWarning: (message) => {
        this.#warn(message)
      },
    })
  }

  async *go(): AsyncGenerator<WorkProgress, void, void> {
    const abort = (): void => {
      this.#stop.abort(new StoppedError('SIGTERM'))
    }
    yield* mergeStreams([() => this.#all()], 1, abort, this.#mail)
  }

  async *#all(): AsyncGenerator<WorkProgress, void, void> {
    const signal = this.#options.signal as AbortSignal
    const worker = this.#worker()
    let isStopped = false
    try {
      const running = worker.run()
      running.catch(() => undefined)
      await this.#wait(signal)
    } catch (error) {
      if (!signal.aborted) throw error
      isStopped = true
    } finally {
      await this.#close(worker)
    }
    yield { kind: 'summary', ...this.#counts }
    if (isStopped) signal.throwIfAborted()
  }

  #worker(): QueueWorker<SeriesJob> {
    const { engine } = this.#open
    const leaseMs = this.#options.leaseMs ?? LEASE_MS
    const connection = newRedis(engine, readQueueUrl(this.#options.queue).url)
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
      this.#warn(`queue: ${error.message}`)
    })
    worker.on('lockRenewalFailed', (ids) => {
      for (const id of ids) worker.cancelJob(id)
    })
    worker.on('closed', () => {
      connection.disconnect()
    })
    return worker
  }

  /** Until it is stopped, or all has been idle for long enough. */
  async #wait(signal: AbortSignal): Promise<void> {
    const { clock } = this.#world
    let idleSinceMs: number | undefined
    for (;;) {
      await clock.sleep(POLL_MS, signal)
      if (this.#options.untilIdle !== true) continue
      const isIdle = await this.#isIdle()
      if (!isIdle) idleSinceMs = undefined
      else idleSinceMs ??= clock.monotonicMs()
      if (idleSinceMs !== undefined && clock.monotonicMs() - idleSinceMs >= IDLE_MS) return
    }
  }

  async #isIdle(): Promise<boolean> {
    const { redis, queue } = this.#open
    // A server that is away would answer only when it is back.
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

  async #close(worker: QueueWorker<SeriesJob>): Promise<void> {
    const closing = worker.close()
    this.#stop.abort(new StoppedError('SIGTERM'))
    const over = new AbortController()
    const done = closing.finally(() => {
      over.abort()
    })
    await Promise.race([done, this.#away(over.signal)])
    if (!over.signal.aborted) await worker.close(true)
  }

  /** Resolves when the queue was away for so long that giving back is in vain: the leases run out by themselves. */
  async #away(signal: AbortSignal): Promise<void> {
    const { clock } = this.#world
    try {
      for (let awayMs = 0; awayMs < CLOSE_MS;) {
        await clock.sleep(POLL_MS, signal)
        awayMs = this.#open.redis.status === 'ready' ? 0 : awayMs + POLL_MS
      }
    } catch (error) {
      if (!signal.aborted) throw error
    }
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
      const result = await this.#run(job, signal)
      this.#counts.done += 1
      this.#counts.rows += result?.rows ?? 0
      this.#mail.put({ kind: 'done', series: name, ...(result === undefined ? {} : { result }) })
      return { rows: result?.rows ?? 0, partitions: result?.partitions ?? 0 }
    } catch (error) {
      // Whatever the walk made of it, the wish to stop comes first.
      const cause: unknown = signal.aborted ? signal.reason : error
      const fate = cause instanceof NotDone ? cause.fate : fateOf(cause)
      return await this.#end(job, token, fate, error)
    } finally {
      lease.removeEventListener('abort', loseLease)
    }
  }

  /** Again when more was asked for meanwhile. */
  async #run(job: QueueJob<SeriesJob>, signal: AbortSignal): Promise<SeriesResult | undefined> {
    const how = {
      world: this.#world,
      connection: this.#connection,
      options: { ...this.#options, signal },
      tell: (item: WorkProgress) => {
        this.#mail.put(item)
      },
      progress: (rows: number) => job.updateProgress({ rows }),
    }
    for (let { data } = job; ;) {
      const result = await runSeries(data, how)
      const now = (await this.#open.queue.getJob(job.id ?? ''))?.data
      if (now === undefined || JSON.stringify(now) === JSON.stringify(data)) return result
      data = now
    }
  }

  async #end(
    job: QueueJob<SeriesJob>,
    token: string,
    { kind, reason, delayMs, endsWorker }: Fate,
    error: unknown,
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
    if (endsWorker) this.#stop.abort(error)
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
