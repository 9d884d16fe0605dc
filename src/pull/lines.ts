/** Whose turn it is to ask: so many at once, the most urgent first, and nobody in the way of others. */

import PQueue from 'p-queue'
import type { RequestPoolName } from '../binance/limit.ts'
import type { Pool } from './pool.ts'
import type { Query } from './query.ts'

/** The requests of one gateway. */
export class Lines {
  readonly #requests: Pool['requests']
  readonly #queue: PQueue
  /** Who waits for a pool of requests does so here: that may take minutes, which others can use. */
  readonly #pooled: Readonly<Record<RequestPoolName, PQueue>>

  constructor(concurrency: number, requests: Pool['requests']) {
    this.#requests = requests
    this.#queue = new PQueue({ concurrency })
    this.#pooled = { funding: new PQueue({ concurrency }), data: new PQueue({ concurrency }) }
  }

  /** Calls `send` when it is the turn of `query`. */
  async add<T>({ pool, priority = 0, signal }: Query, send: () => Promise<T>): Promise<T> {
    const inLine = (): Promise<T> => this.#queue.add(send, { priority })
    if (pool === undefined) return inLine()
    return this.#pooled[pool].add(
      async () => {
        await this.#requests[pool].reserve(signal)
        return inLine()
      },
      { priority },
    )
  }

  /** Goes on more slowly in a pool after a 429. */
  slowDown(pool: RequestPoolName): void {
    this.#requests[pool].slowDown()
  }

  /** Requests that each span of a pool may have. */
  requestsIn(pool: RequestPoolName): number {
    return this.#requests[pool].limit
  }
}
