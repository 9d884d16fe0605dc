/** Workers as processes, on a real queue that goes away. */

import { describe, expect, it, onTestFinished } from 'vitest'
import { enqueueJobs } from '../../src/fleet/enqueue.ts'
import { parseJob } from '../../src/job/parse.ts'
import { serve } from '../support/lake.ts'
import { startLines, type Line, type Running } from '../support/process.ts'
import { REDIS, redisServer, type RedisServer } from '../support/redis.ts'
import { startS3 } from '../support/s3-server.ts'

/** Beyond what any takes. */
const HANGS_MS = 60_000
const SYMBOLS = ['BTCUSDT', 'ETHUSDT']
const JOB = `{version: 1, symbols: [${SYMBOLS.join()}], from: 2026-01-30, to: 2026-02-03, source: rest, datasets: [{kind: klines, intervals: [1h]}]}`

/** A queue with two series on it, an exchange, a bucket, and workers. */
type Workers = {
  readonly redis: RedisServer
  /** One more, by an address of its own. */
  readonly start: () => Running
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
    start: () => {
      started += 1
      const own = ['--lease', '2', '--egress', `address-${started}`]
      return startLines(['worker', ...flags, ...own], { env })
    },
  }
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
})
