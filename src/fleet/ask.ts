/** Sees to it that series are on the queue, with all that is wanted of them, whoever else puts them there. */

import type { OpenQueue } from './engine.ts'
import { idOf, inBatches, lookUp, type Found } from './on-queue.ts'
import { askedToo, type SeriesJob } from './series-job.ts'

/** The most that a priority may be; what comes later has this one too. */
const PRIORITY_MAX = 2_097_152

/** Failures that may mend themselves are tried again for some ten minutes; done jobs are kept for a day. */
const JOB_OPTIONS = {
  attempts: 10,
  backoff: { type: 'exponential', delay: 1_000, jitter: 0.5 },
  removeOnComplete: { age: 86_400, count: 200_000 },
  removeOnFail: { age: 14 * 86_400 },
}

/** A series, what is wanted of it, and its place in the plan. */
type Wanted = { readonly data: SeriesJob; readonly order: number }

/** A wish, and what the queue says of its series. */
type Open = Wanted & { readonly found: Found }

/**
 * Puts series on the queue, in this order, or changes what is asked of them there. What other jobs ask of them is still
 * asked, unless it is done.
 *
 * @returns How many were not on the queue, or had ended there.
 * @throws UsageError when jobs ask for a series with different settings: then nothing was changed.
 */
export async function askFor(open: OpenQueue, series: readonly SeriesJob[]): Promise<number> {
  const wanted = series.map((data, order) => ({ data, order }))
  await inBatches(wanted, async (batch) => {
    for (const { found, data } of await looked(open, batch)) toAsk(found, data)
    return []
  })
  return (await inBatches(wanted, (batch) => askOf(open, batch))).length
}

/** Asks until all is asked for: others may be at the queue at the same moment. Resolves to what was put there. */
async function askOf(open: OpenQueue, wanted: readonly Wanted[]): Promise<readonly string[]> {
  const added = new Set<string>()
  for (let left = wanted; left.length > 0;) {
    const all = await looked(open, left)
    const next = all.filter(({ found, data }) => !isAsked(found, data, added))
    const ends = await Promise.all(next.map((one) => change(open, one)))
    const fresh = next.filter((_, index) => ends[index] === 'free')
    await open.queue.addBulk(fresh.map(toJob))
    for (const { data } of fresh) added.add(data.series)
    left = next.filter((_, index) => ends[index] !== 'asked')
  }
  return [...added]
}

async function looked(open: OpenQueue, wanted: readonly Wanted[]): Promise<readonly Open[]> {
  const found = await lookUp(
    open,
    wanted.map(({ data }) => data.series),
  )
  return wanted.map((one, index) => ({ ...one, found: found[index] as Found }))
}

/** What the queue has to say of a series for `wanted` to be asked of it. */
function toAsk({ state, text }: Found, wanted: SeriesJob): SeriesJob {
  const isLeft = text !== undefined && state !== 'completed'
  return isLeft ? askedToo(JSON.parse(text), wanted) : wanted
}

function isAsked({ state, text }: Found, wanted: SeriesJob, added: ReadonlySet<string>): boolean {
  if (text === undefined) return false
  if (state !== 'pending' && !added.has(wanted.series)) return false
  return text === JSON.stringify(askedToo(JSON.parse(text), wanted))
}

function toJob({ found, data, order }: Open): Parameters<OpenQueue['queue']['addBulk']>[0][0] {
  const { series } = data
  const priority = Math.min(order + 1, PRIORITY_MAX)
  return {
    name: series,
    data: toAsk(found, data),
    opts: { ...JOB_OPTIONS, jobId: idOf(series), priority },
  }
}

const CHANGE = `
if redis.call('hget', KEYS[1], 'data') ~= ARGV[2] then return 'late' end
if redis.call('zrem', KEYS[2], ARGV[1]) + redis.call('zrem', KEYS[3], ARGV[1]) == 0 then
  redis.call('hset', KEYS[1], 'data', ARGV[3])
  return 'asked'
end
redis.call('del', KEYS[1], KEYS[1] .. ':logs')
return 'free'`

/**
 * Changes what is asked of a series; `late` when somebody else has meanwhile. One that has ended is taken off the queue,
 * where it would hide a new one, and is `free`.
 */
async function change({ redis, queue }: OpenQueue, { found, data }: Open): Promise<unknown> {
  if (found.text === undefined) return 'free'
  const id = idOf(data.series)
  const keys = [id, 'completed', 'failed'].map((name) => queue.toKey(name))
  const texts = [found.text, JSON.stringify(toAsk(found, data))]
  return redis.eval(CHANGE, keys.length, ...keys, id, ...texts)
}
