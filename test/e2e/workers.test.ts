/** Workers as processes, on a real queue that goes away, and beside one another when one dies or freezes. */

import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { describe, expect, it, onTestFinished } from 'vitest'
import { enqueueJobs } from '../../src/fleet/enqueue.ts'
import { readQueue } from '../../src/fleet/queue.ts'
import { parseJob } from '../../src/job/parse.ts'
import { contents, run, serve, tempDir } from '../support/lake.ts'
import { startLines, type Line, type Running } from '../support/process.ts'
import { REDIS, redisServer, type RedisServer } from '../support/redis.ts'
import { startS3, type S3Server } from '../support/s3-server.ts'

/** Beyond what any takes. */
const HANGS_MS = 60_000
const SYMBOLS = ['BTCUSDT', 'ETHUSDT']
const JOB = `{version: 1, symbols: [${SYMBOLS.join()}], from: 2026-01-30, to: 2026-02-03, source: rest, datasets: [{kind: klines, intervals: [1h]}]}`

/** A queue with two series on it, an exchange, a bucket, and workers. */
type Workers = {
  readonly redis: RedisServer
  readonly store: S3Server
  /** One more, by an address of its own. */
  readonly start: () => Running
  /** Series and their states. */
  readonly queue: () => ReturnType<typeof readQueue>
  /** The bucket's lake, and that of one calm run. */
  readonly lakes: () => Promise<readonly [found: object, calm: object]>
}

async function workers(): Promise<Workers> {
  const redis = await redisServer()
  const simulator = await serve({ exchange: { symbols: SYMBOLS.map((symbol) => ({ symbol })) } })
  const store = await startS3()
  onTestFinished(() => store.close())
  const env = {
    AWS_ENDPOINT_URL_S3: store.url,
    AWS_DEFAULT_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  }
  Object.assign(process.env, env)
  const baseUrls = [simulator.url]
  const at = { queue: redis.url, dataDir: 's3://lake', baseUrls }
  await enqueueJobs([parseJob(JOB, 'test.yaml')], at)
  const flags = ['--queue', at.queue, '--data-dir', at.dataDir, '--base-url', simulator.url]
  let started = 0
  return {
    redis,
    store,
    start: () => {
      started += 1
      const own = ['--lease', '2', '--egress', `address-${started}`]
      return startLines(['worker', ...flags, ...own], { env })
    },
    queue: () => readQueue(at),
    lakes: async () => {
      const calm = await tempDir()
      await run(JOB, { dataDir: calm, baseUrls })
      return [hashesIn(store), await contents(calm)]
    },
  }
}

function hashesIn({ objects }: S3Server): object {
  const data = [...objects].filter(([key]) => key.startsWith('lake/spot/'))
  return Object.fromEntries(
    data.map(([key, { bytes }]) => [
      key.slice('lake/'.length),
      createHash('sha256').update(bytes).digest('hex'),
    ]),
  )
}

/** Resolves when a worker has told this of all series. */
function all(running: Running, ...kinds: readonly string[]): Promise<readonly Line[]> {
  const names = SYMBOLS.map((symbol) => `klines/${symbol}/1h`)
  return Promise.all(
    names.map((name) =>
      running.line(({ kind, series }) => kinds.includes(kind) && series === name),
    ),
  )
}

async function stopped({ child, done }: Running): Promise<void> {
  child.kill('SIGTERM')
  const { exit, stdout, stderr } = await done
  expect(exit, stderr).toBe(143)
  expect(stdout).toContain('"kind":"summary"')
}

describe.runIf(REDIS !== undefined)('a worker', () => {
  it(
    'ends when it is told to, though its queue is away',
    async () => {
      const { redis, start } = await workers()
      const worker = start()
      await all(worker, 'done')
      const isAway = worker.line(({ kind }) => kind === 'warning')
      await redis.kill()
      await isAway
      await stopped(worker)
    },
    HANGS_MS,
  )

  it(
    'that is killed while it commits leaves all to another, and the lake is that of one calm run',
    async () => {
      const { store, start, queue, lakes } = await workers()
      const dying = start()
      store.behaviour = {
        fault: ({ kind, key }) => {
          if (kind === 'put' && key.endsWith('_series.json')) dying.child.kill('SIGKILL')
          return undefined
        },
      }
      expect((await dying.done).exit).toBe(137)
      store.behaviour = {}
      const other = start()
      await all(other, 'done')
      await stopped(other)
      expect(await queue()).toMatchObject({ done: 2, failed: 0, waiting: 0, active: 0 })
      const [found, calm] = await lakes()
      expect(found).toEqual(calm)
    },
    HANGS_MS,
  )

  it(
    'that is frozen while it commits, and thawed when another has done all, changes nothing',
    async () => {
      const { store, start, queue, lakes } = await workers()
      const frozen = start()
      const thawed = new AbortController()
      const isFrozen = new Promise<void>((resolve) => {
        store.behaviour = {
          fault: ({ kind, key }) => {
            if (kind !== 'put' || !key.endsWith('_series.json')) return undefined
            frozen.child.kill('SIGSTOP')
            resolve()
            return once(thawed.signal, 'abort').then(() => undefined)
          },
        }
      })
      await isFrozen
      store.behaviour = {}
      const other = start()
      await all(other, 'done')
      const returned = all(frozen, 'returned', 'done')
      thawed.abort()
      frozen.child.kill('SIGCONT')
      await returned
      await Promise.all([stopped(frozen), stopped(other)])
      expect(store.unmet).toContainEqual(expect.stringMatching(/^spot\/.*_series\.json$/))
      expect(await queue()).toMatchObject({ done: 2, failed: 0, waiting: 0, active: 0 })
      const [found, calm] = await lakes()
      expect(found).toEqual(calm)
    },
    HANGS_MS,
  )
})
