/** Looks at the queue. */

import type { Job as QueueJob, JobType } from 'bullmq'
import { nodeClock } from '../node/clock.ts'
import { all, REACH_MS } from './enqueue.ts'
import { openQueue, type OpenQueue } from './engine.ts'
import type { SeriesJob } from './series-job.ts'

/** Where a series stands on the queue. */
export type QueueState = 'waiting' | 'active' | 'delayed' | 'done' | 'failed'

/** One series on the queue. */
export type QueueEntry = {
  readonly series: string
  readonly state: QueueState
  /** Why it failed, or failed last before it is tried again. */
  readonly reason?: string
}

/** What is on the queue. */
export type QueueReport = Readonly<Record<QueueState, number>> & {
  readonly jobs: readonly QueueEntry[]
}

/** The engine's states, in the order in which a job passes them: one that moves on meanwhile is not missed. */
const STATES: readonly (readonly [QueueState, readonly JobType[]])[] = [
  ['delayed', ['delayed']],
  ['waiting', ['wait', 'prioritized']],
  ['active', ['active']],
  ['failed', ['failed']],
  ['done', ['completed']],
]

/** How the queue is looked at. */
export type QueueOptions = {
  readonly queue?: string | undefined
  /** Puts what failed back on the queue first. */
  readonly retry?: boolean
}

/** What is on the queue, in the order in which it is worked off. Done series are kept for a day. */
export async function readQueue({ queue: url, retry = false }: QueueOptions): Promise<QueueReport> {
  const open = await openQueue(url, { clock: nodeClock(), timeoutMs: REACH_MS })
  try {
    if (retry) await retryFailed(open)
    const found = new Map<string, { readonly entry: QueueEntry; readonly priority: number }>()
    for (const [state, types] of STATES)
      for (const [id, job] of await all(open, types))
        found.set(id, { entry: entryOf(job, state), priority: job.priority })
    const jobs = [...found.values()].sort((a, b) => a.priority - b.priority).map((one) => one.entry)
    const of = (state: QueueState): readonly QueueEntry[] =>
      jobs.filter((entry) => entry.state === state)
    const [waiting, active, delayed] = [of('waiting'), of('active'), of('delayed')]
    const [done, failed] = [of('done'), of('failed')]
    return {
      waiting: waiting.length,
      active: active.length,
      delayed: delayed.length,
      done: done.length,
      failed: failed.length,
      jobs: [...active, ...waiting, ...delayed, ...failed, ...done],
    }
  } finally {
    await open.close()
  }
}

function entryOf({ name, failedReason }: QueueJob<SeriesJob>, state: QueueState): QueueEntry {
  const isTold = (state === 'failed' || state === 'delayed') && Boolean(failedReason)
  return isTold ? { series: name, state, reason: failedReason } : { series: name, state }
}

async function retryFailed(open: OpenQueue): Promise<void> {
  for (const job of (await all(open, ['failed'])).values())
    await job.retry('failed', { resetAttemptsMade: true })
}
