/** The markets that a worker may ask nothing of for now. */

import type { BannedError } from '../base/errors.ts'
import { DEFAULT_MARKET, MARKET_NAMES, type Market } from '../binance/series.ts'
import type { OpenQueue } from './engine.ts'
import { idsByState, PENDING, seriesOfId } from './on-queue.ts'

/** Reading the whole queue takes a while: it is looked at so often at most, unless there is news. */
const LOOK_MS = 10_000

/** Collects them as series tell. */
export class Bans {
  readonly #markets = new Map<Market, BannedError>()
  #lookedMs = 0

  /** A series was refused for now. */
  began(series: string, error: BannedError): void {
    const market = marketOf(series)
    if (!this.#markets.has(market)) this.#lookedMs = -Infinity
    this.#markets.set(market, error)
  }

  /** A series was run: its market serves again. */
  ended(series: string): void {
    this.#markets.delete(marketOf(series))
  }

  /** Why nothing that is left on the queue can be done here; `undefined` when some can, or it is too early to look again. */
  async endBy(open: OpenQueue, nowMs: number): Promise<BannedError | undefined> {
    if (this.#markets.size === 0 || nowMs - this.#lookedMs < LOOK_MS) return undefined
    this.#lookedMs = nowMs
    const ids = await idsByState(open)
    const errors = PENDING.flatMap((state) =>
      (ids.get(state) ?? []).map((id) => this.#markets.get(marketOf(seriesOfId(id)))),
    )
    return errors.every((error) => error !== undefined) ? errors[0] : undefined
  }
}

function marketOf(series: string): Market {
  return MARKET_NAMES.find((market) => series.startsWith(`${market}/`)) ?? DEFAULT_MARKET
}
