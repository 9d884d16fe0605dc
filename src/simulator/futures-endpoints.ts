/**
 * The endpoints of the futures markets, written from their documents.
 *
 * @see developers.binance.com, derivatives, "Market Data Endpoints" of USD-M and COIN-M.
 */

import type { Interval } from '../binance/interval.ts'
import type { Context, Endpoint } from './context.ts'
import { accountEndpoints } from './futures-account.ts'
import { deliveryEndpoint } from './delivery-price.ts'
import { dataEndpoints } from './futures-data.ts'
import type { FuturesHistory, PriceName } from './futures-history.ts'
import { contractTypeOf, futuresInfoJson, pairOf } from './futures-info.ts'
import type { Funding, FuturesOptions, FuturesSymbol } from './options.ts'
import { readInterval, readLimit, readLong, Refusal } from './query.ts'
import { aggTradePage } from './pages.ts'
import { aggTradeJson, klineJson } from './rows.ts'
import type { KlineSource } from './source.ts'

type Market = 'um' | 'cm'

const DAY = 86_400e6
const WINDOW = 200 * DAY
const KLINES_MAX = 1500

/** The endpoints of a market by their paths. */
export function futuresEndpoints(
  market: Market,
  options: FuturesOptions,
): ReadonlyMap<string, Endpoint> {
  const root = market === 'um' ? '/fapi/v1' : '/dapi/v1'
  const kline = (name: string, source: (history: FuturesHistory) => KlineSource): Named => [
    `${root}/${name}`,
    klineEndpoint(market, options, source, SUBJECTS[name] ?? ['symbol']),
  ]
  const price =
    (name: PriceName) =>
    ({ prices }: FuturesHistory): KlineSource =>
      prices[name]
  return new Map<string, Endpoint>([
    [`${root}/ping`, plain(() => '{}')],
    [`${root}/time`, plain(({ now }) => `{"serverTime":${Math.floor(now / 1000)}}`)],
    [
      `${root}/exchangeInfo`,
      plain(({ rules, now }) => futuresInfoJson({ market, options, rules, now })),
    ],
    kline('klines', ({ klines }) => klines),
    kline('markPriceKlines', price('mark')),
    kline('indexPriceKlines', price('index')),
    kline('continuousKlines', ({ klines }) => klines),
    kline('premiumIndexKlines', price('premium')),
    [`${root}/aggTrades`, aggTradeEndpoint(market, options)],
    [`${root}/fundingRate`, fundingEndpoint(market, options)],
    ['/futures/data/delivery-price', deliveryEndpoint(options)],
    ...accountEndpoints(market, options),
    ...dataEndpoints(market, options, (context, subject) =>
      found(
        context,
        options,
        subject === 'pair' && context.parameters.has('contractType')
          ? ['pair', 'contractType']
          : [subject],
      ),
    ),
  ])
}

/** What klines are asked by that are not of a symbol. */
const SUBJECTS: Readonly<Record<string, Subject>> = {
  indexPriceKlines: ['pair'],
  continuousKlines: ['pair', 'contractType'],
}

type Subject = readonly ['symbol'] | readonly ['pair', 'contractType'?]

type Named = [path: string, endpoint: Endpoint]

/** The request weight: klines by `limit`, the others as documented. */
export function futuresWeight(path: string, query: string, market: Market): number {
  if (path.startsWith('/futures/data/')) return market === 'um' ? 0 : 1
  if (path === '/fapi/v1/fundingRate') return 0
  if (/aggTrades$/.test(path)) return 20
  if (/userTrades$|allOrders$/.test(path)) return 5
  if (/income$/.test(path)) return market === 'um' ? 30 : 20
  if (!/lines$/.test(path)) return 1
  const limit = Number(/(?:^|&)limit=(\d+)/.exec(query)?.[1] ?? 500)
  return limit < 100 ? 1 : limit < 500 ? 2 : limit <= 1000 ? 5 : 10
}

function plain(json: (context: Context) => string): Endpoint {
  return {
    mandatory: [],
    optional: [],
    isMarketData: true,
    answer: (context) => ({ json: json(context), isSettled: false }),
  }
}

function klineEndpoint(
  market: Market,
  options: FuturesOptions,
  source: (history: FuturesHistory) => KlineSource,
  subject: Subject,
): Endpoint {
  return {
    mandatory: [...subject.filter((name) => name !== undefined), 'interval'],
    optional: ['startTime', 'endTime', 'limit'],
    isMarketData: true,
    answer: (context) => {
      const { symbol, history } = found(context, options, subject)
      const interval = futuresInterval(context)
      const limit = readLimit(context.parameters, KLINES_MAX)
      const isNewest =
        (options.klineWindows ?? (market === 'cm' ? 'newest' : 'oldest')) === 'newest'
      const window = isNewest ? closedWindow(context) : openWindow(context)
      const rows = source(history).ask(interval, {
        ...window,
        now: context.now,
        limit,
        without: context.leftOut(symbol),
      })
      const json = `[${rows.map((row) => klineJson(row, 'ms')).join(',')}]`
      return { json, isSettled: false, spoken: { symbol, from: window.from, to: window.to } }
    },
  }
}

/** Futures have no klines of a second. */
function futuresInterval({ parameters }: Context): Interval {
  const interval = readInterval(parameters)
  if (interval === '1s') throw new Refusal(-1120, 'Invalid interval.')
  return interval
}

