/** Batches of trades or aggregate trades in one form: what bars and comparisons are made of. */

import type { RecordBatch } from 'apache-arrow'
import { columnIndex, type Dataset } from '../binance/dataset.ts'
import { columnData, int64Values } from '../rows/batch.ts'
import { hasBit } from '../rows/layout.ts'
import { halvesOf } from '../rows/int64.ts'
import { Scaler, type Scaled } from './scaled.ts'

/** The rows of a batch. Times in microseconds, and ids, are whole numbers that doubles hold exactly. */
export type TradeRows = {
  readonly count: number
  readonly ids: Float64Array
  readonly times: Float64Array
  /** The first and last trade of each row; the same for trades. */
  readonly firsts: Float64Array
  readonly lasts: Float64Array
  readonly prices: Scaled
  readonly quantities: Scaled
  /** What was paid, where rows name it; else it is price x quantity. */
  readonly quotes: Scaled | undefined
  /** Did the taker buy? */
  isTakerBuy(row: number): boolean
}

/** Does an aggregate stand for no trade? The exchange marks those that it found invalid (CHANGELOG, 2022-04-12). */
export function isDummy({ firsts }: Pick<TradeRows, 'firsts'>, row: number): boolean {
  return (firsts[row] ?? 0) < 0
}

/** Reads the batches of one series of trades, with all columns, in turn. */
export class TradeReader {
  readonly #dataset: Dataset
  readonly #prices = new Scaler()
  readonly #quantities: Scaler
  readonly #quotes: Scaler

  /** @param scale - The lowest scale of quantities and of what was paid. */
  constructor(dataset: Dataset, scale = 0) {
    this.#dataset = dataset
    this.#quantities = new Scaler(scale)
    this.#quotes = new Scaler(scale)
  }

  read(batch: RecordBatch): TradeRows {
    const dataset = this.#dataset
    const rows = batch.numRows
    const data = (name: string): ReturnType<typeof columnData> =>
      columnData(batch, columnIndex(dataset, name))
    const whole = (name: string): Float64Array =>
      doublesOf(int64Values(batch, columnIndex(dataset, name)))
    const isAggregate = dataset.rules === 'aggTrade'
    const ids = whole(dataset.key)
    const maker = data('is_buyer_maker')
    const [bits, offset] = [maker.values as Uint8Array, maker.offset]
    return {
      count: rows,
      ids,
      times: whole(dataset.time),
      firsts: isAggregate ? whole('first_trade_id') : ids,
      lasts: isAggregate ? whole('last_trade_id') : ids,
      prices: this.#prices.read(data('price'), rows),
      quantities: this.#quantities.read(data('quantity'), rows),
      quotes: isAggregate ? undefined : this.#quotes.read(data('quote_quantity'), rows),
      isTakerBuy: (row) => !hasBit(bits, offset + row),
    }
  }
}

/** 64-bit integers below 2^53 as doubles. */
export function doublesOf(values: BigInt64Array): Float64Array {
  const halves = halvesOf(values)
  const doubles = new Float64Array(values.length)
  for (let row = 0; row < values.length; row++)
    doubles[row] = (halves[2 * row + 1] ?? 0) * 2 ** 32 + ((halves[2 * row] ?? 0) >>> 0)
  return doubles
}
