/** An account's rows as SBE messages; see `sbe.ts`. */

import type { AccountTrade, Allocation, Order } from './account-rows.ts'
import { exponentOf, mantissaOf, SbeWriter, type SbeSchema } from './sbe.ts'

const INT64_NULL = -(2n ** 63n)
const INT32_NULL = 0x8000_0000
const NO_VALUE = 255

/** AccountTradesResponse. */
export function accountTradesSbe(
  rows: readonly AccountTrade[],
  symbol: string,
  schema: SbeSchema,
): Uint8Array {
  const out = new SbeWriter(schema)
  out.root(401, () => undefined)
  out.group(
    rows,
    (row) => {
      const price = exponentOf([row.price, row.quoteQuantity])
      const quantity = exponentOf([row.quantity])
      const commission = exponentOf([row.commission])
      out.i8(price).i8(quantity).i8(commission)
      out
        .i64(row.id)
        .i64(row.orderId)
        .i64(row.orderListId ?? INT64_NULL)
      out.i64(mantissaOf(row.price, price)).i64(mantissaOf(row.quantity, quantity))
      out.i64(mantissaOf(row.quoteQuantity, price)).i64(mantissaOf(row.commission, commission))
      out.i64(row.time).flag(row.isBuyer).flag(row.isMaker).flag(row.isBestMatch)
    },
    (row) => out.text8(symbol).text8(row.commissionAsset),
  )
  return out.done()
}

/** AccountAllocationsResponse. */
export function allocationsSbe(
  rows: readonly Allocation[],
  symbol: string,
  schema: SbeSchema,
): Uint8Array {
  const out = new SbeWriter(schema)
  out.root(404, () => undefined)
  out.group(
    rows,
    (row) => {
      const price = exponentOf([row.price, row.quoteQuantity])
      const quantity = exponentOf([row.quantity])
      const commission = exponentOf([row.commission])
      out.i8(price).i8(quantity).i8(commission)
      out.i64(row.id).u8(code(ALLOCATION_TYPES, row.type ?? 'SOR'))
      out.i64(row.orderId).i64(row.orderListId ?? INT64_NULL)
      // The trade and the allocation that an allocator's row results from.
      out.i64(INT64_NULL).i64(INT64_NULL)
      out.i64(mantissaOf(row.price, price)).i64(mantissaOf(row.quantity, quantity))
      out.i64(mantissaOf(row.quoteQuantity, price)).i64(mantissaOf(row.commission, commission))
      out.i64(row.time).flag(row.isBuyer).flag(row.isMaker)
      out.flag(row.isAllocator ?? false)
    },
    (row) => out.text8(symbol).text8(row.commissionAsset).text8(''),
  )
  return out.done()
}

/** OrdersResponse. */
export function ordersSbe(rows: readonly Order[], symbol: string, schema: SbeSchema): Uint8Array {
  const out = new SbeWriter(schema)
  out.root(308, () => undefined)
  out.group(
    rows,
    (row) => {
      writeOrder(out, row)
    },
    (row) => out.text8(symbol).text8(row.clientOrderId),
  )
  return out.done()
}