const HOUR = 3_600e6
/** How far back aggregate trades are served. */
const REACH = { um: 48 * HOUR, cm: 24 * HOUR }

function aggTradeEndpoint(market: Market, options: FuturesOptions): Endpoint {
  return {
    mandatory: ['symbol'],
    optional: ['fromId', 'startTime', 'endTime', 'limit'],
    isMarketData: true,
    answer: (context) => {
      const { symbol, history } = found(context, options, ['symbol'])
      const { parameters, now, fault } = context
      const { aggTrades } = history
      const oldest = aggTrades.placeOfTime(now - REACH[market])
      const restHistoryFrom = oldest < aggTrades.count(now) ? aggTrades.at(oldest).id : 0n
      const { rows, from, to } = aggTradePage({
        ...{ parameters, history, now, fault, without: context.leftOut(symbol) },
        symbol: { symbol, restHistoryFrom },
        options: { ...context.options, aggTradesWindowMsMax: 3_600_000 },
      })
      const texts = rows.map((row) => {
        const json = aggTradeJson(row, 'ms').replace(/,"M":(?:true|false)\}$/, '')
        return market === 'um' ? `${json},"nq":"${row.quantity}"}` : `${json}}`
      })
      return {
        json: `[${texts.join(',')}]`,
        isSettled: false,
        spoken: { symbol, from, to },
      }
    },
  }
}

const FUNDING_MAX = 1000
const FUNDING_DEFAULT = 100
const FUNDING_NEWEST = 200

/** Settlements from the start on; without times the newest ones. Delivery contracts have none. */
function fundingEndpoint(market: Market, options: FuturesOptions): Endpoint {
  return {
    mandatory: market === 'cm' ? ['symbol'] : [],
    optional: ['symbol', 'startTime', 'endTime', 'limit'],
    isMarketData: true,
    answer: (context) => {
      const { symbol, history } = found(context, options, ['symbol'])
      const limit = Number(readLong(context.parameters, 'limit') ?? FUNDING_DEFAULT)
      if (limit > FUNDING_MAX) throw new Refusal('000002', 'illegal parameter')
      const { from, to, newest } = openWindow(context)
      const isDelivered = /_\d{6}$/.test(symbol)
      const rows = (isDelivered ? [] : history.funding(context.now)).filter(
        ({ time }) => Number(time) >= from && Number(time) <= to,
      )
      const page = newest ? rows.slice(-FUNDING_NEWEST) : rows.slice(0, limit)
      const without = context.leftOut(symbol)
      const sent = page.filter(
        ({ time }) => !without.some((span) => Number(time) >= span.from && Number(time) < span.to),
      )
      return {
        json: `[${sent.map((row) => fundingJson(symbol, row)).join(',')}]`,
        isSettled: false,
        spoken: { symbol, from, to: Math.min(to, context.now) },
      }
    },
  }
}

function fundingJson(symbol: string, { time, rate, markPrice, rateType }: Funding): string {
  const fundingTime = Number(time / 1000n)
  return JSON.stringify({ symbol, fundingTime, fundingRate: rate, markPrice, rateType })
}

type Window = { readonly from: number; readonly to: number; readonly newest: boolean }

/** A time in ms; one in µs is far in the future. */
function timeOf({ parameters }: Context, name: string): number | undefined {
  const sent = readLong(parameters, name)
  return sent === undefined ? undefined : Number(sent) * 1000
}

function openWindow(context: Context): Window {
  const [from, to] = [timeOf(context, 'startTime'), timeOf(context, 'endTime')]
  if (from !== undefined && to !== undefined && from > to)
    throw new Refusal(-1023, 'Start time is greater than end time.')
  return { from: from ?? 0, to: to ?? Infinity, newest: from === undefined }
}

/** At most 200 days; a missing end is that far away. Of the window, the newest rows. */
function closedWindow(context: Context): Window {
  const [start, end] = [timeOf(context, 'startTime'), timeOf(context, 'endTime')]
  if (start !== undefined && end !== undefined) {
    if (start > end) throw new Refusal(-1023, 'Start time is greater than end time.')
    if (end - start > WINDOW) throw new Refusal(-4088, 'Maximum time interval is 200 days.')
  }
  const to = end ?? (start === undefined ? context.now : start + WINDOW)
  return { from: start ?? to - WINDOW, to, newest: true }
}

function found(
  context: Context,
  { symbols }: FuturesOptions,
  [subject, type]: Subject,
): { readonly symbol: string; readonly history: FuturesHistory } {
  const asked = context.parameters.get(subject) ?? ''
  const wanted = type === undefined ? undefined : context.parameters.get(type)
  const isOf = (own: FuturesSymbol): boolean =>
    pairOf(own) === asked && (wanted === undefined || contractTypeOf(own) === wanted)
  const name = subject === 'symbol' ? asked : symbols.find(isOf)?.symbol
  const symbol = name === undefined ? undefined : context.find(name)
  if (symbol === undefined)
    throw subject === 'pair'
      ? new Refusal(-4144, 'Invalid pair.')
      : new Refusal(-1121, 'Invalid symbol.')
  return { symbol: symbol.options.symbol, history: symbol.history as FuturesHistory }
}
