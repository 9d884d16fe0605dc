/** Made-up aggregate trades of a busy symbol, as record batches: the same ones for the same seed. */

import {
  Bool,
  Decimal,
  Field,
  Float64,
  Int64,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  TimestampMicrosecond,
  type DataType,
} from 'apache-arrow'

/** How prices and quantities are held. */
export type TradeNumbers = 'float64' | 'decimal'

/** Columns of aggregate trades before they become a batch. */
export type TradeColumns = {
  readonly rows: number
  readonly ids: BigInt64Array
  /** In hundredths. */
  readonly prices: Float64Array
  /** In hundred-thousandths. */
  readonly quantities: Float64Array
  readonly firsts: BigInt64Array
  readonly lasts: BigInt64Array
  readonly times: BigInt64Array
  /** One byte each. */
  readonly makers: Uint8Array
}

/** A random walk of trades: bursts, runs of one side, prices that stay, and quantities both round and odd. */
export function makeTrades(rows: number, seed = 1): TradeColumns {
  const next = mulberry32(seed)
  const columns: TradeColumns = {
    rows,
    ids: new BigInt64Array(rows),
    prices: new Float64Array(rows),
    quantities: new Float64Array(rows),
    firsts: new BigInt64Array(rows),
    lasts: new BigInt64Array(rows),
    times: new BigInt64Array(rows),
    makers: new Uint8Array(rows),
  }
  let price = 9_360_829
  let trade = 4_359_120_000
  let time = 1_735_689_600_010_866
  let maker = 0
  for (let i = 0; i < rows; i++) {
    if (next() > 0.75) time += Math.ceil(-Math.log(1 - next()) * 180_000)
    if (next() > 0.6) price += Math.round((next() - 0.5) * (next() > 0.9 ? 400 : 4))
    if (next() > 0.7) maker = next() > 0.5 ? 1 : 0
    const fills = next() > 0.7 ? 1 + Math.floor(-Math.log(1 - next()) * 2) : 1
    columns.ids[i] = BigInt(3_360_000_000 + i)
    columns.prices[i] = price
    columns.quantities[i] = quantity(next)
    columns.firsts[i] = BigInt(trade)
    columns.lasts[i] = BigInt(trade + fills - 1)
    columns.times[i] = BigInt(time)
    columns.makers[i] = maker
    trade += fills
  }
  return columns
}

function quantity(next: () => number): number {
  if (next() < 0.4) return 6 + Math.floor(next() * 6)
  const size = Math.exp((next() + next() + next() - 1.5) * 3.2) * 250
  return Math.max(1, Math.round(size))
}

/** The schema of {@link tradeBatch}. */
export function tradeSchema(numbers: TradeNumbers): Schema {
  const price = numbers === 'float64' ? new Float64() : new Decimal(8, 18, 128)
  const amount = numbers === 'float64' ? new Float64() : new Decimal(8, 38, 128)
  const types: readonly [string, DataType][] = [
    ['agg_trade_id', new Int64()],
    ['price', price],
    ['quantity', amount],
    ['first_trade_id', new Int64()],
    ['last_trade_id', new Int64()],
    ['time', new TimestampMicrosecond('UTC')],
    ['is_buyer_maker', new Bool()],
    ['is_best_match', new Bool()],
  ]
  return new Schema(types.map(([name, type]) => new Field(name, type, false)))
}

/** Trades as one record batch. */
export function tradeBatch(trades: TradeColumns, numbers: TradeNumbers): RecordBatch {
  const schema = tradeSchema(numbers)
  const { rows } = trades
  const best = new Uint8Array((rows + 7) >> 3).fill(0xff)
  const makers = new Uint8Array((rows + 7) >> 3)
  for (let i = 0; i < rows; i++) makers[i >> 3]! |= trades.makers[i]! << (i & 7)
  const buffers = [
    trades.ids,
    numbersOf(trades.prices, 2, numbers),
    numbersOf(trades.quantities, 5, numbers),
    trades.firsts,
    trades.lasts,
    trades.times,
    makers,
    best,
  ]
  const children = schema.fields.map((field, i) =>
    makeData({ type: field.type as Int64, length: rows, nullCount: 0, data: buffers[i] as never }),
  )
  return new RecordBatch(
    schema,
    makeData({ type: new Struct(schema.fields), length: rows, nullCount: 0, children }),
  )
}

function numbersOf(
  values: Float64Array,
  digits: number,
  numbers: TradeNumbers,
): Float64Array | Uint32Array {
  if (numbers === 'float64') return values.map((value) => Number(`${value}e-${digits}`))
  const words = new Uint32Array(values.length * 4)
  const scale = 10 ** (8 - digits)
  values.forEach((value, i) => {
    const scaled = value * scale
    words[i * 4] = scaled % 2 ** 32
    words[i * 4 + 1] = Math.floor(scaled / 2 ** 32)
  })
  return words
}

/** A small seeded generator of numbers in `[0, 1)`. */
export function mulberry32(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
