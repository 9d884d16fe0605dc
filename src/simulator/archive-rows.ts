/** The rows of archive files as lines of CSV, in the column order of binance-public-data. */

import { archiveUnit } from '../binance/archive.ts'
import { DEFAULT_MARKET, type Market } from '../binance/series.ts'
import type { Window } from '../base/time.ts'
import type { Interval } from '../binance/interval.ts'
import { timeText, type AggTrade, type Kline, type TimeUnit, type Trade } from './rows.ts'
import { metricsLines } from './futures-metrics.ts'
import type { Funding } from './options.ts'
import type { FuturesHistory, PriceName } from './futures-history.ts'
import type { History, KlineSource, Sequence } from './source.ts'

/** The datasets in the archive. */
export const ARCHIVED = [
  'klines',
  'markPriceKlines',
  'indexPriceKlines',
  'premiumIndexKlines',
  'fundingRate',
  'metrics',
  'aggTrades',
  'trades',
] as const

/** A symbol's series in the archive. */
export type ArchiveSeries = {
  readonly dataset: (typeof ARCHIVED)[number]
  readonly symbol: string
  readonly interval?: Interval
}

/** Which rows, and as of when. */
export type ArchiveRows = {
  readonly window: Window
  /** The time at which the file is made. */
  readonly now: number
}

const KLINE_NAMES = [
  'open_time',
  'open',
  'high',
  'low',
  'close',
  'volume',
  'close_time',
  'quote_volume',
  'count',
  'taker_buy_volume',
  'taker_buy_quote_volume',
  'ignore',
]

const NAMES: Readonly<Record<ArchiveSeries['dataset'], readonly string[]>> = {
  klines: KLINE_NAMES,
  markPriceKlines: KLINE_NAMES,
  indexPriceKlines: KLINE_NAMES,
  premiumIndexKlines: KLINE_NAMES,
  metrics: [
    'create_time',
    'symbol',
    'sum_open_interest',
    'sum_open_interest_value',
    'count_toptrader_long_short_ratio',
    'sum_toptrader_long_short_ratio',
    'count_long_short_ratio',
    'sum_taker_long_short_vol_ratio',
  ],
  fundingRate: ['calc_time', 'funding_interval_hours', 'last_funding_rate'],
  aggTrades: [
    'agg_trade_id',
    'price',
    'quantity',
    'first_trade_id',
    'last_trade_id',
    'transact_time',
    'is_buyer_maker',
    'is_best_match',
  ],
  trades: ['id', 'price', 'qty', 'quote_qty', 'time', 'is_buyer_maker', 'is_best_match'],
}

/** The header row of newer files. */
export function headerNames(dataset: ArchiveSeries['dataset']): readonly string[] {
  return NAMES[dataset]
}

/** The unit in files of a period. */
export function unitOf(window: Window, market: Market = DEFAULT_MARKET): TimeUnit {
  return archiveUnit({ market }, window)
}

/** The number of rows of a file; for klines only whether there are any. */
export function rowCountOf(history: History, series: ArchiveSeries, rows: ArchiveRows): number {
  if (series.interval !== undefined) return klinesOf(history, series, rows, 1).length
  if (series.dataset === 'metrics')
    return klinesOf(history, { ...series, dataset: 'klines', interval: '5m' }, rows, 1).length * 288
  if (series.dataset === 'fundingRate') return fundingOf(history, rows).length
  if (series.dataset !== 'aggTrades' && series.dataset !== 'trades') return 0
  const { from, to } = placesOf(history[series.dataset], rows)
  return Math.max(0, to - from)
}

/** The lines of a file, without header; `unitAt` gives the unit of each row. */
export function linesOf(
  { history, market }: { readonly history: History; readonly market: Market },
  series: ArchiveSeries,
  rows: ArchiveRows,
  unitAt: (row: number) => TimeUnit,
): string[] {
  switch (series.dataset) {
    case 'klines':
    case 'markPriceKlines':
    case 'indexPriceKlines':
    case 'premiumIndexKlines': {
      const lines = klinesOf(history, series, rows, Infinity).map((row, i) =>
        klineLine(row, unitAt(i)),
      )
      return headed(lines, series, { rows, market })
    }
    case 'metrics': {
      if (market === 'spot') return []
      const lines = metricsLines({ symbol: series.symbol, market }, rows.window)
      return [headerNames('metrics').join(','), ...lines]
    }
    case 'fundingRate': {
      const lines = fundingOf(history, rows).map((row) =>
        [timeText(row.time, 'ms'), row.hours, row.rate].join(','),
      )
      return [headerNames('fundingRate').join(','), ...lines]
    }
    case 'aggTrades':
      return market === DEFAULT_MARKET
        ? sequenceLines(history.aggTrades, rows, (row, i) => aggTradeLine(row, unitAt(i)))
        : futuresAggTradeLines(history, rows)
    case 'trades':
      return market === DEFAULT_MARKET
        ? sequenceLines(history.trades, rows, (row, i) => tradeLine(row, unitAt(i)))
        : futuresTradeLines(history, rows, market)
  }
}

