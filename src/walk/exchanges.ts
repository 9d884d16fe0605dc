/** The markets that a call needs, each with its own client; those that share a pool share its budget and its gate. */

import { BannedError, UnavailableError, type BackfillError } from '../base/errors.ts'
import type { World } from '../base/ports.ts'
import { earliest, type Micros } from '../base/time.ts'
import type { SymbolInfo } from '../binance/exchange-info.ts'
import type { RequestPoolName } from '../binance/limit.ts'
import { DEFAULT_MARKET, MARKET_NAMES, type Market } from '../binance/series.ts'
import type { Options } from '../options.ts'
import type { Spent } from '../pull/gateway.ts'
import type { ExchangeEvents } from './exchange-events.ts'
import { ExchangeClient } from './exchange.ts'
import { poolName, sharedPool, type SharedPool } from './shared-pool.ts'

/** Connections to some markets of the exchange. */
export class Exchanges {
  readonly #clients: ReadonlyMap<Market, ExchangeClient>
  readonly #first: ExchangeClient
  readonly #left = new Map<Market, UnavailableError>()

  /** @param clients - At least one. */
  private constructor(clients: readonly ExchangeClient[]) {
    const [first] = clients
    if (first === undefined) throw new RangeError('no market')
    this.#first = first
    this.#clients = new Map(clients.map((client) => [client.market, client]))
  }

  /** @param markets - Those that are needed; without any, {@link DEFAULT_MARKET} is. */
  static to(
    world: World,
    markets: Iterable<Market>,
    { options, events, signal }: ClientsOptions,
  ): Exchanges {
    const pools = new Map<string, SharedPool>()
    const wanted = new Set(markets)
    if (wanted.size === 0) wanted.add(DEFAULT_MARKET)
    const clients = MARKET_NAMES.filter((market) => wanted.has(market)).map((market) => {
      const name = poolName(market, options)
      const pool = pools.get(name) ?? sharedPool(world, market, options, events.onWait)
      pools.set(name, pool)
      return new ExchangeClient(world, options, { ...events, market, pool }, signal)
    })
    return new Exchanges(clients)
  }

  /** The same connection to one of the markets, without the others. */
  only(market: Market): Exchanges {
    return new Exchanges([this.of(market)])
  }

  /** All of them. */
  get clients(): readonly ExchangeClient[] {
    return [...this.#clients.values()]
  }

  /** The client of a market. */
  of(market: Market): ExchangeClient {
    const client = this.#clients.get(market)
    if (client === undefined) throw new RangeError(`no connection to ${market}`)
    return client
  }

  /** Those that were not left, or all once each was. */
  get served(): readonly ExchangeClient[] {
    const served = this.clients.filter(({ market }) => !this.#left.has(market))
    return served.length === 0 ? this.clients : served
  }

  /** Goes on without a market: what it failed with is the failure of its series alone. */
  leave(market: Market, error: BackfillError): void {
    const { message, hint } = error
    const left = new UnavailableError(`market ${market}: ${message}`, { cause: error, hint })
    this.#left.set(market, left)
  }

  /** Why a market was left; `undefined` when it was not. */
  leftFor(market: Market): UnavailableError | undefined {
    return this.#left.get(market)
  }

  /** What a failure in one market means for the run: a ban or a refusal ends it only where no other market is served. */
  failureIn(market: Market, error: unknown): unknown {
    if (!(error instanceof BannedError)) return error
    this.leave(market, error)
    return this.#left.size < this.#clients.size ? this.leftFor(market) : error
  }

  /** The earliest of the markets' clocks: what is past by it is past in each. */
  now(): Micros {
    return this.served.map((client) => client.now()).reduce((a, b) => earliest(a, b))
  }

  /** The symbols of all markets. */
  get symbols(): readonly SymbolInfo[] {
    return this.clients.flatMap(({ symbols }) => symbols)
  }

  /** What was spent in all markets. */
  get spent(): Spent {
    const all = this.clients.map(({ gateways }) => gateways.spent)
    return {
      requests: all.reduce((sum, { requests }) => sum + requests, 0),
      weight: all.reduce((sum, { weight }) => sum + weight, 0),
    }
  }

  /** Seconds until so much weight is spent: where markets differ, those of the tightest. */
  secondsFor(weight: number): number {
    return Math.max(...this.clients.map(({ gateways }) => gateways.secondsFor(weight)))
  }

  /** So many requests may be in flight. */
  get pagesAtOnce(): number {
    return this.#first.pagesAtOnce
  }

  /** Request weight available per minute: where markets differ, that of the tightest. */
  weightPerMinute(): number {
    const rates = this.clients.map(({ gateways }) => gateways.weightPerMinute())
    return rates.reduce((a, b) => Math.min(a, b), this.#first.gateways.weightPerMinute())
  }

  /** The same of each market. */
  weightPerMinuteOf(): Readonly<Partial<Record<Market, number>>> {
    const rates = this.clients.map(
      ({ market, gateways }) => [market, gateways.weightPerMinute()] as const,
    )
    return Object.fromEntries(rates)
  }

  /** Requests available in each span of the pools that count them. */
  requestsInPool(): Readonly<Record<RequestPoolName, number>> {
    const least = (pool: RequestPoolName): number =>
      Math.min(...this.clients.map(({ gateways }) => gateways.requestsIn(pool)))
    return { funding: least('funding'), data: least('data') }
  }
}

/** What all clients are made with. */
export type ClientsOptions = {
  readonly options: Options
  readonly events: ExchangeEvents
  readonly signal: AbortSignal | undefined
}
