/** Finished bars as batches with the columns of klines. */

import type { Data, DataType, RecordBatch } from 'apache-arrow'
import type { Dataset, Numbers } from '../binance/dataset.ts'
import { batchOf, columnOf } from '../rows/batch.ts'
import type { BarRow } from './bar.ts'
import { barSchema, flags, integers, PARTIAL } from './columns.ts'
import type { Exact } from './exact.ts'
import { fitted, numberForm } from './number-form.ts'

/** What the bars become. */
export type BarTarget = {
  /** The klines of the market. */
  readonly klines: Dataset
  readonly numbers: Numbers
  /** Do bars name their trades? */
  readonly hasIds: boolean
}

/** A finished bar, and whether a part of it is missing. */
export type DoneBar = BarRow & { readonly isPartial: boolean }

const WHOLE: Readonly<Record<string, (bar: BarRow) => bigint>> = {
  open_time: ({ opened }) => opened,
  close_time: ({ closed }) => closed,
  trade_count: ({ tradeCount }) => BigInt(tradeCount),
  first_trade_id: ({ firstId }) => BigInt(firstId),
  last_trade_id: ({ lastId }) => BigInt(lastId),
}

const NUMBERS: Readonly<Record<string, (bar: BarRow) => Exact>> = {
  open: ({ prices }) => prices.open,
  high: ({ prices }) => prices.high,
  low: ({ prices }) => prices.low,
  close: ({ prices }) => prices.close,
  volume: ({ volume }) => volume,
  quote_volume: ({ quoteVolume }) => quoteVolume,
  taker_buy_volume: ({ takerVolume }) => takerVolume,
  taker_buy_quote_volume: ({ takerQuoteVolume }) => takerQuoteVolume,
}

/** The bars as one batch. */
export function barBatch(bars: readonly DoneBar[], target: BarTarget): RecordBatch {
  const schema = barSchema(target.klines, target.numbers, target.hasIds)
  const columns = schema.fields.map(({ name, type }): Data => {
    if (name === PARTIAL) return flags(bars.map(({ isPartial }) => isPartial))
    const whole = WHOLE[name]
    if (whole !== undefined) return integers(type as DataType, bars.map(whole))
    const number = NUMBERS[name]
    if (number === undefined) throw new RangeError(`no column ${name} is made of trades`)
    return numbersOf(bars, number, type as DataType, target.numbers)
  })
  return batchOf(schema, columns, bars.length)
}

function numbersOf(
  bars: readonly BarRow[],
  of: (bar: BarRow) => Exact,
  type: DataType,
  numbers: Numbers,
): Data {
  const form = numberForm(numbers)
  const values = bars.map((bar) => form.of(fitted(of(bar), numbers, bar.decimals)))
  return columnOf(type, form.buffers(values, type), { length: bars.length, nullCount: 0 })
}
