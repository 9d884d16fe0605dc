/** Datasets as Arrow schemas: which Arrow type each column has. */

import {
  Bool,
  type DataType,
  Decimal,
  Field,
  Float64,
  Int64,
  Schema,
  TimestampMicrosecond,
  Utf8,
} from 'apache-arrow'
import type { Column, Dataset, Numbers } from '../binance/dataset.ts'
import { PRICE_DIGITS, QUANTITY_DIGITS, SCALE } from './decimal.ts'

const schemas = new WeakMap<Dataset, Map<Numbers, Schema>>()

/** The Arrow schema of `dataset`, with prices and quantities stored as `numbers`. The same object each time. */
export function schemaOf(dataset: Dataset, numbers: Numbers): Schema {
  const known = schemas.get(dataset) ?? new Map<Numbers, Schema>()
  schemas.set(dataset, known)
  const schema =
    known.get(numbers) ?? new Schema(dataset.columns.map((column) => fieldOf(column, numbers)))
  known.set(numbers, schema)
  return schema
}

function fieldOf(column: Column, numbers: Numbers): Field {
  return new Field(column.name, typeOf(column, numbers), column.nullable ?? false)
}

function typeOf({ type }: Column, numbers: Numbers): DataType {
  switch (type) {
    case 'time':
    case 'end':
      return new TimestampMicrosecond('UTC')
    case 'id':
    case 'count':
      return new Int64()
    case 'price':
      return numberType(numbers, PRICE_DIGITS)
    case 'quantity':
      return numberType(numbers, QUANTITY_DIGITS)
    case 'flag':
      return new Bool()
    case 'text':
    case 'extra':
      return new Utf8()
  }
}

function numberType(numbers: Numbers, digits: number): DataType {
  switch (numbers) {
    case 'float64':
      return new Float64()
    case 'decimal':
      return new Decimal(SCALE, digits, 128)
    case 'string':
      return new Utf8()
  }
}
