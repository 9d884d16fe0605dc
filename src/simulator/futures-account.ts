/**
 * The signed endpoints of the futures markets: an account's trades, orders and income, by times of a few days at most, by
 * id, or of the last seven days.
 *
 * @see developers.binance.com, derivatives: "Account Trade List", "All Orders", "Get Income History".
 */

import { authenticate } from './account-auth.ts'
import { accountHistory } from './account-history.ts'
import {
  orderAt,
  type AccountOptions,
  type AccountTrade,
  type FuturesRow,
  type Order,
} from './account-rows.ts'
import type { Content, Context, Endpoint } from './context.ts'
import type { FuturesOptions } from './options.ts'
import { readLong, Refusal } from './query.ts'

const DAY_MS = 86_400_000
const WINDOW_MS = 7 * DAY_MS
/** What is older is not sent. */
const REACH_MS = 90 * DAY_MS
const LIMIT_MAX = 1000

type Market = 'um' | 'cm'
type Kind = 'userTrades' | 'allOrders' | 'income'

/** The cursor of each kind, the field that it names, and the default of `limit`. */
const CURSORS = {
  userTrades: { cursor: 'fromId', id: 'id', limit: 500 },
  allOrders: { cursor: 'orderId', id: 'orderId', limit: 500 },
  income: { cursor: undefined, id: 'tranId', limit: 100 },
} as const

/** The endpoints of a market by their paths. */
export function accountEndpoints(
  market: Market,
  options: FuturesOptions,
): readonly (readonly [path: string, endpoint: Endpoint])[] {
  const root = market === 'um' ? '/fapi/v1' : '/dapi/v1'
  return (['userTrades', 'allOrders', 'income'] as const).map(
    (kind) => [`${root}/${kind}`, endpointOf(kind, market, options)] as const,
  )
}

function endpointOf(kind: Kind, market: Market, options: FuturesOptions): Endpoint {
  const { cursor } = CURSORS[kind]
  return {
    mandatory: [...(kind === 'income' ? [] : ['symbol']), 'timestamp', 'signature'],
    optional: [
      ...(kind === 'income' ? ['symbol', 'incomeType'] : []),
      ...(cursor === undefined ? [] : [cursor]),
      ...['startTime', 'endTime', 'limit', 'recvWindow'],
    ],
    isMarketData: false,
    answer: (context) => answer(context, { kind, market, options }),
  }
}

type Place = { readonly kind: Kind; readonly market: Market; readonly options: FuturesOptions }

function answer(context: Context, { kind, market, options }: Place): Content {
  const { parameters, now } = context
  if ((parameters.get('timestamp') ?? '').length > 13)
    throw new Refusal(-1021, "Timestamp for this request was 1000ms ahead of the server's time.")
  const account = authenticate(context, context.options.accounts ?? [])
  const symbol = parameters.get('symbol')
  if (kind !== 'income' && (symbol === undefined || context.find(symbol) === undefined))
    throw new Refusal(-1121, 'Invalid symbol.')
  const type = parameters.get('incomeType')
  const oldest = Math.floor(now / 1000) - REACH_MS
  const rows = rowsOf(context, account, { kind, market, options }).filter(
    (row) =>
      Number(row['time']) >= oldest &&
      Number(row['time']) * 1000 <= now &&
      (type === undefined || row['incomeType'] === type) &&
      (symbol === undefined || kind !== 'income' || row['symbol'] === symbol),
  )
  const sent = pageOf(context, rows, { kind, market, options })
  return { json: JSON.stringify(sent), isSettled: false }
}

function rowsOf(
  { options: { seed = 1 }, parameters, now }: Context,
  account: AccountOptions,
  { kind, market, options }: Place,
): readonly FuturesRow[] {
  const given = account.futures?.[market]
  const symbol = parameters.get('symbol') ?? ''
  if (kind === 'income') {
    if (given !== undefined) return given.income ?? []
    return options.symbols.flatMap((own) =>
      historyOf(account, market, own.symbol, { seed, now }).trades.map((trade) =>
        incomeOf(trade, own.symbol),
      ),
    )
  }
  if (given !== undefined) return given[kind]?.[symbol] ?? []
  const { trades, orders } = historyOf(account, market, symbol, { seed, now })
  return kind === 'userTrades'
    ? trades.map((trade) => tradeOf(trade, symbol, market))
    : orders.map((order) => orderOf(orderAt(order, now), symbol, market))
}

