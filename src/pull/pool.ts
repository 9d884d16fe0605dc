/** What markets share that are served by the same servers: their clock, the budget of weight, and who may ask at all. */

import type { OneWay } from '../base/egress.ts'
import { REQUEST_POOLS, type RateLimit, type RequestPoolName } from '../binance/limit.ts'
import { WeightBudget, type BudgetOptions } from './budget.ts'
import { Gate, type GateOptions } from './gate.ts'
import { RequestPool } from './request-pool.ts'
import { ServerClock } from './server-clock.ts'

/** The shared part of the gateways of one or several markets. */
export type Pool = {
  readonly server: ServerClock
  readonly budget: WeightBudget
  readonly gate: Gate
  /** Requests that are counted besides. */
  readonly requests: Readonly<Record<RequestPoolName, RequestPool>>
}

/** Options of a pool. */
export type PoolOptions = BudgetOptions & GateOptions & { readonly limits: readonly RateLimit[] }

/** A pool from which nothing was spent yet. */
export function newPool(world: OneWay, options: PoolOptions): Pool {
  const server = new ServerClock(world.clock)
  const requests = (name: RequestPoolName): RequestPool => {
    const { limit, windowMs } = REQUEST_POOLS[name]
    const { share, onWait } = options
    return new RequestPool(world.clock, { limit: limit * share, windowMs, onWait })
  }
  return {
    server,
    budget: new WeightBudget(world.clock, server, options.limits, options),
    gate: new Gate(world, options),
    requests: { funding: requests('funding'), data: requests('data') },
  }
}
