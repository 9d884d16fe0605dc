/** An account: its key, its trades and orders, and their JSON texts in Binance's shapes. */

import type { Micros } from '../base/time.ts'
import { timeText, type TimeUnit } from './rows.ts'

/** The exchange's side of an account's key: a shared secret, or a public key in PEM. */
export type AccountKey =
  | { readonly kind: 'hmac'; readonly secret: string }
  | { readonly kind: 'rsa' | 'ed25519'; readonly publicKey: string }

/** One account. */
export type AccountOptions = {
  readonly apiKey: string
  readonly key: AccountKey
  /** May the key read? If not, -2015. Default true. */
  readonly mayRead?: boolean
  /** Rows by symbol, ascending by id; other symbols are generated. */
  readonly rows?: Readonly<Record<string, AccountRows>>
  /** Orders generated per day and symbol. Default 4; 0: none. */
  readonly ordersPerDay?: number
  /** What it has on the futures markets, as it is sent; default: generated. */
  readonly futures?: { readonly um?: FuturesAccount; readonly cm?: FuturesAccount }
  /** When the account began to trade. Default 2024-01-01. */
  readonly since?: Micros
}

/** A row of an account on a futures market, as it is sent. */
export type FuturesRow = Readonly<Record<string, string | number | boolean>>

/** Given rows, in any order. */
export type FuturesAccount = {
  readonly userTrades?: Readonly<Record<string, readonly FuturesRow[]>>
  readonly allOrders?: Readonly<Record<string, readonly FuturesRow[]>>
  /** Of all types. */
  readonly income?: readonly FuturesRow[]
}

/** Given rows. */
type AccountRows = {
  readonly trades?: readonly AccountTrade[]
  readonly orders?: readonly Order[]
  readonly allocations?: readonly Allocation[]
}

/** One trade of the account. */
export type AccountTrade = {
  readonly id: bigint
  readonly orderId: bigint
  /** Absent: not part of a list, -1. */
  readonly orderListId?: bigint
  readonly price: string
  readonly quantity: string
  readonly quoteQuantity: string
  readonly commission: string
  readonly commissionAsset: string
  readonly time: Micros
  readonly isBuyer: boolean
  readonly isMaker: boolean
  readonly isBestMatch: boolean
}

/** One fill that smart order routing took from another order book (faqs/sor_faq.md). */
export type Allocation = Omit<AccountTrade, 'isBestMatch'> & {
  /** Default SOR. */
  readonly type?: string
  /** Default false, as for every customer. */
  readonly isAllocator?: boolean
}

/** One order. What is absent is absent in JSON and null in SBE, unless stated otherwise. */
export type Order = {
  readonly id: bigint
  /** Absent: -1. */
  readonly orderListId?: bigint
  readonly clientOrderId: string
  readonly price: string
  readonly origQuantity: string
  readonly executedQuantity: string
  readonly cumulativeQuote: string
  readonly status: string
  readonly timeInForce: string
  readonly type: string
  readonly side: string
  readonly stopPrice?: string
  readonly icebergQuantity?: string
  readonly time: Micros
  readonly updateTime: Micros
  readonly isWorking: boolean
  /** Absent: -1. */
  readonly workingTime?: Micros
  readonly origQuoteOrderQuantity: string
  readonly selfTradePreventionMode: string
  readonly extras?: OrderExtras
  /** How it changes: from `at` on these fields differ, and `updateTime` is `at`. */
  readonly changes?: readonly { readonly at: Micros; readonly to: Partial<Order> }[]
}

/** Fields that only some orders have (rest-api.md, "Conditional fields in Order Responses"). */
export type OrderExtras = {
  readonly trailingDelta?: bigint
  readonly trailingTime?: Micros
  readonly strategyId?: bigint
  readonly strategyType?: number
  readonly workingFloor?: string
  readonly preventedMatchId?: bigint
  readonly preventedQuantity?: string
  readonly usedSor?: boolean
  readonly pegPriceType?: string
  readonly pegOffsetType?: string
  readonly pegOffsetValue?: number
  readonly peggedPrice?: string
  readonly expiryReason?: string
}

