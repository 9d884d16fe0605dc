/** Workers in this process, between a real queue, a stand-in and a lake on the disk; their clock runs faster. */

import { enqueueJobs, type Enqueued } from '../../src/fleet/enqueue.ts'
import type { FleetOptions } from '../../src/fleet/lake-mark.ts'
import type { WorkProgress } from '../../src/fleet/work-progress.ts'
import { workQueue, type WorkOptions } from '../../src/fleet/worker.ts'
import type { Clock, World } from '../../src/base/ports.ts'
import { micros } from '../../src/base/time.ts'
import { parseJob } from '../../src/job/parse.ts'
import { nodeClock } from '../../src/node/clock.ts'
import { nodeFiles } from '../../src/node/files.ts'
import { nodeWorld } from '../../src/node/world.ts'
import type { ExchangeOptions, Simulator } from '../../src/simulator/index.ts'
import { serve, tempDir } from './lake.ts'
import { redisServer, type RedisServer } from './redis.ts'

/** How much faster: ten idle seconds take half a second. */
const SPEED = 20

function fastClock(): Clock {
  const plain = nodeClock()
  const start = plain.now()
  const startMs = plain.monotonicMs()
  return {
    now: () => micros(start + BigInt(Math.round((plain.monotonicMs() - startMs) * SPEED * 1_000))),
    monotonicMs: () => (plain.monotonicMs() - startMs) * SPEED,
    sleep: (ms, signal) => plain.sleep(ms / SPEED, signal),
  }
}

/** Everything that workers need. */
export type Fleet = {
  readonly redis: RedisServer
  readonly simulator: Simulator
  readonly options: FleetOptions & { readonly dataDir: string }
  readonly enqueue: (yaml: string, more?: FleetOptions) => Promise<Enqueued>
  /** Runs a worker to its end, and until nothing is left unless told otherwise. */
  readonly work: (more?: WorkOptions, onItem?: (item: WorkProgress) => void) => Promise<Worked>
}

/** How a worker ended. */
export type Worked = { readonly items: readonly WorkProgress[]; readonly error: unknown }

/** A queue, an exchange, and an empty lake. */
export async function fleet(
  exchange: Partial<ExchangeOptions> = {},
  redisArgs: readonly string[] = [],
): Promise<Fleet> {
  const redis = await redisServer(redisArgs)
  const clock = fastClock()
  const symbols = ['BTCUSDT', 'ETHUSDT', 'BNBUSDT'].map((symbol) => ({ symbol }))
  const simulator = await serve({ exchange: { symbols, ...exchange }, clock })
  const dataDir = await tempDir()
  const options = { queue: redis.url, dataDir, baseUrls: [simulator.url], lakeIsShared: true }
  const worldOf = (directory: string): World => ({
    ...nodeWorld({ files: nodeFiles(directory) }),
    clock,
  })
  return {
    redis,
    simulator,
    options,
    enqueue: (yaml, more) => enqueueJobs([parseJob(yaml, 'test.yaml')], { ...options, ...more }),
    work: async (more = {}, onItem = () => undefined) => {
      const world = worldOf(more.dataDir ?? dataDir)
      const items: WorkProgress[] = []
      let error: unknown
      try {
        for await (const item of workQueue({ ...options, world, untilIdle: true, ...more })) {
          items.push(item)
          onItem(item)
        }
      } catch (thrown) {
        error = thrown
      }
      await world.http.close()
      await world.threads?.close()
      return { items, error }
    },
  }
}
