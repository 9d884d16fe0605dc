/** Looks at the queue. */

import { nodeClock } from '../node/clock.ts'
import { REACH_MS } from './enqueue.ts'
import { openQueue, refusalOf, type OpenQueue } from './engine.ts'
import { idsByState, inBatches, seriesOfId, type QueueState } from './on-queue.ts'

export type { QueueState } from './on-queue.ts'

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

/** How the queue is looked at. */
export type QueueOptions = {
  readonly queue?: string | undefined
  /** Puts what failed back on the queue first. */
  readonly retry?: boolean
}

/**
 * What is on the queue: what is worked at, then the rest in the order in which it will be, then what failed and what is
 * done in the order in which it was. Done series are kept for a day.
 */
export async function readQueue({ queue: url, retry = false }: QueueOptions): Promise<QueueReport> {
  const open = await openQueue(url, { clock: nodeClock(), timeoutMs: REACH_MS })
  try {
    if (retry) await retryFailed(open)
    const found = await idsByState(open)
    const count = (state: QueueState): number => found.get(state)?.length ?? 0
    const entries = [...found].flatMap(([state, ids]) => ids.map((id) => ({ state, id })))
    return {
      waiting: count('waiting'),
      active: count('active'),
      delayed: count('delayed'),
      done: count('done'),
      failed: count('failed'),
      jobs: await inBatches(entries, (batch) =>
        Promise.all(batch.map((one) => entryOf(open, one))),
      ),
    }
  } catch (error) {
    throw refusalOf(error, open.name) ?? error
  } finally {
    await open.close()
  }
}

async function entryOf(
  { redis, queue }: OpenQueue,
  { state, id }: { readonly state: QueueState; readonly id: string },
): Promise<QueueEntry> {
  const series = seriesOfId(id)
  if (state !== 'failed' && state !== 'delayed') return { series, state }
  const reason = await redis.hget(queue.toKey(id), 'failedReason')
  return { series, state, ...(reason ? { reason } : {}) }
}

async function retryFailed(open: OpenQueue): Promise<void> {
  const failed = (await idsByState(open)).get('failed') ?? []
  await inBatches(failed, (batch) => Promise.all(batch.map((id) => retry(open, id))))
}

async function retry({ queue }: OpenQueue, id: string): Promise<void> {
  try {
    await (await queue.getJob(id))?.retry('failed', { resetAttemptsMade: true })
  } catch (error) {
    // Somebody else may have been faster.
    if ((await queue.getJobState(id)) === 'failed') throw error
  }
}
