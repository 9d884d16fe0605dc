/** One symbol's options with every default filled in, as plain numbers for computing histories. */

import { UsageError } from '../base/errors.ts'
import { parseMicros } from '../base/time.ts'
import { seedOf } from './hash.ts'
import type { Outage, KlineRevision, SymbolOptions } from './options.ts'
import { PricePath } from './price.ts'

/** When BTCUSDT was listed. */
const FIRST_LISTING = parseMicros('2017-08-17')

/** An {@link Outage} in plain numbers. */
export type MarketOutage = { readonly from: number; readonly to: number; readonly offGrid: boolean }

/** A traded symbol. */
export type Market = {
  readonly seed: number
  readonly path: PricePath
  readonly volatility: number
  readonly decimals: { readonly price: number; readonly quantity: number }
  readonly listedAt: number
  /** Infinity while it is traded. */
  readonly delistedAt: number
  /** Ascending and disjoint. */
  readonly outages: readonly MarketOutage[]
  readonly volumePerDay: number
  readonly aggTradesPerDay: number
  readonly idleShare: number
  readonly settleMicros: number
  readonly revisions: readonly KlineRevision[]
}

/**
 * Fills in the defaults.
 *
 * @throws UsageError when decimals are not 0 to 8, or outages overlap.
 */
export function marketOf(options: SymbolOptions, seed: number): Market {
  const own = seedOf(options.symbol, seed)
  const decimals = {
    price: options.priceDecimals ?? 2,
    quantity: options.quantityDecimals ?? 5,
  }
  for (const places of Object.values(decimals)) {
    if (!Number.isInteger(places) || places < 0 || places > 8)
      throw new UsageError(`a symbol has 0 to 8 decimals, not ${places}`)
  }
  const volatility = options.volatility ?? 0.03
  const price = options.price ?? 100
  return {
    seed: own,
    path: new PricePath({ seed: own, price, volatility, decimals: decimals.price }),
    volatility,
    decimals,
    listedAt: Number(options.listedAt ?? FIRST_LISTING),
    delistedAt: options.delistedAt === undefined ? Infinity : Number(options.delistedAt),
    outages: inOrder(options.outages ?? []),
    volumePerDay: options.volumePerDay ?? 10_000,
    aggTradesPerDay: options.aggTradesPerDay ?? 2_000,
    idleShare: options.idleShare ?? 0,
    settleMicros: (options.settleMs ?? 0) * 1000,
    revisions: options.revisions ?? [],
  }
}

function inOrder(outages: readonly Outage[]): readonly MarketOutage[] {
  const sorted = outages
    .map(({ from, to, offGrid = false }) => ({ from: Number(from), to: Number(to), offGrid }))
    .sort((a, b) => a.from - b.from)
  sorted.forEach((outage, i) => {
    const before = sorted[i - 1]
    if (outage.from >= outage.to || (before !== undefined && before.to > outage.from))
      throw new UsageError('outages must not be empty or overlap')
  })
  return sorted
}
