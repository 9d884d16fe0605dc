/** The symbols that the exchange lists. */

import { checkEgresses } from '../base/egress.ts'
import { UsageError } from '../base/errors.ts'
import { didYouMean, quoted } from '../base/suggest.ts'
import { DEFAULT_MARKET, MARKET_NAMES, type Market } from '../binance/series.ts'
import { fitsPattern, readPattern } from '../job/pattern.ts'
import { SYMBOL_STATUSES } from '../job/symbol.ts'
import { LOOK_ATTEMPTS } from '../walk/exchange.ts'
import { openExchange } from '../session/exchange.ts'
import { closeWorld, worldOf } from '../session/world.ts'
import type { Options } from '../options.ts'

/** One symbol of exchangeInfo. */
export type SymbolEntry = {
  readonly symbol: string
  readonly market: Market
  readonly status: string
  readonly baseAsset: string
  readonly quoteAsset: string
}

/** Narrows a list of symbols; every given property must match. */
export type SymbolFilter = {
  /** Default `spot`. */
  readonly market?: string | undefined
  readonly quote?: string | undefined
  readonly base?: string | undefined
  /** A pattern of the name: `*` stands for any characters, `?` for one. */
  readonly match?: string | undefined
  readonly status?: string | undefined
}

/**
 * Lists symbols from exchangeInfo, sorted by name.
 *
 * @throws UsageError for a pattern that cannot be one, and for an asset or status that is not in capitals.
 */
export async function listSymbols(
  filter: SymbolFilter,
  options: Options = {},
): Promise<readonly SymbolEntry[]> {
  const pattern = patternOf(filter.match)
  const market = marketOf(filter.market)
  const world = worldOf(options)
  try {
    await checkEgresses(world)
    const events = {
      onWait: () => undefined,
      onWarning: () => undefined,
      attemptsMax: LOOK_ATTEMPTS,
    }
    const exchange = await openExchange(world, [], options, { ...events, markets: [market] })
    const all = exchange.symbols.map(({ symbol, status, baseAsset, quoteAsset }) => ({
      ...{ symbol, market, status, baseAsset, quoteAsset },
    }))
    checkKnown(
      'quote asset',
      filter.quote,
      exchange.symbols.map(({ quoteAsset }) => quoteAsset),
    )
    checkKnown(
      'base asset',
      filter.base,
      exchange.symbols.map(({ baseAsset }) => baseAsset),
    )
    checkKnown(
      'status',
      filter.status,
      exchange.symbols.map(({ status }) => status),
    )
    return all
      .filter(
        ({ symbol, quoteAsset, baseAsset, status }) =>
          (filter.quote ?? quoteAsset) === quoteAsset &&
          (filter.base ?? baseAsset) === baseAsset &&
          (filter.status ?? status) === status &&
          (pattern === undefined || fitsPattern(symbol, pattern)),
      )
      .toSorted((a, b) => (a.symbol < b.symbol ? -1 : a.symbol > b.symbol ? 1 : 0))
  } finally {
    await closeWorld(world, options)
  }
}

function marketOf(name: string = DEFAULT_MARKET): Market {
  const market = MARKET_NAMES.find((own) => own === name)
  if (market !== undefined) return market
  throw new UsageError(`no such market: ${quoted(name)}`, {
    hint: `The markets are ${MARKET_NAMES.join(', ')}.`,
  })
}

function patternOf(match: string | undefined): string | undefined {
  const reading = match === undefined ? undefined : readPattern(match)
  if (reading !== undefined && 'problem' in reading)
    throw new UsageError(`match: ${reading.problem}`)
  return reading?.value
}

/** Assets and statuses are written in capitals: one that only differs so is a slip, and not an answer of none. */
function checkKnown(what: string, wanted: string | undefined, known: readonly string[]): void {
  if (wanted === undefined || known.includes(wanted)) return
  const meant = wanted.toUpperCase()
  if (meant === wanted || !(known.includes(meant) || SYMBOL_STATUSES.includes(meant))) return
  throw new UsageError(`no symbol has the ${what} ${quoted(wanted)}${didYouMean(meant)}`)
}