/** The order in its state at `now`. */
export function orderAt(order: Order, now: number): Order {
  let current = order
  for (const { at, to } of order.changes ?? [])
    if (Number(at) <= now) current = { ...current, ...to, updateTime: at }
  return current
}

/** A trade of the account. */
export function accountTradeJson(row: AccountTrade, symbol: string, unit: TimeUnit): string {
  return object([
    ['symbol', JSON.stringify(symbol)],
    ['id', row.id],
    ['orderId', row.orderId],
    ['orderListId', row.orderListId ?? -1n],
    ['price', `"${row.price}"`],
    ['qty', `"${row.quantity}"`],
    ['quoteQty', `"${row.quoteQuantity}"`],
    ['commission', `"${row.commission}"`],
    ['commissionAsset', JSON.stringify(row.commissionAsset)],
    ['time', timeText(row.time, unit)],
    ['isBuyer', row.isBuyer],
    ['isMaker', row.isMaker],
    ['isBestMatch', row.isBestMatch],
  ])
}

/** An allocation. */
export function allocationJson(row: Allocation, symbol: string, unit: TimeUnit): string {
  return object([
    ['symbol', JSON.stringify(symbol)],
    ['allocationId', row.id],
    ['allocationType', `"${row.type ?? 'SOR'}"`],
    ['orderId', row.orderId],
    ['orderListId', row.orderListId ?? -1n],
    ['price', `"${row.price}"`],
    ['qty', `"${row.quantity}"`],
    ['quoteQty', `"${row.quoteQuantity}"`],
    ['commission', `"${row.commission}"`],
    ['commissionAsset', JSON.stringify(row.commissionAsset)],
    ['time', timeText(row.time, unit)],
    ['isBuyer', row.isBuyer],
    ['isMaker', row.isMaker],
    ['isAllocator', row.isAllocator ?? false],
  ])
}

/** An order. */
export function orderJson(row: Order, symbol: string, unit: TimeUnit): string {
  const { extras = {} } = row
  const quoted = (text: string | undefined): string | undefined =>
    text === undefined ? undefined : `"${text}"`
  return object([
    ['symbol', JSON.stringify(symbol)],
    ['orderId', row.id],
    ['orderListId', row.orderListId ?? -1n],
    ['clientOrderId', JSON.stringify(row.clientOrderId)],
    ['price', quoted(row.price)],
    ['origQty', quoted(row.origQuantity)],
    ['executedQty', quoted(row.executedQuantity)],
    ['cummulativeQuoteQty', quoted(row.cumulativeQuote)],
    ['status', quoted(row.status)],
    ['timeInForce', quoted(row.timeInForce)],
    ['type', quoted(row.type)],
    ['side', quoted(row.side)],
    ['stopPrice', quoted(row.stopPrice)],
    ['icebergQty', quoted(row.icebergQuantity)],
    ['time', timeText(row.time, unit)],
    ['updateTime', timeText(row.updateTime, unit)],
    ['isWorking', row.isWorking],
    ['workingTime', row.workingTime === undefined ? -1n : timeText(row.workingTime, unit)],
    ['origQuoteOrderQty', quoted(row.origQuoteOrderQuantity)],
    ['trailingDelta', extras.trailingDelta],
    [
      'trailingTime',
      extras.trailingTime === undefined ? undefined : timeText(extras.trailingTime, unit),
    ],
    ['strategyId', extras.strategyId],
    ['strategyType', extras.strategyType],
    ['workingFloor', quoted(extras.workingFloor)],
    ['selfTradePreventionMode', quoted(row.selfTradePreventionMode)],
    ['preventedMatchId', extras.preventedMatchId],
    ['preventedQuantity', quoted(extras.preventedQuantity)],
    ['usedSor', extras.usedSor],
    ['pegPriceType', quoted(extras.pegPriceType)],
    ['pegOffsetType', quoted(extras.pegOffsetType)],
    ['pegOffsetValue', extras.pegOffsetValue],
    ['peggedPrice', quoted(extras.peggedPrice)],
    ['expiryReason', quoted(extras.expiryReason)],
  ])
}

type Member = readonly [key: string, value: string | bigint | number | boolean | undefined]

function object(members: readonly Member[]): string {
  const texts = members
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `"${key}":${String(value)}`)
  return `{${texts.join(',')}}`
}
