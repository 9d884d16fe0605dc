/** What is on the queue: which series, and where they stand. */

import type { OpenQueue } from './engine.ts'

/** So many questions go over the line at once. */
const BATCH = 1_000
/** The id of a series' job: one at a time. The engine keeps `:` for itself. */
export function idOf(series: string): string {
  return series.replaceAll('%', '%25').replaceAll(':', '%3A')
}

/** The series of a job's id. */
export function seriesOfId(id: string): string {
  return id.replaceAll('%3A', ':').replaceAll('%25', '%')
}

/** The results of `work` on all items, so many at once. */
export async function inBatches<T, R>(
  items: readonly T[],
  work: (batch: readonly T[]) => Promise<readonly R[]>,
): Promise<readonly R[]> {
  const results: R[] = []
  for (let at = 0; at < items.length; at += BATCH)
    results.push(...(await work(items.slice(at, at + BATCH))))
  return results
}

/** Where the engine keeps the jobs of each state. */
const KEPT = {
  active: { lists: ['active'], sets: [] },
  waiting: { lists: ['wait', 'paused'], sets: ['prioritized'] },
  delayed: { lists: [], sets: ['delayed'] },
  failed: { lists: [], sets: ['failed'] },
  done: { lists: [], sets: ['completed'] },
} as const

/** Where a series stands on the queue. */
export type QueueState = keyof typeof KEPT

/** The states of series that are still to be done. */
export const PENDING: readonly QueueState[] = ['active', 'waiting', 'delayed']

const STATES = Object.keys(KEPT) as readonly QueueState[]

/** The ids of all jobs by their state, as they are at one moment: none is missed, or there twice, while they move on. */
export async function idsByState({
  redis,
  queue,
}: OpenQueue): Promise<ReadonlyMap<QueueState, readonly string[]>> {
  const question = redis.multi()
  for (const state of STATES) {
    for (const name of KEPT[state].sets) question.zrange(queue.toKey(name), '0', '-1')
    for (const name of KEPT[state].lists) question.lrange(queue.toKey(name), 0, -1)
  }
  const answers = ((await question.exec()) ?? []).map(([error, ids]) => {
    if (error !== null) throw error
    return ids as readonly string[]
  })
  let at = 0
  const next = (count: number): readonly string[] => answers.slice(at, (at += count)).flat()
  return new Map(
    STATES.map((state) => [state, next(KEPT[state].sets.length + KEPT[state].lists.length)]),
  )
}

/** Where a series stands, and what is asked of it. */
export type Found = {
  readonly state: 'pending' | 'failed' | 'completed' | 'absent'
  /** As it is stored; `undefined` when it is not on the queue. */
  readonly text: string | undefined
}

const LOOK_UP = `
local found = {}
for _, id in ipairs(ARGV) do
  local state = 'pending'
  if redis.call('zscore', KEYS[2], id) then state = 'failed' end
  if redis.call('zscore', KEYS[3], id) then state = 'completed' end
  table.insert(found, {state, redis.call('hget', KEYS[1] .. id, 'data')})
end
return found`

/** Looks series up, wherever on the queue they are just moving to. */
export async function lookUp(
  { redis, queue }: OpenQueue,
  series: readonly string[],
): Promise<readonly Found[]> {
  const keys = ['', 'failed', 'completed'].map((name) => queue.toKey(name))
  const found = await redis.eval(LOOK_UP, keys.length, ...keys, ...series.map(idOf))
  return (found as [Found['state'], string | null][]).map(([state, text]) =>
    text === null ? { state: 'absent', text: undefined } : { state, text },
  )
}
