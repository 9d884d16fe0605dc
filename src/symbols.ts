/** The symbols that the exchange lists. */

import type { Options } from './options.ts'

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
  throw new Error(`not built: ${String(filter.quote)} ${String(options.dataDir)}`)
}
