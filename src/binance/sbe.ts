/**
 * Binance's binary messages as data: for each dataset the message with its rows, field by field, in schema order.
 * Offsets follow from the order and the sizes.
 *
 * @see binance-spot-api-docs, sbe/schemas/spot_3_5.xml; faqs/sbe_faq.md.
 */

import type { SpotKind } from './dataset.ts'
import {
  ALLOCATION_TYPE,
  EXPIRY_REASON,
  FLOOR,
  ORDER_SIDE,
  ORDER_STATUS,
  ORDER_TYPE,
  PEG_OFFSET_TYPE,
  PEG_PRICE_TYPE,
  SELF_TRADE_PREVENTION_MODE,
  TIME_IN_FORCE,
  type SbeEnum,
} from './sbe-enums.ts'

/** The schema of these layouts. Later versions of the same id only add to it. */
export const SBE_SCHEMA = { id: 3, version: 5 } as const

/** Requests SBE, or JSON where SBE is not available. */
export const SBE_HEADERS: Readonly<Record<string, string>> = {
  accept: 'application/sbe, application/json',
  'x-mbx-sbe': `${SBE_SCHEMA.id}:${SBE_SCHEMA.version}`,
}

/** Bytes of a message header: block length, template, schema and version, each 16 bits. */
export const SBE_HEADER_BYTES = 8
/** Bytes of a group's header: block length in 16 bits, number of rows in 32. */
export const SBE_GROUP_BYTES = 6

/** The exponent that a mantissa uses. */
type SbeScale = 'price' | 'quantity' | 'commission'

/**
 * How a field is encoded, little-endian. A `decimal` is a mantissa of that many bits, with its exponent in a separate
 * field; `flag` and `enum` are one byte.
 */
type SbeType =
  'exponent' | 'uint8' | 'int32' | 'int64' | 'decimal64' | 'decimal128' | 'flag' | 'enum'

/** One field of fixed length. */
export type SbeField = {
  /** The key or index in Binance's JSON, which also names the column; for an exponent, its scale. */
  readonly json: string | number
  readonly type: SbeType
  /** From the start of its block. */
  readonly offset: number
  readonly scale?: SbeScale
  readonly values?: SbeEnum
  readonly isOptional: boolean
  /** The value for null in JSON, where null does not mean absence. */
  readonly whenNull?: bigint
  /** A value that JSON omits, like null; for fields that JSON has only when they are meaningful. */
  readonly silent?: string
  /** Known, and neither stored nor in JSON. */
  readonly isIgnored: boolean
}

/** A message: exponents in its root block or in each row; each row is a block followed by texts. */
export type SbeLayout = {
  readonly templateId: number
  readonly root: SbeBlock
  readonly row: SbeBlock
  /** Texts with an 8-bit length after each row's block, by their JSON keys; an empty one may mean null. */
  readonly texts: readonly string[]
}

/** A block of fixed length; later schemas may lengthen it. */
export type SbeBlock = { readonly length: number; readonly fields: readonly SbeField[] }

const SIZES: Readonly<Record<SbeType, number>> = {
  exponent: 1,
  uint8: 1,
  flag: 1,
  enum: 1,
  int32: 4,
  int64: 8,
  decimal64: 8,
  decimal128: 16,
}

type FieldOptions = Partial<Omit<SbeField, 'json' | 'type' | 'offset'>>
type FieldEntry = readonly [json: string | number, type: SbeType, options?: FieldOptions]

function block(...entries: readonly FieldEntry[]): SbeBlock {
  let length = 0
  const fields = entries.map(([json, type, options]): SbeField => {
    const offset = length
    length += SIZES[type]
    return { json, type, offset, isOptional: false, isIgnored: false, ...options }
  })
  return { length, fields }
}

const price: FieldOptions = { scale: 'price' }
const quantity: FieldOptions = { scale: 'quantity' }
const optional: FieldOptions = { isOptional: true }
const ignored: FieldOptions = { isIgnored: true }

const exponents: readonly FieldEntry[] = [
  ['price', 'exponent'],
  ['quantity', 'exponent'],
]

const trade: readonly FieldEntry[] = [
  ['id', 'int64'],
  ['price', 'decimal64', price],
  ['qty', 'decimal64', quantity],
  ['quoteQty', 'decimal64', price],
  ['time', 'int64'],
  ['isBuyerMaker', 'flag'],
]

const klines: SbeLayout = {
  templateId: 203,
  root: block(...exponents),
  row: block(
    [0, 'int64'],
    [1, 'decimal64', price],
    [2, 'decimal64', price],
    [3, 'decimal64', price],
    [4, 'decimal64', price],
    [5, 'decimal128', quantity],
    [6, 'int64'],
    [7, 'decimal128', price],
    [8, 'int64'],
    [9, 'decimal128', quantity],
    [10, 'decimal128', price],
  ),
  texts: [],
}

