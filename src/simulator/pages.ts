/** Turns a history and a request's parameters into the rows of one page: the four modes of times, and ids. */

import type { PageFault } from './fault.ts'
import type { ExchangeOptions, SymbolOptions } from './options.ts'
import {
  readInterval,
  readLimit,
  readLong,
  readTime,
  Refusal,
  type AskedTime,
  type Parameters,
} from './query.ts'
import type { AggTrade, Kline, Trade } from './rows.ts'
import type { History, KlineSource, Sequence, Span } from './source.ts'

/** One request for rows. */
export type PageRequest = {
  readonly parameters: Parameters
  readonly history: History
  readonly symbol: SymbolOptions
  /** The server's time in µs. */
  readonly now: number
  readonly options: ExchangeOptions
  readonly fault: PageFault | undefined
  /** The spans whose rows this answer omits. */
  readonly without: readonly Span[]
}

/** The rows of a page. */
export type RowPage<Row> = {
  readonly rows: readonly Row[]
  /** The span that the answer covers, ends inclusive. */
  readonly from: number
  readonly to: number
  /** Will the same request always get the same rows? */
  readonly isSettled: boolean
}

/** Most rows in a page. */
function pageCap(options: ExchangeOptions): number {
  return options.pageRows ?? 1000
}

/** A page of klines: open times from `startTime` to `endTime`, both inclusive. */
export function klinePage(
  source: (history: History) => KlineSource,
  request: PageRequest,
): RowPage<Kline> {
  const { parameters, history, now, options } = request
  const interval = readInterval(parameters)
  const limit = readLimit(parameters, pageCap(options))
  checkTimeZone(parameters)
  const isOutside = request.fault?.page === 'outOfWindow'
  const start = isOutside ? { time: 0 } : readTime(parameters, 'startTime')
  const end = isOutside ? undefined : endTime(parameters, options)
  const ask = {
    from: start?.time ?? 0,
    to: end ?? Infinity,
    now,
    limit,
    newest: start === undefined,
    without: request.without,
  }
  const rows = source(history).ask(interval, ask)
  const last = rows.at(-1)
  const isFull = rows.length === limit
  const isClosed = last === undefined || Number(last.closeTime) < now
  return {
    rows,
    from: start?.time ?? Number(rows[0]?.openTime ?? 0n),
    to: isFull && last !== undefined ? Number(last.openTime) : Math.min(ask.to, now),
    isSettled: start !== undefined && isClosed && (isFull || ask.to < now),
  }
}

function checkTimeZone(parameters: Parameters): void {
  const zone = parameters.get('timeZone') ?? '0'
  // Other time zones shift days. A backfill in UTC does not use them, so they are refused instead of answered wrongly.
  if (!['0', '00:00', '+00:00', '-00:00'].includes(zone))
    throw new Refusal(-1130, `Data sent for parameter 'timeZone' is not valid.`)
}

function endTime(parameters: Parameters, options: ExchangeOptions): number | undefined {
  const end = readTime(parameters, 'endTime')
  if (end === undefined) return undefined
  return isWholeMs(end, options) ? end.time + 999 : end.time
}

function isWholeMs({ unit }: AskedTime, { msEndTime = 'instant' }: ExchangeOptions): boolean {
  return unit === 'ms' && msEndTime === 'wholeMs'
}

/** A page of aggregate trades: by id or by times, never both. */
export function aggTradePage(request: PageRequest): RowPage<AggTrade> {
  const { parameters, history, options } = request
  const start = readTime(parameters, 'startTime')
  const end = endTime(parameters, options)
  if (parameters.has('fromId') && (start !== undefined || end !== undefined))
    throw new Refusal(-1128, 'Combination of optional parameters invalid.')
  const windowMs = options.aggTradesWindowMsMax
  if (windowMs !== undefined && start !== undefined && end !== undefined) {
    if (end - start.time > windowMs * 1000) throw new Refusal(-1127, 'Lookup interval is too big.')
  }
  if (parameters.has('fromId')) return idPage(history.aggTrades, request, firstAggTrade(request))
  return timePage(request, start?.time, end)
}

