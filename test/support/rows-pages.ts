/** Pages of rows for tests: JSON bodies built from rows, and batches read back as text. */

import type { RecordBatch } from 'apache-arrow'
import { type Dataset, type SpotKind } from '../../src/binance/dataset.ts'
import { DATASETS } from '../../src/binance/market.ts'
import { columnData } from '../../src/rows/batch.ts'
import { valueText } from '../../src/rows/value-text.ts'

/** Fields of one row: the key (or index) and the JSON text of the value. */
export type JsonFields = Readonly<Record<string, string>>

const TYPICAL: Record<SpotKind, JsonFields> = {
  klines: kline(),
  uiKlines: kline(),
  aggTrades: {
    a: '7',
    p: '"1.5"',
    q: '"2"',
    f: '10',
    l: '12',
    T: '1700000000000',
    m: 'true',
    M: 'true',
  },
  trades: { ...trade(), isBestMatch: 'true' },
  blockTrades: trade(),
  myTrades: {
    symbol: '"BNBBTC"',
    id: '28457',
    orderId: '100234',
    orderListId: '-1',
    price: '"4.00000100"',
    qty: '"12.00000000"',
    quoteQty: '"48.000012"',
    commission: '"10.10000000"',
    commissionAsset: '"BNB"',
    time: '1499865549590',
    isBuyer: 'true',
    isMaker: 'false',
    isBestMatch: 'true',
  },
  allOrders: {
    symbol: '"LTCBTC"',
    orderId: '1',
    orderListId: '-1',
    clientOrderId: '"myOrder1"',
    price: '"0.1"',
    origQty: '"1.0"',
    executedQty: '"0.0"',
    cummulativeQuoteQty: '"0.0"',
    status: '"NEW"',
    timeInForce: '"GTC"',
    type: '"LIMIT"',
    side: '"BUY"',
    stopPrice: '"0.0"',
    icebergQty: '"0.0"',
    time: '1499827319559',
    updateTime: '1499827319559',
    isWorking: 'true',
    workingTime: '1499827319559',
    origQuoteOrderQty: '"0.000000"',
    selfTradePreventionMode: '"NONE"',
  },
  myAllocations: {
    symbol: '"BTCUSDT"',
    allocationId: '0',
    allocationType: '"SOR"',
    orderId: '1',
    orderListId: '-1',
    price: '"1.00000000"',
    qty: '"5.00000000"',
    quoteQty: '"5.00000000"',
    commission: '"0.00000000"',
    commissionAsset: '"BTC"',
    time: '1687506878118',
    isBuyer: 'true',
    isMaker: 'false',
    isAllocator: 'false',
  },
}

function kline(): JsonFields {
  const values = [
    '1700000000000',
    '"2"',
    '"4"',
    '"1"',
    '"3"',
    '"10"',
    '1700000059999',
    '"20"',
    '5',
    '"6"',
    '"12"',
    '"0"',
  ]
  return Object.fromEntries(values.map((value, index) => [String(index), value]))
}

function trade(): JsonFields {
  return {
    id: '5',
    price: '"1.5"',
    qty: '"2"',
    quoteQty: '"3"',
    time: '1700000000000',
    isBuyerMaker: 'false',
  }
}

/** A row of `kind` that nothing is wrong with, with `changes` made; a change to `undefined` leaves the field out. */
export function rowFields(
  kind: SpotKind,
  changes: Readonly<Record<string, string | undefined>> = {},
): JsonFields {
  const entries = Object.entries({ ...TYPICAL[kind], ...changes })
  return Object.fromEntries(
    entries.filter((entry): entry is [string, string] => entry[1] !== undefined),
  )
}

/** One row as JSON. */
export function rowJson({ shape }: Dataset, fields: JsonFields): string {
  if (shape === 'array') return `[${Object.values(fields).join(',')}]`
  return `{${Object.entries(fields)
    .map(([key, value]) => `${JSON.stringify(key)}:${value}`)
    .join(',')}}`
}

/** A body with one row for each of `changes`. */
export function pageBody(
  kind: SpotKind,
  ...changes: readonly Readonly<Record<string, string | undefined>>[]
): Uint8Array {
  const rows = changes.map((change) => rowJson(DATASETS[kind], rowFields(kind, change)))
  return utf8(`[${rows.join(',')}]`)
}

/** Text as UTF-8. */
export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

/** Each row as exact texts by column. */
export function rowTexts(dataset: Dataset, batch: RecordBatch): readonly Record<string, string>[] {
  return Array.from({ length: batch.numRows }, (_, row) =>
    Object.fromEntries(
      dataset.columns.map((column, index) => [
        column.name,
        valueText(column, columnData(batch, index), row),
      ]),
    ),
  )
}
