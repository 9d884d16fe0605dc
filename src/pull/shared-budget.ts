/** Budgets that a process shares with its neighbours: a request is admitted when both they and its own budget allow it. */

import type { RateLimit, RequestPoolName } from '../binance/limit.ts'
import type { BudgetUse, Ticket, WeightBudget } from './budget.ts'
import type { Neighbours } from './neighbours.ts'
import type { RequestPool } from './request-pool.ts'

/** A {@link WeightBudget}, as those use it who send requests. */
export type Budget = Pick<
  WeightBudget,
  | 'reserve'
  | 'release'
  | 'settle'
  | 'slowDown'
  | 'slowdowns'
  | 'setLimits'
  | 'use'
  | 'secondsFor'
  | 'weightPerMinute'
>

/** A {@link RequestPool}, as those use it who send requests. */
export type Requests = Pick<RequestPool, 'reserve' | 'slowDown' | 'limit'>

/** A budget of weight that is shared. */
export class SharedBudget implements Budget {
  readonly #own: WeightBudget
  readonly #neighbours: Neighbours
  readonly #ids = new WeakMap<Ticket, number>()

  constructor(own: WeightBudget, neighbours: Neighbours) {
    this.#own = own
    this.#neighbours = neighbours
  }

  async reserve(path: string, weight: number, signal?: AbortSignal): Promise<Ticket> {
    for (;;) {
      await this.#neighbours.join()
      const { losses } = this.#neighbours
      const ticket = await this.#own.reserve(path, weight, signal)
      try {
        const id = await this.#neighbours.admit({ path, weight: ticket.weight }, signal)
        if (id !== undefined) {
          this.#own.restamp(ticket)
          this.#ids.set(ticket, id)
        }
        // The own budget admitted it when it knew of less.
        if (id !== undefined || losses === this.#neighbours.losses) return ticket
        this.#own.release(ticket)
      } catch (error) {
        this.#own.release(ticket)
        throw error
      }
    }
  }

  release(ticket: Ticket): void {
    this.#own.release(ticket)
    const id = this.#ids.get(ticket)
    if (id !== undefined) this.#neighbours.release(id)
  }

  settle(ticket: Ticket, header?: (name: string) => string | undefined): void {
    this.#own.settle(ticket, header)
    const id = this.#ids.get(ticket)
    if (id === undefined) return
    const named = this.#own.headers.map((name) => [name, header?.(name)] as const)
    const headers = named.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]))
    this.#neighbours.settle(id, Object.fromEntries(headers) as Record<string, string>)
  }

  slowDown(): void {
    this.#own.slowDown()
    this.#neighbours.slowDown()
  }

  get slowdowns(): number {
    return this.#own.slowdowns
  }

  setLimits(limits: readonly RateLimit[]): void {
    this.#own.setLimits(limits)
    this.#neighbours.limits(limits)
  }

  use(): BudgetUse {
    return this.#own.use()
  }

  secondsFor(weight: number): number {
    return this.#own.secondsFor(weight)
  }

  weightPerMinute(): number {
    return this.#own.weightPerMinute()
  }
}

/** A pool of requests that is shared. */
export function sharedRequests(
  own: RequestPool,
  pool: RequestPoolName,
  neighbours: Neighbours,
): Requests {
  return {
    get limit() {
      return own.limit
    },
    reserve: async (signal) => {
      await neighbours.join()
      await own.reserve(signal)
      await neighbours.admit({ pool }, signal)
    },
    slowDown: () => {
      own.slowDown()
      neighbours.slowDown(pool)
    },
  }
}