/** Files of futures have a header row since 2022-08-11 (binance-public-data, issue 278). */
const HEADED_FROM = Date.UTC(2022, 7, 11) * 1000

function headed(
  lines: string[],
  { dataset }: ArchiveSeries,
  { rows, market }: { readonly rows: ArchiveRows; readonly market: Market },
): string[] {
  const isHeaded = market !== DEFAULT_MARKET && Number(rows.window.from) >= HEADED_FROM
  return isHeaded ? [headerNames(dataset).join(','), ...lines] : lines
}

function fundingOf(history: History, { window, now }: ArchiveRows): readonly Funding[] {
  return (history as FuturesHistory)
    .funding(now)
    .filter(({ time }) => window.from <= time && time < window.to)
}

const PRICES: Readonly<Partial<Record<ArchiveSeries['dataset'], PriceName>>> = {
  markPriceKlines: 'mark',
  indexPriceKlines: 'index',
  premiumIndexKlines: 'premium',
}

function sourceOf(history: History, dataset: ArchiveSeries['dataset']): KlineSource {
  const price = PRICES[dataset]
  return price === undefined ? history.klines : (history as FuturesHistory).prices[price]
}

function klinesOf(
  history: History,
  { interval, dataset }: ArchiveSeries,
  { window, now }: ArchiveRows,
  limit: number,
): readonly Kline[] {
  if (interval === undefined) return []
  const [from, to] = [Number(window.from), Number(window.to) - 1]
  return sourceOf(history, dataset).ask(interval, {
    from,
    to,
    now,
    limit,
    newest: false,
    without: [],
  })
}

function placesOf(
  sequence: Sequence<unknown>,
  { window, now }: ArchiveRows,
): {
  readonly from: number
  readonly to: number
} {
  const from = sequence.placeOfTime(Number(window.from))
  return { from, to: Math.min(sequence.placeOfTime(Number(window.to)), sequence.count(now)) }
}

function sequenceLines<Row>(
  sequence: Sequence<Row>,
  rows: ArchiveRows,
  line: (row: Row, index: number) => string,
): string[] {
  const { from, to } = placesOf(sequence, rows)
  const lines: string[] = []
  for (let place = from; place < to; place++) lines.push(line(sequence.at(place), place - from))
  return lines
}

/** Seven columns, times in ms, flags in lower case, numbers without trailing zeros. */
function futuresAggTradeLines({ aggTrades }: History, rows: ArchiveRows): string[] {
  const lines = sequenceLines(aggTrades, rows, (row) =>
    [
      row.id,
      plainNumber(row.price),
      plainNumber(row.quantity),
      row.firstTradeId,
      row.lastTradeId,
      timeText(row.time, 'ms'),
      String(row.isBuyerMaker),
    ].join(','),
  )
  const isHeaded = Number(rows.window.from) >= HEADED_FROM
  return isHeaded ? [headerNames('aggTrades').slice(0, 7).join(','), ...lines] : lines
}

/** Six columns, times in ms, flags in lower case; contracts of COIN-M are paid in the base asset. */
function futuresTradeLines({ trades }: History, rows: ArchiveRows, market: Market): string[] {
  const lines = sequenceLines(trades, rows, (row) =>
    [
      ...[row.id, plainNumber(row.price), plainNumber(row.quantity), row.quoteQuantity],
      ...[timeText(row.time, 'ms'), String(row.isBuyerMaker)],
    ].join(','),
  )
  const names = headerNames('trades').slice(0, 6).join(',')
  const header = market === 'cm' ? names.replace('quote_qty', 'base_qty') : names
  return Number(rows.window.from) >= HEADED_FROM ? [header, ...lines] : lines
}

function plainNumber(text: string): string {
  return text.replace(/0+$/, '').replace(/\.$/, '.0')
}

function klineLine(row: Kline, unit: TimeUnit): string {
  return [
    timeText(row.openTime, unit),
    row.open,
    row.high,
    row.low,
    row.close,
    row.volume,
    timeText(row.closeTime, unit),
    row.quoteVolume,
    row.tradeCount,
    row.takerVolume,
    row.takerQuoteVolume,
    '0',
  ].join(',')
}

function aggTradeLine(row: AggTrade, unit: TimeUnit): string {
  return [
    row.id,
    row.price,
    row.quantity,
    row.firstTradeId,
    row.lastTradeId,
    timeText(row.time, unit),
    flagText(row.isBuyerMaker),
    flagText(row.isBestMatch),
  ].join(',')
}

function tradeLine(row: Trade, unit: TimeUnit): string {
  return [
    row.id,
    row.price,
    row.quantity,
    row.quoteQuantity,
    timeText(row.time, unit),
    flagText(row.isBuyerMaker),
    flagText(row.isBestMatch ?? true),
  ].join(',')
}

function flagText(flag: boolean): string {
  return flag ? 'True' : 'False'
}
