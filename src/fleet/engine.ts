/** The queue's engine, BullMQ on Redis: loaded when it is needed, since few need it. */

import type { Queue } from 'bullmq'
import type { Redis } from 'ioredis'
import { BackfillError, UsageError } from '../base/errors.ts'
import type { Clock } from '../base/ports.ts'
import { quoteText } from '../base/text.ts'
import { readQueueUrl, type QueueUrl } from './queue-url.ts'
import type { SeriesJob } from './series-job.ts'

/** The name of the queue, for whoever looks at it with tools of their own. */
export const QUEUE_NAME = 'binance-backfill'

/** The engine's packages. */
export type Engine = {
  readonly bullmq: typeof import('bullmq')
  readonly Redis: typeof Redis
}

/** The queue cannot be reached, or does not do as it should. */
export class QueueError extends BackfillError {
  readonly code = 'E_QUEUE'
  readonly exit = 1
}

/** Imports the packages. @throws UsageError with the command that installs them */
export async function loadEngine(load: () => Promise<Engine> = importEngine): Promise<Engine> {
  try {
    return await load()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error
    throw new UsageError('queues need the packages bullmq and ioredis, which are not installed', {
      hint: 'Install them: npm install bullmq@6 ioredis',
    })
  }
}

async function importEngine(): Promise<Engine> {
  const [bullmq, { Redis }] = await Promise.all([import('bullmq'), import('ioredis')])
  return { bullmq, Redis }
}

/** A queue, open. */
export type OpenQueue = {
  readonly engine: Engine
  readonly redis: Redis
  readonly queue: Queue<SeriesJob>
  readonly name: string
  close(): Promise<void>
}

/** How a queue is opened. */
export type OpenQueueOptions = {
  readonly clock: Clock
  /** How long it may take to be reached. */
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
  readonly engine?: Engine | undefined
}

/**
 * Opens the queue that `text` names.
 *
 * @throws UsageError for a wrong URL, a missing package, or a server that gives no rights; QueueError when it is not
 * reached in time.
 */
export async function openQueue(
  text: string | undefined,
  options: OpenQueueOptions,
): Promise<OpenQueue> {
  const where = readQueueUrl(text)
  const engine = options.engine ?? (await loadEngine())
  const redis = newRedis(engine, where.url)
  const queue = await connected(redis, where, options).then(
    () =>
      new engine.bullmq.Queue<SeriesJob>(QUEUE_NAME, { connection: redis, skipVersionCheck: true }),
  )
  queue.on('error', () => undefined)
  return {
    engine,
    redis,
    queue,
    name: where.name,
    close: async () => {
      // A server that is away would answer only when it is back.
      if (redis.status === 'ready') await queue.close()
      redis.disconnect()
    },
  }
}

/** A connection that tries again for ever, and sends nothing before it is told to. */
export function newRedis({ Redis }: Engine, url: string): Redis {
  const redis = new Redis(url, {
    maxRetriesPerRequest: null,
    lazyConnect: true,
    retryStrategy: (times) => Math.min(100 * times, 2_000),
  })
  redis.on('error', () => undefined)
  return ending(redis)
}

/**
 * Lets a connection end between two tries, too. It would only give up trying: its commands and whoever waits for its end,
 * as the engine does, would wait for ever, and the engine's timers keep the process meanwhile.
 */
function ending(redis: Redis): Redis {
  const disconnect = redis.disconnect.bind(redis)
  redis.disconnect = (willReconnect = false) => {
    if (redis.status === 'reconnecting' && !willReconnect) redis.status = 'wait'
    disconnect(willReconnect)
  }
  return redis
}

/** A connection of a worker, which makes others from it; `cut` ends them all, whatever they wait for. */
export function workerRedis(engine: Engine, url: string): { redis: Redis; cut: () => void } {
  const redis = newRedis(engine, url)
  const all = [redis]
  const duplicate = redis.duplicate.bind(redis)
  redis.duplicate = (...options) => {
    const other = ending(duplicate(...options))
    all.push(other)
    return other
  }
  const cut = (): void => {
    for (const one of all) one.disconnect()
  }
  return { redis, cut }
}

/** How servers refuse a user; the last two, where it is a script that may not do something. */
const REFUSAL =
  /^(?:EXECABORT .* because of: )?(?:NOAUTH|WRONGPASS|NOPERM|ERR ACL failure in script|ERR The user executing the script)\b/

/** The words for a server that refuses this user something; `undefined` for any other failure. */
export function refusalOf(error: unknown, name: string): UsageError | undefined {
  if (!(error instanceof Error) || error instanceof BackfillError) return undefined
  if (!REFUSAL.test(error.message)) return undefined
  return new UsageError(`the queue at ${name} refuses this user`, {
    hint: "Give user and password in the queue's URL, with the right to read and write.",
  })
}

async function connected(
  redis: Redis,
  { name }: QueueUrl,
  { clock, timeoutMs, signal }: OpenQueueOptions,
): Promise<void> {
  const stop = new AbortController()
  let last: Error | undefined
  redis.on('error', (error: Error) => {
    last = error
    const refusal = refusalOf(error, name)
    if (refusal !== undefined) stop.abort(refusal)
  })
  const either = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal])
  const ready = new Promise<void>((resolve) => redis.once('ready', resolve))
  redis.connect().catch(() => undefined)
  try {
    const waited = clock.sleep(timeoutMs, either).then(() => {
      const why = last === undefined ? '' : `: ${quoteText(last.message)}`
      throw new QueueError(`the queue at ${name} is not reached${why}`, {
        hint: 'Is the server running, and may this machine reach it?',
      })
    })
    await Promise.race([ready, waited])
    waited.catch(() => undefined)
    await redis.ping()
  } catch (error) {
    redis.disconnect()
    throw refusalOf(error, name) ?? error
  } finally {
    stop.abort()
  }
}
