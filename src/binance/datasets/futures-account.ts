/**
 * An account's own trades, orders and income on the futures markets: windows of a few days, for about three months.
 *
 * @see developers.binance.com, derivatives: "Account Trade List", "All Orders", "Get Income History" of USD-M and COIN-M;
 * change log of 2026-08-07 (new fields) and 2026-08-26 (three months of trades).
 */

import type { Column, ColumnType, Dataset } from '../dataset.ts'
import { ACCOUNT } from './account.ts'

const shared = {
  ...ACCOUNT,
  walk: 'accountTime',
  // Windows of orders have to be shorter than seven days.
  windowDays: 6,
  // Three months have at least so many days.
  reachDays: 89,
} as const satisfies Partial<Dataset>

type Field = readonly [name: string, json: string, type: ColumnType, nullable?: true]

function columns(...fields: readonly Field[]): readonly Column[] {
  return fields.map(([name, json, type, nullable]): Column => ({
    name,
    type,
    json,
    ...(nullable && { nullable }),
  }))
}

/** What trades have in both markets; one of the two amounts is new, and old rows lack it. */
function tradeColumns(quote: Field, base: Field): readonly Column[] {
  return columns(
    ['trade_id', 'id', 'id'],
    ['order_id', 'orderId', 'id'],
    ['side', 'side', 'text'],
    ['position_side', 'positionSide', 'text'],
    ['price', 'price', 'price'],
    ['quantity', 'qty', 'quantity'],
    quote,
    base,
    ['realized_pnl', 'realizedPnl', 'quantity'],
    ['margin_asset', 'marginAsset', 'text', true],
    ['commission', 'commission', 'quantity'],
    ['commission_asset', 'commissionAsset', 'text'],
    ['time', 'time', 'time'],
    ['is_buyer', 'buyer', 'flag'],
    ['is_maker', 'maker', 'flag'],
  )
}

const userTrades = {
  ...shared,
  kind: 'userTrades',
  cursor: 'fromId',
  key: 'trade_id',
  weight: 5,
  ignored: ['symbol', 'pair'],
  rules: 'trade',
} as const satisfies Partial<Dataset>

function orderColumns(...amounts: readonly Field[]): readonly Column[] {
  return columns(
    ['order_id', 'orderId', 'id'],
    ['client_order_id', 'clientOrderId', 'text'],
    ['price', 'price', 'price'],
    ['average_price', 'avgPrice', 'price'],
    ['orig_quantity', 'origQty', 'quantity'],
    ['executed_quantity', 'executedQty', 'quantity'],
    ...amounts,
    ['status', 'status', 'text'],
    ['time_in_force', 'timeInForce', 'text'],
    ['type', 'type', 'text'],
    ['orig_type', 'origType', 'text'],
    ['side', 'side', 'text'],
    ['position_side', 'positionSide', 'text'],
    ['reduce_only', 'reduceOnly', 'flag'],
    ['close_position', 'closePosition', 'flag'],
    ['stop_price', 'stopPrice', 'price', true],
    ['activate_price', 'activatePrice', 'price', true],
    ['price_rate', 'priceRate', 'price', true],
    ['working_type', 'workingType', 'text', true],
    ['price_protect', 'priceProtect', 'flag', true],
    ['time', 'time', 'time'],
    ['update_time', 'updateTime', 'time'],
    ['extra', '', 'extra', true],
  )
}

const allOrders = {
  ...shared,
  kind: 'allOrders',
  cursor: 'orderId',
  key: 'order_id',
  weight: 5,
  ignored: ['symbol', 'pair'],
  extras: [
    'priceMatch',
    'selfTradePreventionMode',
    'goodTillDate',
    'marginAsset',
    'cumBase',
    'cumQuote',
    'baseQty',
    'quoteQty',
    'cumQty',
  ],
  rules: 'order',
  staysOpen: true,
} as const satisfies Partial<Dataset>

/** A transaction's id is unique among those of its type, so a series is of one type. */
const income = {
  ...shared,
  kind: 'income',
  subject: 'incomeType',
  key: 'tran_id',
  columns: [
    // A number in one market, and a text in the other.
    { name: 'tran_id', type: 'id', json: 'tranId', isBare: true },
    { name: 'time', type: 'time', json: 'time' },
    { name: 'income_type', type: 'text', json: 'incomeType' },
    { name: 'income', type: 'quantity', json: 'income' },
    { name: 'asset', type: 'text', json: 'asset' },
    { name: 'symbol', type: 'text', json: 'symbol' },
    { name: 'info', type: 'text', json: 'info', nullable: true },
    { name: 'trade_id', type: 'text', json: 'tradeId', nullable: true },
  ],
  ignored: [],
  rules: 'income',
} as const satisfies Partial<Dataset>

/** Those of USD-M. */
export const umAccount = {
  userTrades: {
    ...userTrades,
    path: '/fapi/v1/userTrades',
    columns: tradeColumns(
      ['quote_quantity', 'quoteQty', 'quantity'],
      ['base_quantity', 'baseQty', 'quantity', true],
    ),
  },
  allOrders: {
    ...allOrders,
    path: '/fapi/v1/allOrders',
    columns: orderColumns(['cumulative_quote', 'cumQuote', 'quantity']),
    extras: allOrders.extras.filter((name) => name !== 'cumQuote'),
  },
  income: { ...income, path: '/fapi/v1/income', weight: 30 },
} satisfies Record<string, Dataset>

/** Those of COIN-M: quantities are contracts. */
export const cmAccount = {
  userTrades: {
    ...userTrades,
    path: '/dapi/v1/userTrades',
    columns: tradeColumns(
      ['quote_quantity', 'quoteQty', 'quantity', true],
      ['base_quantity', 'baseQty', 'quantity'],
    ),
  },
  allOrders: {
    ...allOrders,
    path: '/dapi/v1/allOrders',
    columns: orderColumns(['cumulative_base', 'cumBase', 'quantity']),
    extras: allOrders.extras.filter((name) => name !== 'cumBase'),
  },
  income: { ...income, path: '/dapi/v1/income', weight: 20 },
} satisfies Record<string, Dataset>
