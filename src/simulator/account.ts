/**
 * The signed endpoints: an account's own trades and orders, by times of at most a day or by id.
 *
 * @see binance-spot-api-docs, rest-api.md, "Account trade list" and "All orders".
 */

import { authenticate } from './account-auth.ts'
import { accountHistory } from './account-history.ts'
import {
  accountTradeJson,
  orderAt,
  orderJson,
  type AccountTrade,
  type Order,
} from './account-rows.ts'
import type { Content, Context } from './endpoints.ts'
import { readLimit, readLong, readSymbol, readTime, Refusal, type Parameters } from './query.ts'
import { accountTradesSbe, ordersSbe } from './sbe-account.ts'

const DAY_MICROS = 86_400_000_000

/** The account's trades. @throws Refusal */
export function myTradesAnswer(context: Context): Content {
  const { parameters, unit } = context
  const { symbol, history } = historyOf(context)
  checkCombination(parameters)
  const orderId = readLong(parameters, 'orderId')
  const trades = history.trades.filter((row) => orderId === undefined || row.orderId === orderId)
  const rows = pageOf(context, trades, readLong(parameters, 'fromId'))
  return {
    json: `[${rows.map((row) => accountTradeJson(row, symbol, unit)).join(',')}]`,
    sbe: (schema) => accountTradesSbe(rows, symbol, schema),
    isSettled: false,
  }
}

/** The account's orders. @throws Refusal */
export function ordersAnswer(context: Context): Content {
  const { parameters, unit, now } = context
  const { symbol, history } = historyOf(context)
  const orders = history.orders.map((order) => orderAt(order, now))
  const rows = pageOf(context, orders, readLong(parameters, 'orderId'))
  return {
    json: `[${rows.map((row) => orderJson(row, symbol, unit)).join(',')}]`,
    sbe: (schema) => ordersSbe(rows, symbol, schema),
    isSettled: false,
  }
}

function historyOf(context: Context): {
  readonly symbol: string
  readonly history: ReturnType<typeof accountHistory>
} {
  const { options, now } = context
  const account = authenticate(context, options.accounts ?? [])
  const symbol = readSymbol(context.parameters)
  if (context.find(symbol) === undefined) throw new Refusal(-1121, 'Invalid symbol.')
  return { symbol, history: accountHistory(account, symbol, { seed: options.seed ?? 1, now }) }
}

/** myTrades takes ids or times, and an order with an id or alone. */
function checkCombination(parameters: Parameters): void {
  const hasTimes = parameters.has('startTime') || parameters.has('endTime')
  if (hasTimes && (parameters.has('fromId') || parameters.has('orderId')))
    throw new Refusal(-1128, 'Combination of optional parameters invalid.')
}

function pageOf<Row extends AccountTrade | Order>(
  { parameters, options }: Context,
  all: readonly Row[],
  fromId: bigint | undefined,
): readonly Row[] {
  const limit = readLimit(parameters, options.pageRows ?? 1000)
  const start = readTime(parameters, 'startTime')?.time
  const end = endOf(parameters, options.msEndTime)
  if (start !== undefined && end !== undefined && end - start > DAY_MICROS + 999)
    throw new Refusal(-1127, 'More than 24 hours between startTime and endTime.')
  const matching = all.filter(
    ({ id, time }) =>
      (fromId === undefined || id >= fromId) &&
      (start === undefined || Number(time) >= start) &&
      (end === undefined || Number(time) <= end),
  )
  const isFromStart = start !== undefined || fromId !== undefined
  return isFromStart ? matching.slice(0, limit) : matching.slice(-limit)
}

function endOf(
  parameters: Parameters,
  reading: Context['options']['msEndTime'],
): number | undefined {
  const end = readTime(parameters, 'endTime')
  if (end === undefined) return undefined
  return end.unit === 'ms' && reading === 'wholeMs' ? end.time + 999 : end.time
}
