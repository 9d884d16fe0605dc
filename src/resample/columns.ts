/** The columns of bars: those of klines, and more. */

import { Bool, Field, Int64, Schema, type Data, type DataType } from 'apache-arrow'
import type { Column, Dataset, Numbers } from '../binance/dataset.ts'
import { columnOf } from '../rows/batch.ts'
import { setBit } from '../rows/layout.ts'
import { schemaOf } from '../rows/schema.ts'

/** The column that says of a bar: a part of its time is not covered, or it is not full. */
export const PARTIAL = 'partial'

/** The trades of a bar that is no slot of time: from there on a reader can go on. */
export const TRADE_IDS = ['first_trade_id', 'last_trade_id'] as const

/** Rows of a batch that is given out. */
export const BATCH_ROWS = 8_192

/** What a reader needs to know of a column. */
export type BarColumn = Pick<Column, 'name' | 'type'>

/** The columns of bars. @param hasIds - Do they name their trades? */
export function barColumns(klines: Dataset, hasIds = false): readonly BarColumn[] {
  const ids = hasIds ? TRADE_IDS.map((name): BarColumn => ({ name, type: 'id' })) : []
  return [...klines.columns, ...ids, { name: PARTIAL, type: 'flag' }]
}

/** The schema of {@link barColumns}. */
export function barSchema(klines: Dataset, numbers: Numbers, hasIds = false): Schema {
  const ids = hasIds ? TRADE_IDS.map((name) => new Field(name, new Int64(), false)) : []
  const { fields } = schemaOf(klines, numbers)
  return new Schema([...fields, ...ids, new Field(PARTIAL, new Bool(), false)])
}

/** A column of 64-bit integers, or times. */
export function integers(type: DataType, values: readonly bigint[]): Data {
  const frame = { length: values.length, nullCount: 0 }
  return columnOf(type, { data: BigInt64Array.from(values) }, frame)
}

/** A column of booleans. */
export function flags(values: readonly boolean[]): Data {
  const bits = new Uint8Array((values.length + 7) >> 3)
  for (const [row, value] of values.entries()) if (value) setBit(bits, row)
  return columnOf(new Bool(), { data: bits }, { length: values.length, nullCount: 0 })
}
