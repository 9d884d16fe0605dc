/** The symbols that the exchange lists. */

import { LOOK_ATTEMPTS } from '../walk/exchange.ts'
import { openExchange } from '../session/exchange.ts'
import { worldOf } from '../session/world.ts'
import type { Options } from '../options.ts'

/** One symbol of exchangeInfo. */
export type SymbolEntry = {
  readonly symbol: string
  readonly status: string
  readonly baseAsset: string
  readonly quoteAsset: string
}

/** Narrows a list of symbols; every given property must match. */
export type SymbolFilter = {
  readonly quote?: string | undefined
  readonly base?: string | undefined
  readonly status?: string | undefined
}

/** Lists symbols from exchangeInfo, sorted by name. */
export async function listSymbols(
  filter: SymbolFilter,
  options: Options = {},
): Promise<readonly SymbolEntry[]> {
  const world = worldOf(options)
  try {
    const events = {
      onWait: () => undefined,
      onWarning: () => undefined,
      attemptsMax: LOOK_ATTEMPTS,
    }
    const exchange = await openExchange(world, [], options, events)
    return exchange.symbols
      .filter(
        ({ quoteAsset, baseAsset, status }) =>
          (filter.quote ?? quoteAsset) === quoteAsset &&
          (filter.base ?? baseAsset) === baseAsset &&
          (filter.status ?? status) === status,
      )
      .toSorted((a, b) => (a.symbol < b.symbol ? -1 : a.symbol > b.symbol ? 1 : 0))
  } finally {
    if (options.world === undefined) await world.http.close()
  }
}
