/** What markets share that are served by the same servers: their clock, the budget of weight, and who may ask at all. */

import type { OneWay } from '../base/egress.ts'
import { REQUEST_POOLS, type RateLimit, type RequestPoolName } from '../binance/limit.ts'
import { WeightBudget, type BudgetOptions } from './budget.ts'
import { Gate, type GateOptions } from './gate.ts'
import { Neighbours } from './neighbours.ts'
import { RequestPool } from './request-pool.ts'
import { ServerClock } from './server-clock.ts'
import { SharedBudget, sharedRequests, type Budget, type Requests } from './shared-budget.ts'

/** The shared part of the gateways of one or several markets. */
export type Pool = {
  readonly server: ServerClock
  readonly budget: Budget
  readonly gate: Gate
  /** Requests that are counted besides. */
  readonly requests: Readonly<Record<RequestPoolName, Requests>>
}

/** Options of a pool. */
export type PoolOptions = BudgetOptions &
  GateOptions & {
    readonly limits: readonly RateLimit[]
    /** Under which processes share it that send from the same address. Default: it is this process's alone. */
    readonly name?: string
  }

/** A pool from which nothing was spent yet. */
export function newPool(world: OneWay, options: PoolOptions): Pool {
  const { clock, meetings, egress } = world
  const { name, share, onWait } = options
  const server = new ServerClock(clock)
  const requests = (pool: RequestPoolName): RequestPool => {
    const { limit, windowMs } = REQUEST_POOLS[pool]
    return new RequestPool(clock, { limit: limit * share, windowMs, onWait })
  }
  const own = {
    budget: new WeightBudget(clock, server, options.limits, options),
    gate: new Gate(world, options),
    requests: { funding: requests('funding'), data: requests('data') },
  }
  if (meetings === undefined || name === undefined) return { server, ...own }
  const place = `${egress?.name ?? ''} ${name}`
  const neighbours = new Neighbours(own, { clock, meetings, name: place, share, onWait })
  return {
    server,
    gate: own.gate,
    budget: new SharedBudget(own.budget, neighbours),
    requests: {
      funding: sharedRequests(own.requests.funding, 'funding', neighbours),
      data: sharedRequests(own.requests.data, 'data', neighbours),
    },
  }
}
