/** What a reader asks of the lake, checked against what the lake holds. */

import { UsageError } from '../base/errors.ts'
import type { Files, World } from '../base/ports.ts'
import { quoteText } from '../base/text.ts'
import { micros, parseMicros, type Micros, type Window } from '../base/time.ts'
import { type DatasetKind } from '../binance/dataset.ts'
import { datasetOf, MARKETS } from '../binance/market.ts'
import {
  DEFAULT_MARKET,
  MARKET_NAMES,
  seriesName,
  type Market,
  type SeriesKey,
} from '../binance/series.ts'
import { CONTRACT_TYPES } from '../binance/contract.ts'
import { parseInterval } from '../binance/interval.ts'
import { DATA_DIR } from '../options.ts'
import { filesAt } from '../cloud/files-at.ts'
import { checkLake, listSeries } from '../store/lake.ts'
import { seriesPath } from '../store/layout.ts'
import type { Manifest } from '../store/manifest.ts'
import { readManifest } from '../store/series.ts'
import { columnsOfBars } from './bar-columns.ts'

/** A moment: microseconds since 1970, or an ISO 8601 date or date-time, which is read as UTC. */
export type Moment = Micros | string

/** One series of a lake, and how much of it. */
export type SeriesQuery = {
  /** The lake's directory. Default `data`. */
  readonly dataDir?: string
  /** Default `spot`. */
  readonly market?: Market
  readonly dataset: DatasetKind
  /** As Binance writes it. */
  readonly symbol: string
  /** For datasets by pair that have one for each type of contract. */
  readonly contract?: string
  /** For klines and uiKlines, as Binance writes it: `1m` is a minute, `1M` a month. */
  readonly interval?: string
  /** For account datasets: the label that the user gave the account. */
  readonly account?: string
  /** The first moment that is wanted. Default: everything from the beginning on. */
  readonly from?: Moment
  /** The end, exclusive. Default: everything up to the end. */
  readonly to?: Moment
  /** Names of columns, in the order that they are wanted. Default: all. */
  readonly columns?: readonly string[]
  /**
   * Of klines: puts them together to longer ones, of one of Binance's intervals or of another such as `7m`. Of aggTrades
   * and trades: makes klines of them, or bars of a size, `1000tick`, `100volume` or `1e6dollar`, which name their trades
   * too. All have a column more, `partial`. Klines that open in `[from, to)` are given, each whole, and their time is what
   * must be covered. Only for reading rows.
   */
  readonly resample?: string
  /** Throws IncompleteError, before the first row, unless all that is asked for is covered. Only for reading rows. */
  readonly requireComplete?: boolean
  /** Stops the reading between two row groups. */
  readonly signal?: AbortSignal
  /** The machine; default the real one. */
  readonly world?: Pick<World, 'files'>
}

/** A query whose series is there. */
export type OpenQuery = {
  readonly files: Files
  readonly manifest: Manifest
  readonly window: Window
  readonly columns: readonly string[]
  /** What rows are put together to: an interval, or a size of bars. */
  readonly resample: string | undefined
}

/** Wider than any history: what a query without `from` or `to` asks for. */
export const EARLIEST: Micros = micros(-(2n ** 62n))
export const LATEST: Micros = micros(2n ** 62n)

/**
 * Finds the series that a query names.
 *
 * @throws UsageError for a dataset, series, column or moment that cannot be, or that the lake does not have.
 */
export async function openQuery(query: SeriesQuery): Promise<OpenQuery> {
  const key = keyOf(query)
  const window = windowOf(query)
  const columns = columnsOf(query)
  const files = query.world?.files ?? filesAt(query.dataDir ?? DATA_DIR)
  await checkLake(files)
  const manifest = await readManifest(files, key)
  if (manifest === undefined) throw await unknownSeries(files, key)
  return { files, manifest, window, columns, resample: query.resample }
}

function keyOf(query: SeriesQuery): SeriesKey {
  const { market = DEFAULT_MARKET, dataset, symbol, contract, interval, account } = query
  if (!Object.hasOwn(MARKETS, market))
    throw new UsageError(`no such market: ${quoteText(market)}`, {
      hint: `The markets are ${MARKET_NAMES.join(', ')}.`,
    })
  const { datasets } = MARKETS[market]
  if (!Object.hasOwn(datasets, dataset))
    throw new UsageError(`no such dataset: ${quoteText(dataset)}`, {
      hint: `The datasets are ${Object.keys(datasets).join(', ')}.`,
    })
  const parsed = interval === undefined ? undefined : parseInterval(interval)
  if (interval !== undefined && parsed === undefined)
    throw new UsageError(`no such interval: ${quoteText(interval)}`)
  const type = CONTRACT_TYPES.find((known) => known === contract)
  if (contract !== undefined && type === undefined)
    throw new UsageError(`no such contract: ${quoteText(contract)}`, {
      hint: `The contracts are ${CONTRACT_TYPES.join(', ')}.`,
    })
  const key: SeriesKey = {
    market,
    dataset,
    symbol: symbol.normalize('NFC'),
    ...(type === undefined ? {} : { contract: type }),
    ...(parsed === undefined ? {} : { interval: parsed }),
    ...(account === undefined ? {} : { account: account.normalize('NFC') }),
  }
  asked(() => seriesPath(key))
  return key
}

/** The window of a query. @throws UsageError when it is none */
export function windowOf({ from, to }: Pick<SeriesQuery, 'from' | 'to'>): Window {
  const window = { from: momentOf(from) ?? EARLIEST, to: momentOf(to) ?? LATEST }
  if (window.from < window.to) return window
  throw new UsageError('`from` is not before `to`')
}

/** A moment of a query in microseconds. @throws UsageError for a text that is none */
export function momentOf(moment: Moment | undefined): Micros | undefined {
  return typeof moment === 'string' ? asked(() => parseMicros(moment)) : moment
}

function columnsOf({
  market = DEFAULT_MARKET,
  dataset,
  columns,
  resample,
}: SeriesQuery): readonly string[] {
  const own = { market, dataset }
  const all = resample === undefined ? datasetOf(own).columns : columnsOfBars(own, resample)
  const names = all.map(({ name }) => name)
  const unknown = columns?.find((name) => !names.includes(name))
  if (unknown === undefined && columns?.length !== 0) return [...new Set(columns ?? names)]
  throw new UsageError(`${dataset} has no column ${quoteText(unknown ?? '')}`, {
    hint: `Its columns are ${names.join(', ')}.`,
  })
}

/** Runs `work` on what the caller gave; a value that cannot be is the caller's to mend. */
function asked<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new UsageError(quoteText(error.message), { cause: error })
  }
}

/** Series named in the hint at most. */
const NAMED_MAX = 8

async function unknownSeries(files: Files, key: SeriesKey): Promise<UsageError> {
  const all = await listSeries(files)
  if (all.length === 0)
    return new UsageError('the lake holds no series', {
      hint: 'Name the right --data-dir, or run a job first.',
    })
  const near = all.filter(({ symbol, dataset }) => symbol === key.symbol || dataset === key.dataset)
  const named = (near.length === 0 ? all : near).slice(0, NAMED_MAX).map(seriesName)
  const more = all.length > named.length ? ', ...' : ''
  return new UsageError(`the lake has no ${quoteText(seriesName(key))}`, {
    hint: quoteText(`It has ${named.join(', ')}${more}.`),
  })
}
