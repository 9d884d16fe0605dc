/** Puts the series of jobs on the queue. */

import type { Job as QueueJob, JobType } from 'bullmq'
import { checkEgresses } from '../base/egress.ts'
import { checkJobs } from '../backfill/preflight.ts'
import type { World } from '../base/ports.ts'
import type { SymbolInfo } from '../binance/exchange-info.ts'
import type { Job } from '../job/job.ts'
import { accountLabel } from '../session/account.ts'
import { openExchange } from '../session/exchange.ts'
import { knownSymbols } from '../session/checked-wants.ts'
import { needsAllSymbols } from '../session/wants.ts'
import { closeWorld, worldOf } from '../session/world.ts'
import { ArchiveSession } from '../walk/archive/files.ts'
import { LOOK_ATTEMPTS } from '../walk/exchange.ts'
import { openQueue, type OpenQueue } from './engine.ts'
import { checkShared, claimQueue, type FleetOptions } from './lake-mark.ts'
import { readQueueUrl } from './queue-url.ts'
import { seriesJobs, type SeriesJob } from './series-job.ts'

/** How long a queue may take to be reached by a call that somebody waits for. */
export const REACH_MS = 10_000
/** So many jobs go over the line at once. */
const BATCH = 1_000
/** The most that a priority may be; what comes later has this one too. */
const PRIORITY_MAX = 2_097_152

/** What became of the series. */
export type Enqueued = {
  /** Put on the queue now. */
  readonly added: number
  /** On it already, waiting or worked at. */
  readonly waiting: number
  readonly series: readonly string[]
}

/**
 * Puts one job per series on the queue, in the order of the plan. A series that waits or is worked at is not put there
 * twice; what is asked of it is brought up to date. One that is done or has failed is put there anew: the lake decides
 * what is left to do.
 *
 * @throws UsageError before anything was done
 */
export async function enqueueJobs(
  jobs: readonly Job[],
  options: FleetOptions = {},
): Promise<Enqueued> {
  checkJobs(jobs, options)
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
      const symbols = await symbolsOf(jobs, world, options)
      const wanted = seriesJobs(jobs, options, { symbols, account: accountLabel(jobs) })
      return await put(open, wanted)
    } finally {
      await open.close()
    }
  } finally {
    await closeWorld(world, options)
  }
}

async function symbolsOf(
  jobs: readonly Job[],
  world: World,
  options: FleetOptions,
): Promise<readonly SymbolInfo[]> {
  if (!needsAllSymbols(jobs)) return []
  const events = {
    onWait: () => undefined,
    onWarning: () => undefined,
    attemptsMax: LOOK_ATTEMPTS,
  }
  const exchange = await openExchange(world, jobs, options, events)
  const session = new ArchiveSession(
    world,
    { ...options, attemptsMax: LOOK_ATTEMPTS },
    events.onWarning,
  )
  return knownSymbols(jobs, { exchange, session, ...events }, options)
}

/** Ended jobs are replaced by new ones. */
export const ENDED = ['completed', 'failed'] as const satisfies JobType[]
/** The states of jobs that are still to be done. */
export const PENDING = ['wait', 'prioritized', 'delayed', 'active'] as const satisfies JobType[]

async function put(open: OpenQueue, wanted: readonly SeriesJob[]): Promise<Enqueued> {
  const { queue } = open
  const pending = await all(open, PENDING)
  const ended = await all(open, ENDED)
  const fresh: Parameters<typeof queue.addBulk>[0] = []
  let waiting = 0
  for (const [index, data] of wanted.entries()) {
    const id = idOf(data.series)
    const known = pending.get(id)
    if (known !== undefined) {
      waiting += 1
      if (JSON.stringify(known.data) !== JSON.stringify(data)) await known.updateData(data)
      continue
    }
    // A job of the same id that has ended would hide the new one.
    await ended.get(id)?.remove()
    const priority = Math.min(index + 1, PRIORITY_MAX)
    fresh.push({ name: data.series, data, opts: { ...JOB_OPTIONS, jobId: id, priority } })
  }
  for (let at = 0; at < fresh.length; at += BATCH) await queue.addBulk(fresh.slice(at, at + BATCH))
  return { added: fresh.length, waiting, series: wanted.map(({ series }) => series) }
}

/** Failures that may mend themselves are tried again for some ten minutes; done jobs are kept for a day. */
const JOB_OPTIONS = {
  attempts: 10,
  backoff: { type: 'exponential', delay: 1_000, jitter: 0.5 },
  removeOnComplete: { age: 86_400, count: 200_000 },
  removeOnFail: { age: 14 * 86_400 },
}

/** The id of a series' job: one at a time. The engine keeps `:` for itself. */
function idOf(series: string): string {
  return series.replaceAll('%', '%25').replaceAll(':', '%3A')
}

/** All jobs of these states, by id. */
export async function all(
  { queue }: OpenQueue,
  states: readonly JobType[],
): Promise<ReadonlyMap<string, QueueJob<SeriesJob>>> {
  const found = new Map<string, QueueJob<SeriesJob>>()
  for (const state of states)
    for (let from = 0; ; from += BATCH) {
      const jobs = await queue.getJobs([state], from, from + BATCH - 1, true)
      for (const job of jobs) if (job.id !== undefined) found.set(job.id, job)
      if (jobs.length < BATCH) break
    }
  return found
}
