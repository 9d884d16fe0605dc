/**
 * Reads symbols, assets and symbol statuses. Never changes case by itself: outside ASCII that would change the text.
 */

import { DELISTED } from '../binance/exchange-info.ts'
import { INCOME_TYPES } from '../binance/income.ts'
import { SYMBOL_PATTERN } from '../binance/series.ts'
import { closest, didYouMean, oneOf, quoted, type Reading } from '../base/suggest.ts'

/**
 * Statuses that a symbol can have, now or in the past: first those of spot, then those that contracts have besides. The
 * last is ours, for symbols that only the archive has.
 *
 * @see binance-spot-api-docs, enums.md, "Symbol status"; developers.binance.com, derivatives, "Common Definition".
 */
export const SYMBOL_STATUSES: readonly string[] = [
  'TRADING',
  'HALT',
  'BREAK',
  'END_OF_DAY',
  'PRE_TRADING',
  'POST_TRADING',
  'AUCTION_MATCH',
  'PENDING_TRADING',
  'PRE_DELIVERING',
  'DELIVERING',
  'DELIVERED',
  'PRE_SETTLE',
  'SETTLING',
  'CLOSE',
  'TRADING_HALT',
  'TRADING_CANCEL_ONLY',
  DELISTED,
]

/** What `readSymbol` accepts, for editors; with the `u` flag. */
export const SYMBOL_SOURCE: string = `^(?!.*[a-z])${SYMBOL_PATTERN.source.slice(1)}`

// How other exchanges and libraries write a pair. `_PERP`, `_240329` and `_SETTLED` are suffixes of Binance's own
// contracts.
const PAIR = /^[\p{L}\p{N}]+[-/: ]\p{L}+$|^[\p{L}\p{N}]+_(?!(?:PERP|SETTLED)$)\p{L}+$/u

/** Reads the symbol of a pair; the result is NFC. */
export function readSymbol(text: string): Reading<string> {
  return readName(text, 'symbol', PAIR)
}

/** Reads the name of an asset, as in `quote` and `base`; the result is NFC. */
export function readAsset(text: string): Reading<string> {
  return readName(text, 'asset')
}

function readName(text: string, noun: string, foreign?: RegExp): Reading<string> {
  const value = text.normalize('NFC')
  // Income is by type, which may look like a pair of another exchange.
  const isForeign = foreign?.test(value.slice(0, 100)) === true && !INCOME_TYPES.includes(value)
  if (SYMBOL_PATTERN.test(value) && !/[a-z]/.test(value) && !isForeign) return { value }
  if (text.trim() === '') return { problem: `an empty ${noun}` }
  if (noun === 'symbol' && /^[^\s]{0,40}[*?][^\s]{0,40}$/.test(text))
    return {
      problem: `${quoted(text)} is a pattern; in a job file write symbols: {match: ${quoted(value.toUpperCase())}}`,
    }
  const suggestion = isForeign || SYMBOL_PATTERN.test(value.trim()) ? capitals(value) : undefined
  const reason = /[a-z]/.test(value) ? '; Binance writes them in capital letters' : ''
  const help = suggestion === undefined ? reason : didYouMean(suggestion)
  return { problem: `${quoted(text)} is not a ${noun}`.replace('a asset', 'an asset') + help }
}

/** ASCII in capitals and without separators; `undefined` if other letters have a case of their own. */
function capitals(text: string): string | undefined {
  const upper = text.replace(/[a-z]/g, (letter) => letter.toUpperCase()).replace(/[-_/: ]/g, '')
  const others = upper.replace(/[\u0000-\u007f]/g, '')
  const isCaseless = others.toUpperCase() === others && others.toLowerCase() === others
  return isCaseless && upper !== text && SYMBOL_PATTERN.test(upper) ? upper : undefined
}

/** Reads a symbol's status. */
export function readStatus(text: string): Reading<string> {
  if (SYMBOL_STATUSES.includes(text)) return { value: text }
  const suggestion = closest(text, SYMBOL_STATUSES)
  const help =
    suggestion === undefined ? `; write ${oneOf(SYMBOL_STATUSES)}` : didYouMean(suggestion)
  return { problem: `${quoted(text)} is not a symbol status${help}` }
}
