/** Which symbols the filters of jobs choose. */

import { DataError } from '../base/errors.ts'
import { quoteText } from '../base/text.ts'
import { contractEnd } from '../binance/contract-end.ts'
import { symbolsAbout, type SymbolInfo } from '../binance/exchange-info.ts'
import { DEFAULT_MARKET, SYMBOL_PATTERN, type Market, type SeriesKey } from '../binance/series.ts'
import { factsOf, type DatasetJob, type Job, type SymbolFilter } from '../job/job.ts'
import { fitsPattern } from '../job/pattern.ts'
import { isListedBetween } from './universe.ts'

/** A filter chooses contracts: the other types of their pair are not wanted, and may not even exist. */
export function isChosen(
  key: SeriesKey,
  { symbols: filter }: DatasetJob,
  known: readonly SymbolInfo[],
): boolean {
  if (filter.kind === 'list') return true
  return symbolsAbout(key, chosenBy(filter, ofMarket(key.market, known))).length > 0
}

/** Those of one market. */
export function ofMarket(market: Market, known: readonly SymbolInfo[]): readonly SymbolInfo[] {
  return known.filter((info) => (info.market ?? DEFAULT_MARKET) === market)
}

/** The symbols or pairs that the series of a dataset are named by, in order. */
export function symbolsOf(dataset: DatasetJob, known: readonly SymbolInfo[]): readonly string[] {
  const { symbols: selection, market } = dataset
  // A listed symbol is tried whether exchangeInfo knows it or not: delisted symbols still answer.
  if (selection.kind === 'list') return selection.symbols
  const own = ofMarket(market, known)
  const names = chosenBy(selection, own).flatMap((info) => subjectOf(dataset, info))
  return [...new Set(names)].map(checkedSymbol).sort()
}

/** What the series of a dataset is named by that a symbol is chosen for: itself, its pair, or nothing. */
function subjectOf(dataset: DatasetJob, { symbol, contract }: SymbolInfo): readonly string[] {
  const { subject, isPerpetual } = factsOf(dataset)
  if (subject === 'pair') return [contract?.pair ?? symbol]
  return isPerpetual === true && contractEnd(symbol, undefined) !== undefined ? [] : [symbol]
}

/** Do jobs ask when this symbol was listed, as all else that they ask fits? */
export function isDatedBy(jobs: readonly Job[], info: SymbolInfo): boolean {
  return jobs.some(({ datasets }) =>
    datasets.some(
      ({ market, symbols: filter }) =>
        filter.kind === 'filter' &&
        filter.listed !== undefined &&
        market === (info.market ?? DEFAULT_MARKET) &&
        chosenBy({ ...filter, listed: undefined }, [info]).length > 0,
    ),
  )
}

/** Those that a filter chooses. */
export function chosenBy(
  filter: SymbolFilter,
  known: readonly SymbolInfo[],
): readonly SymbolInfo[] {
  return known.filter(
    ({ symbol, status, months, baseAsset, quoteAsset, isArchived }) =>
      (isArchived !== true || filter.universe === 'all-time') &&
      (filter.quote === undefined || filter.quote === quoteAsset) &&
      (filter.base === undefined || filter.base === baseAsset) &&
      (filter.status === undefined || filter.status === status) &&
      (filter.listed === undefined || isListedBetween({ status, months }, filter.listed)) &&
      isMatched(filter, symbol) &&
      !filter.exclude.includes(symbol),
  )
}

/** Does a symbol fit one of the patterns, if there are any? */
export function isMatched({ match }: Pick<SymbolFilter, 'match'>, symbol: string): boolean {
  return match === undefined || match.some((pattern) => fitsPattern(symbol, pattern))
}

/** A name that the exchange gave becomes a directory and a part of URLs, as much as one that a job gives. */
function checkedSymbol(symbol: string): string {
  if (SYMBOL_PATTERN.test(symbol)) return symbol
  throw new DataError(`exchangeInfo lists "${quoteText(symbol, 60)}", which is no symbol`, {
    hint: 'Name the symbols one by one instead of by a filter.',
  })
}
