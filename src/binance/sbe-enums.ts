/**
 * The enumerations of the binary messages: codes, and their names in JSON.
 *
 * @see binance-spot-api-docs, sbe/schemas/spot_3_5.xml, "types".
 */

/** JSON's names by their codes. */
export type SbeEnum = Readonly<Record<number, string>>

/**
 * "Additional data is available when using the latest schema" (faqs/sbe_faq.md): the code of a value that this schema
 * lacks.
 */
export const NON_REPRESENTABLE = 254
/** No value, where a field may have none. */
export const NO_VALUE = 255

export const ALLOCATION_TYPE: SbeEnum = { 0: 'UNKNOWN', 2: 'SOR' }

export const ORDER_STATUS: SbeEnum = {
  0: 'NEW',
  1: 'PARTIALLY_FILLED',
  2: 'FILLED',
  3: 'CANCELED',
  4: 'PENDING_CANCEL',
  5: 'REJECTED',
  6: 'EXPIRED',
  9: 'EXPIRED_IN_MATCH',
  11: 'PENDING_NEW',
  253: 'UNKNOWN',
}

export const TIME_IN_FORCE: SbeEnum = { 0: 'GTC', 1: 'IOC', 2: 'FOK' }

export const ORDER_TYPE: SbeEnum = {
  0: 'MARKET',
  1: 'LIMIT',
  2: 'STOP_LOSS',
  3: 'STOP_LOSS_LIMIT',
  4: 'TAKE_PROFIT',
  5: 'TAKE_PROFIT_LIMIT',
  6: 'LIMIT_MAKER',
}

export const ORDER_SIDE: SbeEnum = { 0: 'BUY', 1: 'SELL' }

export const FLOOR: SbeEnum = { 1: 'EXCHANGE', 2: 'BROKER', 3: 'SOR' }

export const SELF_TRADE_PREVENTION_MODE: SbeEnum = {
  1: 'NONE',
  2: 'EXPIRE_TAKER',
  3: 'EXPIRE_MAKER',
  4: 'EXPIRE_BOTH',
  5: 'DECREMENT',
  6: 'TRANSFER',
}

export const PEG_PRICE_TYPE: SbeEnum = { 1: 'PRIMARY_PEG', 2: 'MARKET_PEG' }

export const PEG_OFFSET_TYPE: SbeEnum = { 1: 'PRICE_LEVEL' }

export const EXPIRY_REASON: SbeEnum = {
  1: 'REJECTED',
  2: 'EXCHANGE_CANCELED',
  3: 'OCO_TRIGGER',
  4: 'OTO_PHASE_ONE_EXPIRED',
  5: 'UNFILLED_IOC_QUANTITY_EXPIRED',
  6: 'UNFILLED_FOK_ORDER_EXPIRED',
  7: 'INSUFFICIENT_LIQUIDITY',
  8: 'EXECUTION_RULE_PRICE_RANGE_EXCEEDED',
}
