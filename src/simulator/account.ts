/**
 * The signed endpoints: an account's own trades, orders and allocations, by times of at most a day or by id.
 *
 * @see binance-spot-api-docs, rest-api.md, "Account trade list", "All orders" and "Query Allocations".
 */

import { authenticate } from './account-auth.ts'
import { accountHistory } from './account-history.ts'
import {
  accountTradeJson,
  allocationJson,
  orderAt,
  orderJson,
  type AccountTrade,
  type Allocation,
  type Order,
} from './account-rows.ts'
import type { Content, Context } from './context.ts'
import { readLimit, readLong, readSymbol, readTime, Refusal, type Parameters } from './query.ts'
import { accountTradesSbe, allocationsSbe, ordersSbe } from './sbe-account.ts'

const DAY_MICROS = 86_400_000_000

/** The account's trades. @throws Refusal */
export function myTradesAnswer(context: Context): Content {
  const { parameters, unit } = context
  const { symbol, history } = historyOf(context)
  checkCombination(parameters, 'fromId')
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

/** The account's allocations. @throws Refusal */
export function allocationsAnswer(context: Context): Content {
  const { parameters, unit, options } = context
  const { symbol, history } = historyOf(context)
  checkCombination(parameters, 'fromAllocationId')
  const orderId = readLong(parameters, 'orderId')
  const all = history.allocations.filter((row) => orderId === undefined || row.orderId === orderId)
  const asked = readLong(parameters, 'fromAllocationId')
  const isAfter = options.allocationCursor === 'after' && asked !== undefined
  // "symbol: allocations from oldest to newest": unlike trades and orders, the oldest of all.
  const fromId = isAfter ? asked + 1n : (asked ?? (parameters.has('endTime') ? undefined : 0n))
  const rows = pageOf(context, all, fromId)
  return {
    json: `[${rows.map((row) => allocationJson(row, symbol, unit)).join(',')}]`,
    sbe: (schema) => allocationsSbe(rows, symbol, schema),
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

/** Ids or times; an order id with a cursor id or alone. */
function checkCombination(parameters: Parameters, cursor: string): void {
  const hasTimes = parameters.has('startTime') || parameters.has('endTime')
  if (hasTimes && (parameters.has(cursor) || parameters.has('orderId')))
    throw new Refusal(-1128, 'Combination of optional parameters invalid.')
}

function pageOf<Row extends AccountTrade | Order | Allocation>(
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
