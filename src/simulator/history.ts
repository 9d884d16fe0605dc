/** Makes a symbol's history from its options. */

import { GeneratedKlines } from './klines.ts'
import { literalHistory } from './literal.ts'
import { marketOf } from './market.ts'
import type { SymbolOptions } from './options.ts'
import type { History } from './source.ts'
import { GeneratedAggTrades, GeneratedBlockTrades, GeneratedTrades } from './trades.ts'

// uiKlines are "modified" for display: same slots, other values, so that a client that mixes them up is detected.
const UI_SALT = 0x2b9f

/**
 * The history of a symbol: the given rows, or else what follows from the options and the seed.
 *
 * @throws UsageError when the options contradict themselves.
 */
export function historyOf(options: SymbolOptions, seed: number): History {
  if (options.rows !== undefined) return literalHistory(options.rows)
  const market = marketOf(options, seed)
  const aggTrades = new GeneratedAggTrades(market, options)
  return {
    klines: new GeneratedKlines(market, 0),
    uiKlines: new GeneratedKlines(market, UI_SALT),
    aggTrades,
    trades: new GeneratedTrades(market, aggTrades, options),
    blockTrades: new GeneratedBlockTrades(market, options.blockTradesPerDay ?? 20),
  }
}
