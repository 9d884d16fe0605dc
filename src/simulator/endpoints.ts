/** The endpoints: the parameters of each, and the JSON text of its answer. */

import { micros } from '../base/time.ts'
import { DATASETS } from '../binance/market.ts'
import type { Content, Context, Endpoint } from './context.ts'
import { allocationsAnswer, myTradesAnswer, ordersAnswer } from './account.ts'
import type { PageFault } from './fault.ts'
import { exchangeInfoJson } from './exchange-info.ts'
import {
  aggTradePage,
  firstTrade,
  klinePage,
  tradePage,
  type PageRequest,
  type RowPage,
} from './pages.ts'
import { readSymbol, Refusal, type ParameterList } from './query.ts'
import { aggTradeJson, klineJson, timeText, tradeJson, type TimeUnit } from './rows.ts'
import { aggTradesSbe, klinesSbe, timeSbe, tradesSbe, type SbeSchema } from './sbe.ts'
import type { KlineSource, History } from './source.ts'

const KLINES: ParameterList = {
  mandatory: ['symbol', 'interval'],
  optional: ['startTime', 'endTime', 'timeZone', 'limit'],
}

/** Every endpoint by its path. */
export const ENDPOINTS: ReadonlyMap<string, Endpoint> = new Map<string, Endpoint>([
  ['/api/v3/ping', plain(() => '{}')],
  [
    '/api/v3/time',
    plain(
      (context) => `{"serverTime":${serverTime(context)}}`,
      ({ now }, schema) => timeSbe(BigInt(Math.floor(now)), schema),
    ),
  ],
  [
    '/api/v3/exchangeInfo',
    {
      ...plain((context) => {
        const { options, rules, parameters } = context
        const info = { symbols: options.symbols, rules, serverTime: serverTime(context) }
        return exchangeInfoJson(info, parameters)
      }),
      optional: ['symbol', 'symbols', 'permissions', 'showPermissionSets', 'symbolStatus'],
    },
  ],
  [DATASETS.klines.path, klineEndpoint(({ klines }) => klines)],
  [DATASETS.uiKlines.path, klineEndpoint(({ uiKlines }) => uiKlines)],
  [
    DATASETS.aggTrades.path,
    {
      mandatory: ['symbol'],
      optional: ['fromId', 'startTime', 'endTime', 'limit'],
      isMarketData: true,
      answer: (context) => rowsAnswer(context, aggTradePage, [aggTradeJson, aggTradesSbe]),
    },
  ],
  ['/api/v3/trades', { ...tradeEndpoint(['symbol'], ['limit']), isMarketData: true }],
  [DATASETS.trades.path, tradeEndpoint(['symbol'], ['limit', 'fromId'])],
  [
    DATASETS.blockTrades.path,
    {
      mandatory: ['symbol', 'fromId'],
      optional: ['limit'],
      isMarketData: false,
      answer: (context) =>
        rowsAnswer(context, (request) => tradePage(request.history.blockTrades, request, 0), [
          tradeJson,
          (rows, schema) => tradesSbe(rows, schema, true),
        ]),
    },
  ],
  [DATASETS.myTrades.path, accountEndpoint(['orderId', 'fromId'], myTradesAnswer)],
  [DATASETS.allOrders.path, accountEndpoint(['orderId'], ordersAnswer)],
  [
    DATASETS.myAllocations.path,
    accountEndpoint(['orderId', 'fromAllocationId'], allocationsAnswer),
  ],
])

function plain(
  json: (context: Context) => string,
  sbe?: (context: Context, schema: SbeSchema) => Uint8Array,
): Endpoint {
  return {
    mandatory: [],
    optional: [],
    isMarketData: true,
    answer: (context) => ({
      json: json(context),
      isSettled: false,
      ...(sbe === undefined ? {} : { sbe: (schema) => sbe(context, schema) }),
    }),
  }
}

function accountEndpoint(ids: readonly string[], answer: Endpoint['answer']): Endpoint {
  return {
    mandatory: ['symbol', 'timestamp', 'signature'],
    optional: [...ids, 'startTime', 'endTime', 'limit', 'recvWindow'],
    isMarketData: false,
    answer,
  }
}

function serverTime({ now, unit }: Context): string {
  return timeText(micros(BigInt(Math.floor(now))), unit)
}

function klineEndpoint(source: (history: History) => KlineSource): Endpoint {
  return {
    ...KLINES,
    isMarketData: true,
    answer: (context) =>
      rowsAnswer(context, (request) => klinePage(source, request), [klineJson, klinesSbe]),
  }
}

function tradeEndpoint(mandatory: readonly string[], optional: readonly string[]): Endpoint {
  return {
    mandatory,
    optional,
    isMarketData: false,
    answer: (context) =>
      rowsAnswer(
        context,
        (request) => tradePage(request.history.trades, request, firstTrade(request)),
        [tradeJson, (rows, schema) => tradesSbe(rows, schema, false)],
      ),
  }
}

/** How rows are written: each as JSON, or all of them as SBE. */
type Forms<Row> = readonly [
  json: (row: Row, unit: TimeUnit) => string,
  sbe: (rows: readonly Row[], schema: SbeSchema) => Uint8Array,
]

function rowsAnswer<Row extends object>(
  context: Context,
  page: (request: PageRequest) => RowPage<Row>,
  [json, sbe]: Forms<Row>,
): Content {
  const { parameters, now, options, fault } = context
  const name = readSymbol(parameters)
  const symbol = context.find(name)
  if (symbol === undefined) throw new Refusal(-1121, 'Invalid symbol.')
  const { rows, from, to, isSettled } = page({
    parameters,
    history: symbol.history,
    symbol: symbol.options,
    now,
    options,
    fault,
    without: context.leftOut(name),
  })
  const isOtherUnit = fault?.page === 'wrongUnit'
  const unit = isOtherUnit ? (context.unit === 'us' ? 'ms' : 'us') : context.unit
  const served = falsified(rows, fault)
  const texts = served.map((row) => json(row, unit))
  return {
    json: `[${texts.join(',')}]`,
    sbe: (schema) => sbe(served, schema),
    isSettled,
    spoken: { symbol: name, from, to },
  }
}

/** The rows of a faulty page. */
function falsified<Row extends object>(
  rows: readonly Row[],
  fault: PageFault | undefined,
): readonly Row[] {
  switch (fault?.page) {
    case undefined:
    case 'outOfWindow':
    case 'wrongUnit':
      return rows
    case 'duplicated':
      return [...rows, ...rows]
    case 'reversed':
      return rows.toReversed()
    case 'short':
      return rows.slice(0, Math.ceil(rows.length / 2))
    case 'impossible':
      // A kline whose low is above its high; a trade at a price below zero.
      return rows.map((row, i) =>
        i < rows.length - 1 ? row : { ...row, low: '9000000000.00000000', price: '-1.00000000' },
      )
  }
}
