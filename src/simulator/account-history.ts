/**
 * An account's history of one symbol: given, or generated so that the same seed gives the same rows. Orders that fill
 * at once make one to three trades; others stay open for some hours and are then cancelled.
 */

import { fromMillis, micros } from '../base/time.ts'
import type { AccountOptions, AccountTrade, Allocation, Order } from './account-rows.ts'
import { decimalText, productText } from './decimal.ts'
import { fraction, mix, seedOf } from './hash.ts'

const DAY_MICROS = 86_400_000_000
const SINCE = fromMillis(Date.UTC(2024, 0, 1))
const DECIMALS = { price: 2, quantity: 5 }
/** Ids of orders and trades are shared by all accounts: an account's own are far apart. */
const ID_STEP = 1_009n
/** One in this many orders that fill at once also has an allocation. */
const ALLOCATED_EVERY = 5

/** Trades, orders and allocations, each ascending by id. */
type AccountHistory = {
  readonly trades: readonly AccountTrade[]
  readonly orders: readonly Order[]
  readonly allocations: readonly Allocation[]
}

/** All rows of one account and symbol up to `now`. */
export function accountHistory(
  account: AccountOptions,
  symbol: string,
  { seed, now }: { readonly seed: number; readonly now: number },
): AccountHistory {
  const given = account.rows?.[symbol]
  if (given !== undefined)
    return visible({ trades: [], orders: [], allocations: [], ...given }, now)
  const perDay = account.ordersPerDay ?? 4
  const since = Number(account.since ?? SINCE)
  if (perDay <= 0 || now < since) return { trades: [], orders: [], allocations: [] }
  const apart = Math.floor(DAY_MICROS / perDay)
  const own = seedOf(symbol, seedOf(account.apiKey, seed))
  const trades: AccountTrade[] = []
  const orders: Order[] = []
  const allocations: Allocation[] = []
  const count = Math.floor((now - since) / apart) + 1
  for (let place = 0; place < count; place++) {
    const bits = mix(own, place)
    // Never so late that its trades would come after those of the next one.
    const time = since + place * apart + Math.floor(fraction(bits) * 0.9 * apart)
    const fills = bits % 3 === 0 ? [] : fillsOf(symbol, place, { time, bits })
    trades.push(...fills)
    const [fill] = place % ALLOCATED_EVERY === 0 ? fills : []
    if (fill !== undefined) allocations.push({ ...fill, id: BigInt(allocations.length) })
    orders.push(fills.length > 0 ? filledOrder(place, time, fills) : openOrder(place, time, bits))
  }
  return visible({ trades, orders, allocations }, now)
}

function visible({ trades, orders, allocations }: AccountHistory, now: number): AccountHistory {
  const isPast = ({ time }: { readonly time: bigint }): boolean => Number(time) <= now
  return {
    trades: trades.filter(isPast),
    orders: orders.filter(isPast),
    allocations: allocations.filter(isPast),
  }
}

function orderId(place: number): bigint {
  return 5_000_000n + BigInt(place) * ID_STEP
}

function fillsOf(
  symbol: string,
  place: number,
  { time, bits }: { readonly time: number; readonly bits: number },
): AccountTrade[] {
  const count = 1 + ((bits >>> 4) % 3)
  const price = 1_000_000 + ((bits >>> 6) % 500_000)
  return Array.from({ length: count }, (_, fill): AccountTrade => {
    const quantity = 1 + ((bits >>> 8) % 90_000) + fill
    return {
      id: 900_000n + BigInt(place * 4 + fill) * ID_STEP,
      orderId: orderId(place),
      price: decimalText(price, DECIMALS.price),
      quantity: decimalText(quantity, DECIMALS.quantity),
      quoteQuantity: productText(price, quantity, DECIMALS),
      commission: decimalText(quantity, 8),
      commissionAsset: fill === 1 ? 'BNB' : symbol.slice(0, 3),
      time: micros(BigInt(time + fill)),
      isBuyer: (bits & 1) === 1,
      isMaker: (bits & 2) === 2,
      isBestMatch: true,
    }
  })
}

function filledOrder(place: number, time: number, fills: readonly AccountTrade[]): Order {
  const [first] = fills
  const quantity = sum(fills.map((fill) => fill.quantity))
  return {
    ...order(place, time, first?.isBuyer === true ? 'BUY' : 'SELL'),
    price: '0.00000000',
    origQuantity: quantity,
    executedQuantity: quantity,
    cumulativeQuote: sum(fills.map((fill) => fill.quoteQuantity)),
    status: 'FILLED',
    type: 'MARKET',
    updateTime: fills.at(-1)?.time ?? micros(BigInt(time)),
  }
}

function openOrder(place: number, time: number, bits: number): Order {
  const cancelledAt = micros(BigInt(time + Math.floor(fraction(mix(bits, 1)) * 2 * DAY_MICROS)))
  return {
    ...order(place, time, (bits & 1) === 1 ? 'BUY' : 'SELL'),
    price: decimalText(900_000 + ((bits >>> 6) % 90_000), DECIMALS.price),
    origQuantity: decimalText(1 + ((bits >>> 8) % 90_000), DECIMALS.quantity),
    executedQuantity: '0.00000000',
    cumulativeQuote: '0.00000000',
    status: 'NEW',
    type: 'LIMIT',
    changes: [{ at: cancelledAt, to: { status: 'CANCELED', isWorking: false } }],
  }
}

type Common = Omit<
  Order,
  'price' | 'origQuantity' | 'executedQuantity' | 'cumulativeQuote' | 'status' | 'type'
>

function order(place: number, time: number, side: string): Common {
  const at = micros(BigInt(time))
  return {
    id: orderId(place),
    clientOrderId: `own-${place}`,
    timeInForce: 'GTC',
    side,
    time: at,
    updateTime: at,
    isWorking: true,
    workingTime: at,
    origQuoteOrderQuantity: '0.00000000',
    selfTradePreventionMode: 'NONE',
  }
}

function sum(texts: readonly string[]): string {
  const units = texts.reduce((total, text) => total + BigInt(text.replace('.', '')), 0n)
  const digits = String(units).padStart(9, '0')
  return `${digits.slice(0, -8)}.${digits.slice(-8)}`
}