function writeOrder(out: SbeWriter, row: Order): void {
  const { extras = {} } = row
  const price = exponentOf([
    row.price,
    row.cumulativeQuote,
    row.origQuoteOrderQuantity,
    row.stopPrice ?? '0',
    extras.peggedPrice ?? '0',
    extras.preventedQuantity ?? '0',
  ])
  const quantity = exponentOf([row.origQuantity, row.executedQuantity, row.icebergQuantity ?? '0'])
  const decimal = (text: string | undefined, exponent: number): bigint =>
    text === undefined ? INT64_NULL : mantissaOf(text, exponent)
  out.i8(price).i8(quantity)
  out.i64(row.id).i64(row.orderListId ?? INT64_NULL)
  out.i64(decimal(row.price, price))
  out.i64(decimal(row.origQuantity, quantity)).i64(decimal(row.executedQuantity, quantity))
  out.i64(decimal(row.cumulativeQuote, price))
  out.u8(code(STATUSES, row.status)).u8(code(TIMES_IN_FORCE, row.timeInForce))
  out.u8(code(TYPES, row.type)).u8(code(SIDES, row.side))
  out.i64(decimal(row.stopPrice, price))
  out.i64(extras.trailingDelta ?? INT64_NULL).i64(extras.trailingTime ?? INT64_NULL)
  out.i64(decimal(row.icebergQuantity, quantity))
  out
    .i64(row.time)
    .i64(row.updateTime)
    .flag(row.isWorking)
    .i64(row.workingTime ?? INT64_NULL)
  out.i64(decimal(row.origQuoteOrderQuantity, price))
  out.i64(extras.strategyId ?? INT64_NULL).u32(extras.strategyType ?? INT32_NULL)
  out.u8(PRINCIPAL).u8(code(FLOORS, extras.workingFloor ?? 'EXCHANGE'))
  out.u8(code(STP_MODES, row.selfTradePreventionMode))
  out.i64(extras.preventedMatchId ?? INT64_NULL)
  out.i64(decimal(extras.preventedQuantity ?? '0', price)).flag(extras.usedSor ?? false)
  out.u8(code(PEG_PRICES, extras.pegPriceType)).u8(code(PEG_OFFSETS, extras.pegOffsetType))
  out.u8(extras.pegOffsetValue ?? NO_VALUE).i64(decimal(extras.peggedPrice, price))
  out.u8(code(EXPIRY_REASONS, extras.expiryReason))
}

const PRINCIPAL = 1
const NON_REPRESENTABLE = 254

type Codes = Readonly<Record<string, number>>

const ALLOCATION_TYPES: Codes = { UNKNOWN: 0, SOR: 2 }
const STATUSES: Codes = {
  NEW: 0,
  PARTIALLY_FILLED: 1,
  FILLED: 2,
  CANCELED: 3,
  PENDING_CANCEL: 4,
  REJECTED: 5,
  EXPIRED: 6,
  EXPIRED_IN_MATCH: 9,
  PENDING_NEW: 11,
}
const TIMES_IN_FORCE: Codes = { GTC: 0, IOC: 1, FOK: 2 }
const TYPES: Codes = {
  MARKET: 0,
  LIMIT: 1,
  STOP_LOSS: 2,
  STOP_LOSS_LIMIT: 3,
  TAKE_PROFIT: 4,
  TAKE_PROFIT_LIMIT: 5,
  LIMIT_MAKER: 6,
}
const SIDES: Codes = { BUY: 0, SELL: 1 }
const FLOORS: Codes = { EXCHANGE: 1, BROKER: 2, SOR: 3 }
const STP_MODES: Codes = {
  NONE: 1,
  EXPIRE_TAKER: 2,
  EXPIRE_MAKER: 3,
  EXPIRE_BOTH: 4,
  DECREMENT: 5,
  TRANSFER: 6,
}
const PEG_PRICES: Codes = { PRIMARY_PEG: 1, MARKET_PEG: 2 }
const PEG_OFFSETS: Codes = { PRICE_LEVEL: 1 }
const EXPIRY_REASONS: Codes = {
  REJECTED: 1,
  EXCHANGE_CANCELED: 2,
  OCO_TRIGGER: 3,
  OTO_PHASE_ONE_EXPIRED: 4,
  UNFILLED_IOC_QUANTITY_EXPIRED: 5,
  UNFILLED_FOK_ORDER_EXPIRED: 6,
  INSUFFICIENT_LIQUIDITY: 7,
  EXECUTION_RULE_PRICE_RANGE_EXCEEDED: 8,
}

/** A name that the schema lacks is non-representable. */
function code(codes: Codes, name: string | undefined): number {
  return name === undefined ? NO_VALUE : (codes[name] ?? NON_REPRESENTABLE)
}
