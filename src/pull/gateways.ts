/** The gateways of one market: one for each address that requests are sent from. Each request takes the roomiest. */

import { BackfillError, BannedError, UnreachableError } from '../base/errors.ts'
import { eachWay } from '../base/egress.ts'
import type { Clock, HttpAnswer, World } from '../base/ports.ts'
import { earliest, type Micros } from '../base/time.ts'
import type { RequestPoolName } from '../binance/limit.ts'
import type { BudgetUse } from './budget.ts'
import { Gateway, type GatewayOptions, type Spent } from './gateway.ts'
import type { HostHealth } from './hosts.ts'
import type { Pool } from './pool.ts'
import type { HostList, Query, Sign } from './query.ts'

/** How long an address from which nothing is reached is left alone while another one works. */
const REST_MS = 60_000

/** A gateway, its address, and the weight of what it was given to ask. */
type Way = {
  readonly name: string | undefined
  readonly gateway: Gateway
  weight: number
  restingUntilMs: number
}

/** Sends all requests to one market, from all addresses. */
export class Gateways {
  readonly #clock: Clock
  readonly #ways: readonly Way[]
  readonly #onWarning: ((message: string) => void) | undefined
  readonly #signal: AbortSignal | undefined

  /** @param pools - What each address shares with other markets; one for each address. */
  constructor(world: World, options: Omit<GatewayOptions, 'pool'>, pools: readonly Pool[]) {
    this.#clock = world.clock
    this.#onWarning = options.onWarning
    this.#signal = options.signal
    this.#ways = eachWay(world).map((own, index) => {
      const pool = pools[index]
      if (pool === undefined) throw new RangeError('an address without a pool')
      const gateway = new Gateway(own, { ...options, pool })
      return { name: own.egress?.name, gateway, weight: 0, restingUntilMs: 0 }
    })
  }

  /** One for each address, in the order of the user. */
  get all(): readonly Gateway[] {
    return this.#ways.map(({ gateway }) => gateway)
  }

  /**
   * Respects earlier bans, and reads the server's clock from each address that may ask. One from which nothing can be
   * reached is left alone while another works.
   */
  async open(): Promise<void> {
    await Promise.all(this.all.map(({ gate }) => gate.load()))
    const open = this.#ways.filter(({ gateway }) => gateway.gate.isOpen)
    const ways = open.length > 0 ? open : [this.#roomiest(1, this.#ways)]
    const errors = await Promise.all(ways.map((way) => this.#sync(way)))
    const failed = errors.filter((error) => error !== undefined)
    const [first] = failed
    if (first !== undefined && failed.length === ways.length) throw first
    ways.forEach((way, index) => {
      const error = errors[index]
      if (error !== undefined) this.#rest(way, error)
    })
  }

  async #sync({ gateway }: Way): Promise<BackfillError | undefined> {
    try {
      await gateway.sync(this.#signal)
      return undefined
    } catch (error) {
      if (isOfAddress(error)) return error
      throw error
    }
  }

  /** @see {@link Gateway.ask} */
  async ask<T>(query: Query, read: (answer: HttpAnswer) => T, sign?: Sign): Promise<T> {
    let left = this.#ways
    for (;;) {
      const way = this.#roomiest(query.weight, left)
      left = left.filter((other) => other !== way)
      way.weight += query.weight
      try {
        return await way.gateway.ask(query, read, sign)
      } catch (error) {
        if (left.length === 0 || !isOfAddress(error)) throw error
        this.#rest(way, error)
      } finally {
        way.weight -= query.weight
      }
    }
  }

  /** Of `ways`, the one from which a request of `weight` is answered soonest. */
  #roomiest(weight: number, ways: readonly Way[]): Way {
    const nowMs = this.#clock.monotonicMs()
    const ranked = ways.map((way) => {
      const { gate, budget } = way.gateway
      const readyMs = Math.max(gate.remainingMs, budget.secondsFor(way.weight + weight) * 1_000)
      const spent = way.weight + budget.use().used
      return { way, isResting: way.restingUntilMs > nowMs, readyMs, spent }
    })
    const [first] = ranked.sort(
      (a, b) =>
        Number(a.isResting) - Number(b.isResting) ||
        // Infinity minus itself is no number.
        (a.readyMs === b.readyMs ? a.spent - b.spent : a.readyMs - b.readyMs),
    )
    if (first === undefined) throw new RangeError('no address to ask from')
    return first.way
  }

  #rest(way: Way, error: BackfillError): void {
    const nowMs = this.#clock.monotonicMs()
    if (way.restingUntilMs <= nowMs)
      this.#onWarning?.(`${way.name ?? 'this machine'}: others go on: ${error.message}`)
    way.restingUntilMs = nowMs + REST_MS
  }

  /** From each address, prefers the hosts of a list that answer fastest. */
  async preferFastest(list: HostList): Promise<void> {
    for (const gateway of this.all) await gateway.preferFastest(list)
  }

  /** The state of each host of a list, seen from the first address. */
  health(list: HostList): readonly HostHealth[] {
    return this.all[0]?.health(list) ?? []
  }

  /** What is past by every clock that was read. */
  now(): Micros {
    const known = this.all.filter(({ server }) => server.isKnown())
    const clocks = known.length > 0 ? known : this.all.slice(0, 1)
    return clocks.map(({ server }) => server.now()).reduce((a, b) => earliest(a, b))
  }

  /** Everything sent so far. */
  get spent(): Spent {
    return {
      requests: this.#sum(({ spent }) => spent.requests),
      weight: this.#sum(({ spent }) => spent.weight),
    }
  }

  /** The current use of the tightest limits. */
  use(): BudgetUse {
    return {
      used: this.#sum(({ budget }) => budget.use().used),
      limit: this.#sum(({ budget }) => budget.use().limit),
    }
  }

  /** The number of 429s; after each the limits may have changed. */
  get slowdowns(): number {
    return this.#sum(({ budget }) => budget.slowdowns)
  }

  /** Request weight available per minute. */
  weightPerMinute(): number {
    return this.#sum(({ budget }) => budget.weightPerMinute())
  }

  /** Requests available in each span of a pool that counts them. */
  requestsIn(pool: RequestPoolName): number {
    return this.#sum((gateway) => gateway.requestsIn(pool))
  }

  /** Seconds until `weight` more is spent, spread over all addresses. */
  secondsFor(weight: number): number {
    const share = weight / this.#ways.length
    return Math.max(...this.all.map(({ budget }) => budget.secondsFor(share)))
  }

  #sum(of: (gateway: Gateway) => number): number {
    return this.all.reduce((sum, gateway) => sum + of(gateway), 0)
  }
}

/** May the same request succeed from another address? */
function isOfAddress(error: unknown): error is BackfillError {
  return error instanceof BannedError || error instanceof UnreachableError
}