const allOrders = block(
  ...exponents,
  ['orderId', 'int64'],
  ['orderListId', 'int64', { ...optional, whenNull: -1n }],
  ['price', 'decimal64', price],
  ['origQty', 'decimal64', quantity],
  ['executedQty', 'decimal64', quantity],
  ['cummulativeQuoteQty', 'decimal64', price],
  ['status', 'enum', { values: ORDER_STATUS }],
  ['timeInForce', 'enum', { values: TIME_IN_FORCE }],
  ['type', 'enum', { values: ORDER_TYPE }],
  ['side', 'enum', { values: ORDER_SIDE }],
  ['stopPrice', 'decimal64', { ...price, ...optional }],
  ['trailingDelta', 'int64', optional],
  ['trailingTime', 'int64', optional],
  ['icebergQty', 'decimal64', { ...quantity, ...optional }],
  ['time', 'int64'],
  ['updateTime', 'int64'],
  ['isWorking', 'flag'],
  ['workingTime', 'int64', optional],
  ['origQuoteOrderQty', 'decimal64', price],
  ['strategyId', 'int64', optional],
  ['strategyType', 'int32', optional],
  // Not in any JSON answer of a REST endpoint (rest-api.md, "Conditional fields in Order Responses").
  ['orderCapacity', 'uint8', ignored],
  ['workingFloor', 'enum', { values: FLOOR, silent: '"EXCHANGE"' }],
  ['selfTradePreventionMode', 'enum', { values: SELF_TRADE_PREVENTION_MODE }],
  ['preventedMatchId', 'int64', optional],
  // By the price's exponent, as the schema says.
  ['preventedQuantity', 'decimal64', { ...price, silent: '"0.00000000"' }],
  ['usedSor', 'flag', { silent: 'false' }],
  ['pegPriceType', 'enum', { ...optional, values: PEG_PRICE_TYPE }],
  ['pegOffsetType', 'enum', { ...optional, values: PEG_OFFSET_TYPE }],
  ['pegOffsetValue', 'uint8', optional],
  ['peggedPrice', 'decimal64', { ...price, ...optional }],
  ['expiryReason', 'enum', { ...optional, values: EXPIRY_REASON }],
)

/** The message of each dataset. */
export const SBE_LAYOUTS: Readonly<Record<SpotKind, SbeLayout>> = {
  klines,
  uiKlines: klines,
  aggTrades: {
    templateId: 202,
    root: block(...exponents),
    row: block(
      ['a', 'int64'],
      ['p', 'decimal64', price],
      ['q', 'decimal64', quantity],
      ['f', 'int64'],
      ['l', 'int64'],
      ['T', 'int64'],
      ['m', 'flag'],
      ['M', 'flag'],
    ),
    texts: [],
  },
  trades: {
    templateId: 201,
    root: block(...exponents),
    row: block(...trade, ['isBestMatch', 'flag']),
    texts: [],
  },
  blockTrades: { templateId: 219, root: block(...exponents), row: block(...trade), texts: [] },
  myTrades: {
    templateId: 401,
    root: block(),
    row: block(
      ...exponents,
      ['commission', 'exponent'],
      ['id', 'int64'],
      ['orderId', 'int64'],
      ['orderListId', 'int64', { ...optional, whenNull: -1n }],
      ['price', 'decimal64', price],
      ['qty', 'decimal64', quantity],
      ['quoteQty', 'decimal64', price],
      ['commission', 'decimal64', { scale: 'commission' }],
      ['time', 'int64'],
      ['isBuyer', 'flag'],
      ['isMaker', 'flag'],
      ['isBestMatch', 'flag'],
    ),
    texts: ['symbol', 'commissionAsset'],
  },
  allOrders: {
    templateId: 308,
    root: block(),
    row: allOrders,
    texts: ['symbol', 'clientOrderId'],
  },
  myAllocations: {
    templateId: 404,
    root: block(),
    row: block(
      ...exponents,
      ['commission', 'exponent', optional],
      ['allocationId', 'int64'],
      ['allocationType', 'enum', { values: ALLOCATION_TYPE }],
      ['orderId', 'int64'],
      ['orderListId', 'int64', { ...optional, whenNull: -1n }],
      // Only for an allocator, whose rows are refused (`rows/check.ts`).
      ['sourceTradeId', 'int64', { ...optional, ...ignored }],
      ['sourceAllocationId', 'int64', { ...optional, ...ignored }],
      ['price', 'decimal64', price],
      ['qty', 'decimal64', quantity],
      ['quoteQty', 'decimal64', price],
      ['commission', 'decimal64', { scale: 'commission', ...optional }],
      ['time', 'int64'],
      ['isBuyer', 'flag'],
      ['isMaker', 'flag'],
      ['isAllocator', 'flag'],
    ),
    texts: ['symbol', 'commissionAsset', 'sourceSymbol'],
  },
}