function timePage(
  request: PageRequest,
  start: number | undefined,
  end: number | undefined,
): RowPage<AggTrade> {
  const { parameters, history, now, options, fault } = request
  const sequence = history.aggTrades
  const limit = readLimit(parameters, pageCap(options))
  const oldest = firstAggTrade(request)
  const isOutside = fault?.page === 'outOfWindow'
  const from =
    start === undefined || isOutside ? oldest : Math.max(oldest, sequence.placeOfTime(start))
  const visible = sequence.count(now)
  const to =
    end === undefined || isOutside ? visible : Math.min(visible, sequence.placeOfTime(end + 1))
  const isFromStart =
    isOutside || (start !== undefined && (end === undefined || options.bothTimes !== 'last'))
  const span = isFromStart
    ? { from, to: Math.min(to, from + limit) }
    : { from: Math.max(from, to - limit), to }
  const isFull = span.to - span.from === limit
  const isPast = end !== undefined && end < now
  return rowPage(sequence, request, {
    ...span,
    isSettled: start !== undefined && (isPast || (isFull && isFromStart)),
  })
}

/** A page of trades or block trades, from an id on; the newest ones without an id. */
export function tradePage(
  sequence: Sequence<Trade>,
  request: PageRequest,
  oldest: number,
): RowPage<Trade> {
  if (request.parameters.has('fromId')) return idPage(sequence, request, oldest)
  const visible = sequence.count(request.now)
  const limit = readLimit(request.parameters, pageCap(request.options))
  const from = Math.max(oldest, visible - limit)
  return rowPage(sequence, request, { from, to: visible, isSettled: false })
}

function idPage<Row extends AggTrade | Trade>(
  sequence: Sequence<Row>,
  request: PageRequest,
  oldest: number,
): RowPage<Row> {
  const { parameters, now, options, fault } = request
  const limit = readLimit(parameters, pageCap(options))
  const id = readLong(parameters, 'fromId') ?? 0n
  const visible = sequence.count(now)
  const asked = fault?.page === 'outOfWindow' ? 0 : sequence.placeOfId(id)
  const from = Math.min(visible, Math.max(oldest, asked))
  const to = Math.min(visible, from + limit)
  return rowPage(sequence, request, { from, to, isSettled: to - from === limit })
}

function rowPage<Row extends AggTrade | Trade>(
  sequence: Sequence<Row>,
  { without, now }: PageRequest,
  {
    from,
    to,
    isSettled,
  }: { readonly from: number; readonly to: number; readonly isSettled: boolean },
): RowPage<Row> {
  const rows: Row[] = []
  for (let place = from; place < to; place++) rows.push(sequence.at(place))
  const first = rows[0]
  const last = rows.at(-1)
  return {
    rows: without.length === 0 ? rows : rows.filter(({ time }) => !isWithin(Number(time), without)),
    from: Number(first?.time ?? BigInt(Math.floor(now))),
    to: Number(last?.time ?? 0n),
    isSettled,
  }
}

function isWithin(time: number, spans: readonly Span[]): boolean {
  return spans.some((span) => time >= span.from && time < span.to)
}

/** The place of the first aggregate trade that REST still has. */
function firstAggTrade({ symbol, history }: PageRequest): number {
  const { restHistoryFrom } = symbol
  return restHistoryFrom === undefined ? 0 : history.aggTrades.placeOfId(restHistoryFrom)
}

/** The place of the first trade that REST still has: the first of the first aggregate trade. */
export function firstTrade(request: PageRequest): number {
  const { restHistoryFrom } = request.symbol
  const { aggTrades, trades } = request.history
  if (restHistoryFrom === undefined) return 0
  const place = firstAggTrade(request)
  if (place >= aggTrades.count(request.now)) return trades.count(request.now)
  return trades.placeOfId(aggTrades.at(place).firstTradeId)
}
