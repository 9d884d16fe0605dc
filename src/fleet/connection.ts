/** The exchange, as a worker keeps it: opened when a series first needs it, and read anew now and then. */

import PQueue from 'p-queue'
import type { World } from '../base/ports.ts'
import { MARKET_NAMES, type Market } from '../binance/series.ts'
import { Speedometer } from '../backfill/speedometer.ts'
import type { Job } from '../job/job.ts'
import type { Options } from '../options.ts'
import type { Spent } from '../pull/gateway.ts'
import { ownCredentials } from '../session/account.ts'
import { needsExchange } from '../session/exchange.ts'
import { archivePlaces } from '../walk/archive/files.ts'
import type { ExchangeEvents } from '../walk/exchange-events.ts'
import { Exchanges } from '../walk/exchanges.ts'

/** How old exchangeInfo may become. */
const INFO_AGE_MS = 3_600_000

/** Connections to all markets; their pools are those of the whole process. */
export class Connection {
  readonly meter: Speedometer
  readonly places: PQueue
  readonly #exchanges: Exchanges
  readonly #world: World
  readonly #options: Options
  readonly #opened = new Map<Market, { atMs: number; opening: Promise<void> }>()

  constructor(world: World, options: Options, events: ExchangeEvents) {
    this.#world = world
    this.#options = options
    this.meter = new Speedometer(world.clock)
    this.places = archivePlaces(options.concurrency)
    this.#exchanges = Exchanges.to(this.meter.rest(world), MARKET_NAMES, {
      options,
      events: { ...events, credentials: ownCredentials },
      signal: options.signal,
    })
  }

  /** What was spent in all markets. */
  get spent(): Spent {
    return this.#exchanges.spent
  }

  /** The connection to the market of `jobs`, open if they need it. */
  async to(jobs: readonly Job[]): Promise<Exchanges> {
    const [market = MARKET_NAMES[0]] = jobs.flatMap(({ datasets }) =>
      datasets.map((one) => one.market),
    )
    if (needsExchange(jobs, this.#options)) await this.#open(market)
    return this.#exchanges.only(market)
  }

  async #open(market: Market): Promise<void> {
    const client = this.#exchanges.of(market)
    const nowMs = this.#world.clock.monotonicMs()
    const known = this.#opened.get(market)
    if (known !== undefined && nowMs - known.atMs < INFO_AGE_MS) return known.opening
    const isFirst = known === undefined
    const opening = isFirst ? client.open({ kind: 'all' }, ['public']) : client.readAllSymbols(true)
    this.#opened.set(market, { atMs: nowMs, opening })
    try {
      await opening
    } catch (error) {
      // The next series tries again.
      if (isFirst) this.#opened.delete(market)
      else this.#opened.set(market, { ...known, opening: Promise.resolve() })
      throw error
    }
  }
}
