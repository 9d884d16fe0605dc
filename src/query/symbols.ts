/** The symbols that the exchange lists, or ever had. */

import { checkEgresses } from '../base/egress.ts'
import { UsageError } from '../base/errors.ts'
import { didYouMean, quoted } from '../base/suggest.ts'
import { DELISTED, type SymbolInfo } from '../binance/exchange-info.ts'
import { DEFAULT_MARKET, MARKET_NAMES, type Market } from '../binance/series.ts'
import type { ListedBetween, Universe } from '../job/job.ts'
import { fitsPattern, readPattern } from '../job/pattern.ts'
import { SYMBOL_STATUSES } from '../job/symbol.ts'
import { ArchiveSession } from '../walk/archive/files.ts'
import { archivedSymbols, isListedBetween, withMonths } from '../session/universe.ts'
import { LOOK_ATTEMPTS } from '../walk/exchange.ts'
import { openExchange } from '../session/exchange.ts'
import { closeWorld, worldOf } from '../session/world.ts'
import type { Options } from '../options.ts'
import { momentOf, type Moment } from './read-query.ts'

/** One symbol. */
export type SymbolEntry = {
  readonly symbol: string
  readonly market: Market
  /** As exchangeInfo has it; `DELISTED` for one that only the archive has. */
  readonly status: string
  /** Empty where a name that exchangeInfo does not know does not tell it. */
  readonly baseAsset: string
  readonly quoteAsset: string
  /** Of `all-time`: the first and the last month of its klines in the archive, `YYYY-MM`; absent where it has none. */
  readonly first?: string
  readonly last?: string
  /** Can its name be parted into base and quote in another way too? */
  readonly isAmbiguous?: true
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
  /** `all-time`: also those that only the archive still has, with their months. Default `listed`. */
  readonly universe?: Universe | undefined
  /** Of `all-time`: only those that were still listed then or later, by the months of their files. */
  readonly listedFrom?: Moment | undefined
  /** Of `all-time`: only those that were listed before then, by the months of their files. */
  readonly listedTo?: Moment | undefined
}

/**
 * Lists symbols, sorted by name: those of exchangeInfo, or all that ever were.
 *
 * @throws UsageError for a pattern that cannot be one, for an asset or status that is not in capitals, and for
 * `all-time` of an exchange without an archive; UnavailableError when the archive cannot be listed.
 */
export async function listSymbols(
  filter: SymbolFilter,
  options: Options = {},
): Promise<readonly SymbolEntry[]> {
  const pattern = patternOf(filter.match)
  const market = marketOf(filter.market)
  const { from, to } = listedOf(filter)
  const world = worldOf(options)
  try {
    await checkEgresses(world)
    const events = {
      onWait: () => undefined,
      onWarning: () => undefined,
      attemptsMax: LOOK_ATTEMPTS,
    }
    const exchange = await openExchange(world, [], options, { ...events, markets: [market] })
    const entryOf = ({ symbol, status, baseAsset, quoteAsset }: SymbolInfo): SymbolEntry => ({
      ...{ symbol, market, status, baseAsset, quoteAsset },
    })
    if (filter.universe !== 'all-time')
      return chosenBy(filter, pattern, exchange.symbols).map(entryOf)
    const session = new ArchiveSession(
      world,
      { ...options, attemptsMax: LOOK_ATTEMPTS },
      events.onWarning,
    )
    const sources = { listed: exchange.symbols, session, options }
    const { symbols, ambiguous } = await archivedSymbols(market, sources)
    const chosen = chosenBy(filter, pattern, [...exchange.symbols, ...symbols])
    const doubtful = new Set(ambiguous)
    const own = chosen.map((info) => ({ ...info, market }))
    const dated = await withMonths(own, session, () => true)
    return dated
      .filter((info) => isListedBetween(info, { from, to }))
      .map((info) => ({
        ...entryOf(info),
        ...info.months,
        ...(doubtful.has(info.symbol) ? { isAmbiguous: true as const } : {}),
      }))
  } finally {
    await closeWorld(world, options)
  }
}

/** @throws UsageError where the dates can choose nothing */
function listedOf({ listedFrom, listedTo, universe }: SymbolFilter): ListedBetween {
  const [from, to] = [momentOf(listedFrom), momentOf(listedTo)]
  if (from !== undefined && to !== undefined && from >= to)
    throw new UsageError(
      'the end of the dates between which symbols were listed is not after their start',
    )
  if ((from ?? to) !== undefined && universe !== 'all-time')
    throw new UsageError('when symbols were listed is only known of the universe all-time')
  return { from, to }
}

/** Those of `known` that the filter chooses. @throws UsageError for a slip */
function chosenBy(
  filter: SymbolFilter,
  pattern: string | undefined,
  known: readonly SymbolInfo[],
): readonly SymbolInfo[] {
  const { quote, base, status, universe } = filter
  if (status === DELISTED && universe !== 'all-time')
    throw new UsageError('exchangeInfo lists no symbol that is DELISTED', {
      hint: 'The universe all-time has them: they are in the archive alone.',
    })
  checkKnown(
    'quote asset',
    quote,
    known.map((info) => info.quoteAsset),
  )
  checkKnown(
    'base asset',
    base,
    known.map((info) => info.baseAsset),
  )
  checkKnown(
    'status',
    status,
    known.map((info) => info.status),
  )
  return known
    .filter(
      (info) =>
        (quote ?? info.quoteAsset) === info.quoteAsset &&
        (base ?? info.baseAsset) === info.baseAsset &&
        (status ?? info.status) === info.status &&
        (pattern === undefined || fitsPattern(info.symbol, pattern)),
    )
    .toSorted((a, b) => (a.symbol < b.symbol ? -1 : a.symbol > b.symbol ? 1 : 0))
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
