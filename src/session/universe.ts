/** Every symbol that ever was: those that the exchange lists, and those that only its archive still has. */

import { ArchiveError, UnavailableError, UsageError } from '../base/errors.ts'
import { quoteText } from '../base/text.ts'
import { periodWindow } from '../base/time.ts'
import { QUARTER } from '../binance/contract.ts'
import { contractEnd } from '../binance/contract-end.ts'
import { DELISTED, type ContractInfo, type SymbolInfo } from '../binance/exchange-info.ts'
import { pairName, PairNames } from '../binance/quotes.ts'
import { DEFAULT_MARKET, type Market } from '../binance/series.ts'
import type { Job, ListedBetween } from '../job/job.ts'
import type { Options } from '../options.ts'
import { isArchiveMeant, type ArchiveSession } from '../walk/archive/files.ts'

/** Symbols that only the archive has. */
export type Archived = {
  readonly symbols: readonly SymbolInfo[]
  /** Those whose base and quote their names do not tell for sure. */
  readonly ambiguous: readonly string[]
}

/** Who knows symbols. */
export type UniverseSources = {
  /** Of exchangeInfo. */
  readonly listed: readonly SymbolInfo[]
  readonly session: ArchiveSession
  readonly options: Options
}

/** The markets of which these jobs want every symbol that ever was. */
export function allTimeMarkets(jobs: readonly Job[]): ReadonlySet<Market> {
  const datasets = jobs.flatMap((job) => job.datasets)
  const isAllTime = ({ symbols }: (typeof datasets)[number]): boolean =>
    symbols.kind === 'filter' && symbols.universe === 'all-time'
  return new Set(datasets.filter(isAllTime).map(({ market }) => market))
}

/**
 * The symbols of the archive's listing that exchangeInfo does not know any more. Their base and quote are told by their
 * names.
 *
 * @throws UsageError when the archive does not belong to the exchange; UnavailableError when it cannot be listed: a
 * universe without it would be one of survivors.
 */
export async function archivedSymbols(
  market: Market,
  { listed, session, options }: UniverseSources,
): Promise<Archived> {
  if (!isArchiveMeant(options, market))
    throw new UsageError(
      'universe all-time takes the archive, and --base-url names an exchange without one',
      {
        hint: 'Name its archive with --archive-url.',
      },
    )
  const known = new Set(listed.map(({ symbol }) => symbol))
  const names = (await listing(session, market)).filter((symbol) => !known.has(symbol))
  const pairs = new PairNames(listed)
  const parted = names.map((symbol) => ({ symbol, ...pairs.part(symbol) }))
  return {
    symbols: parted.map(({ symbol, base, quote }) => ({
      ...{ market, symbol, status: DELISTED },
      baseAsset: base,
      quoteAsset: quote,
      isArchived: true,
      ...(market === DEFAULT_MARKET ? {} : { contract: contractIn(symbol) }),
    })),
    ambiguous: parted.filter(({ isAmbiguous }) => isAmbiguous).map(({ symbol }) => symbol),
  }
}

/** What a name tells of a contract: one with a day of delivery was of the next quarter, and then of the current one. */
function contractIn(symbol: string): ContractInfo {
  const isDated = contractEnd(symbol, undefined) !== undefined
  return { pair: pairName(symbol), type: isDated ? QUARTER : 'PERPETUAL' }
}

async function listing(session: ArchiveSession, market: Market): Promise<readonly string[]> {
  const unlisted = (why: string, cause?: Error): UnavailableError =>
    new UnavailableError(`the archive's symbols cannot be listed: ${why}`, {
      ...(cause === undefined ? {} : { cause }),
      hint: 'Without them only survivors would be found; run again later.',
    })
  try {
    const names = await session.catalog.symbols(market)
    if (names.length > 0) return names
  } catch (error) {
    if (!(error instanceof ArchiveError)) throw error
    throw unlisted(error.message, error)
  }
  // An empty answer is no proof of an empty archive.
  throw unlisted(`it names none of ${market}`)
}

/**
 * Was a symbol listed at some time between these dates? By the months of its files; one that trades is listed to this
 * day, and one that trades and has no file yet was listed now.
 */
export function isListedBetween(
  { status, months }: Pick<SymbolInfo, 'status' | 'months'>,
  { from, to }: ListedBetween,
): boolean {
  const isTrading = status === 'TRADING'
  if (months === undefined) return isTrading && to === undefined
  const isOver = !isTrading && from !== undefined && periodWindow(months.last).to <= from
  return !isOver && (to === undefined || periodWindow(months.first).from < to)
}

/** The symbols, those that `isDated` chooses with the months that the archive has of them. */
export async function withMonths(
  symbols: readonly SymbolInfo[],
  session: ArchiveSession,
  isDated: (info: SymbolInfo) => boolean,
): Promise<readonly SymbolInfo[]> {
  return Promise.all(
    symbols.map(async (info) => {
      if (!isDated(info)) return info
      const { market = DEFAULT_MARKET, symbol } = info
      return { ...info, months: await session.catalog.months({ market, symbol }) }
    }),
  ).catch((error: unknown) => {
    if (!(error instanceof ArchiveError)) throw error
    throw new UnavailableError(`the archive's months cannot be listed: ${error.message}`, {
      cause: error,
      hint: 'Run again later.',
    })
  })
}

/** Symbols named in a warning at most. */
const NAMED_MAX = 10

/** What to say of symbols whose names can be parted in more than one way. */
export function ambiguousWords(symbols: readonly string[]): string | undefined {
  if (symbols.length === 0) return undefined
  const more = symbols.length > NAMED_MAX ? ` and ${symbols.length - NAMED_MAX} more` : ''
  const some = symbols.slice(0, NAMED_MAX).map((symbol) => quoteText(symbol))
  return `base and quote are not sure, the longest known quote is taken: ${some.join(', ')}${more}`
}
