/** The identity of a series: the key of a directory in the lake and of an entry in a plan. */

import type { ContractType } from './contract.ts'
import type { DatasetKind } from './dataset.ts'
import type { Interval } from './interval.ts'

/** The names of the markets, as in job files and paths. */
export const MARKET_NAMES = ['spot', 'um', 'cm'] as const
/** @see {@link MARKET_NAMES} */
export type Market = (typeof MARKET_NAMES)[number]

/** The market of a job or query that names none. */
export const DEFAULT_MARKET: Market = 'spot'

/** One dataset of one symbol (and interval, contract or account). */
export type SeriesKey = {
  readonly market: Market
  readonly dataset: DatasetKind
  /** As Binance writes it, NFC; for datasets by pair, the pair. */
  readonly symbol: string
  /** For datasets by pair that have one for each type of contract. */
  readonly contract?: ContractType
  /** For klines of all kinds, and for samples of a period. */
  readonly interval?: Interval
  /** For account datasets: the user's own label, never a key. */
  readonly account?: string
}

/** A series on one line: `klines BTCUSDT 1m`; `um klines BTCUSDT 1m` outside of {@link DEFAULT_MARKET}. */
export function seriesName(key: SeriesKey): string {
  const { dataset, symbol, contract, interval, account } = key
  const market = key.market === DEFAULT_MARKET ? undefined : key.market
  return [market, account, dataset, symbol, contract, interval]
    .filter((part) => part !== undefined)
    .join(' ')
}

/**
 * The form of a symbol: 1 to 40 letters or digits of any script, `-`, `_` and `.`, but not only dots. Never a
 * separator, a control character or a mark that changes how text is displayed, so that a symbol cannot leave its
 * directory.
 *
 * Binance's own pattern for ASCII symbols is `^[A-Z0-9-_.]{1,20}$` (errors.md, -1100); since 2025-12-02 symbols may
 * be non-ASCII (CHANGELOG).
 */
export const SYMBOL_PATTERN: RegExp = /^(?!\.+$)[\p{L}\p{M}\p{N}._-]{1,40}$/u