function historyOf(
  account: AccountOptions,
  market: Market,
  symbol: string,
  at: { readonly seed: number; readonly now: number },
): ReturnType<typeof accountHistory> {
  return accountHistory({ ...account, rows: {} }, `${market} ${symbol}`, at)
}

function ms(time: bigint): number {
  return Number(time / 1000n)
}

function tradeOf(row: AccountTrade, symbol: string, market: Market): FuturesRow {
  const paid = market === 'um' ? 'quoteQty' : 'baseQty'
  return {
    ...{ symbol, id: Number(row.id), orderId: Number(row.orderId) },
    ...(market === 'cm' && { pair: symbol.replace(/_.*/, '') }),
    ...{ side: row.isBuyer ? 'BUY' : 'SELL', price: row.price, qty: row.quantity },
    ...{ realizedPnl: '-0.91539999', marginAsset: 'USDT', [paid]: row.quoteQuantity },
    ...{ commission: row.commission, commissionAsset: row.commissionAsset, time: ms(row.time) },
    ...{ positionSide: 'BOTH', buyer: row.isBuyer, maker: row.isMaker },
  }
}

function orderOf(row: Order, symbol: string, market: Market): FuturesRow {
  return {
    ...{ avgPrice: row.price, clientOrderId: row.clientOrderId },
    [market === 'um' ? 'cumQuote' : 'cumBase']: row.cumulativeQuote,
    ...{ executedQty: row.executedQuantity, orderId: Number(row.id), origQty: row.origQuantity },
    ...{ origType: row.type, price: row.price, reduceOnly: false, side: row.side },
    ...{ positionSide: 'BOTH', status: row.status, stopPrice: '0', closePosition: false, symbol },
    ...(market === 'cm' && { pair: symbol.replace(/_.*/, '') }),
    ...{ time: ms(row.time), timeInForce: row.timeInForce, type: row.type },
    ...{ updateTime: ms(row.updateTime), workingType: 'CONTRACT_PRICE', priceProtect: false },
    ...{ priceMatch: 'NONE', selfTradePreventionMode: 'NONE', goodTillDate: 0 },
  }
}

function incomeOf(row: AccountTrade, symbol: string): FuturesRow {
  const isFee = row.id % 2n === 0n
  return {
    ...{ symbol, incomeType: isFee ? 'COMMISSION' : 'REALIZED_PNL' },
    ...{ income: isFee ? `-${row.commission}` : '0.12500000', asset: row.commissionAsset },
    ...{ info: '', time: ms(row.time), tranId: Number(row.id), tradeId: String(row.id) },
  }
}

/** The rows of the window, oldest first; of more than fit, the oldest or the newest. */
function pageOf(
  { parameters, now, options }: Context,
  all: readonly FuturesRow[],
  { kind, options: { accountRows } }: Place,
): readonly FuturesRow[] {
  const { cursor, id, limit: byDefault } = CURSORS[kind]
  const limit = Math.min(
    Number(readLong(parameters, 'limit') ?? byDefault),
    options.pageRows ?? LIMIT_MAX,
  )
  const rows = [...all].sort((a, b) => Number(a['time']) - Number(b['time']))
  const [start, end] = ['startTime', 'endTime'].map((name) => readLong(parameters, name))
  const from = cursor === undefined ? undefined : readLong(parameters, cursor)
  if (from !== undefined) {
    if (start !== undefined || end !== undefined)
      throw new Refusal(-1128, 'Combination of optional parameters invalid.')
    return rows
      .filter((row) => Number(row[id]) >= Number(from))
      .sort((a, b) => Number(a[id]) - Number(b[id]))
      .slice(0, limit)
  }
  if (start === undefined && end === undefined)
    return rows.filter(({ time }) => Number(time) * 1000 > now - WINDOW_MS * 1000).slice(-limit)
  const last = Number(end ?? BigInt(Math.floor(now / 1000)))
  const first = Number(start ?? BigInt(last - WINDOW_MS))
  if (first > last) throw new Refusal(-1023, 'Start time is greater than end time.')
  const isLong = kind === 'allOrders' ? last - first >= WINDOW_MS : last - first > WINDOW_MS
  if (isLong && kind !== 'income') throw new Refusal(-1127, 'More than 7 days.')
  const inside = rows.filter(({ time }) => Number(time) >= first && Number(time) <= last)
  return accountRows === 'newest' ? inside.slice(-limit) : inside.slice(0, limit)
}
