/** Series keys in the documents of `--json`. */

import type { SeriesKey } from '../index.ts'

/** A {@link SeriesKey} as documents write it. */
export type FlatKey = {
  readonly market: string
  readonly dataset: string
  readonly symbol: string
  readonly interval?: string
  readonly account?: string
}

/** Picks the parts of a key, in one order. */
export function flatKey({ market, dataset, symbol, interval, account }: SeriesKey): FlatKey {
  return {
    market,
    dataset,
    symbol,
    ...(interval === undefined ? {} : { interval }),
    ...(account === undefined ? {} : { account }),
  }
}
