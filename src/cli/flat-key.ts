/** Series keys in the documents of `--json`. */

import type { SeriesKey } from '../index.ts'

/** A {@link SeriesKey} as documents write it. */
export type FlatKey = {
  readonly market: string
  readonly dataset: string
  readonly symbol: string
  readonly contract?: string
  readonly interval?: string
  readonly account?: string
}

/** Picks the parts of a key, in one order. */
export function flatKey({
  market,
  dataset,
  symbol,
  contract,
  interval,
  account,
}: SeriesKey): FlatKey {
  return {
    market,
    dataset,
    symbol,
    ...(contract === undefined ? {} : { contract }),
    ...(interval === undefined ? {} : { interval }),
    ...(account === undefined ? {} : { account }),
  }
}
