/** Arrow batches as this room makes them: one typed array per column, always at offset 0. */

import { DataType, makeData, RecordBatch, Schema, Struct, type Data } from 'apache-arrow'
import { columnIndex, type Dataset } from '../binance/dataset.ts'
import type { Page } from './page.ts'

/** What a column has besides its values. */
export type Frame = {
  readonly length: number
  readonly nullCount: number
  /** A bit for each row that is not null. */
  readonly nullBitmap?: Uint8Array
}

/** The values of a column, in any view of their bytes; text has `offsets` too. */
export type Buffers = { readonly data: ArrayBufferView; readonly offsets?: Int32Array }

/** One column. @throws RangeError for a type that no dataset uses */
export function columnOf(type: DataType, { data: view, offsets }: Buffers, frame: Frame): Data {
  const data = new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
  if (DataType.isUtf8(type)) return makeData({ type, valueOffsets: offsets, data, ...frame })
  if (DataType.isBool(type)) return makeData({ type, data, ...frame })
  // makeData gives these bytes the view of the type; it does not copy.
  if (DataType.isFloat(type)) return makeData({ type, data, ...frame })
  if (DataType.isDecimal(type)) return makeData({ type, data, ...frame })
  if (DataType.isInt(type)) return makeData({ type, data, ...frame })
  if (DataType.isTimestamp(type)) return makeData({ type, data, ...frame })
  throw new RangeError(`no column has Arrow type ${type.typeId}`)
}

/** Columns, in schema order and with `rowCount` rows each, as one batch. */
export function batchOf(schema: Schema, columns: readonly Data[], rowCount: number): RecordBatch {
  const type = new Struct(schema.fields)
  const children = [...columns]
  return new RecordBatch(schema, makeData({ type, length: rowCount, nullCount: 0, children }))
}

/**
 * Some columns of a batch, in the order of `names`. Arrow's own `select` leaves each in its old place, where it is another
 * one's unless all before it are taken too.
 */
export function selected(batch: RecordBatch, names: readonly string[]): RecordBatch {
  const { fields } = batch.schema
  const indices = names.map((name) => fields.findIndex((field) => field.name === name))
  const data = indices.map((index) => columnData(batch, index))
  const own = indices.flatMap((index) => fields[index] ?? [])
  return batchOf(new Schema(own), data, batch.numRows)
}

/** The data of one column. @throws RangeError when the batch has no such column */
export function columnData(batch: RecordBatch, index: number): Data {
  const data = batch.data.children[index]
  if (data !== undefined) return data
  throw new RangeError(`a batch of ${batch.data.children.length} columns has no column ${index}`)
}

/** The values of an INT64 or time column; a view. */
export function int64Values(batch: RecordBatch, index: number): BigInt64Array {
  const values: unknown = columnData(batch, index).values
  if (values instanceof BigInt64Array) return values.subarray(0, batch.numRows)
  throw new RangeError(
    `column ${batch.schema.names[index]?.toString() ?? index} is not 64-bit integers`,
  )
}

/** Exposes a batch's keys and times. The batch must have the schema of `dataset`. */
export function pageOf(dataset: Dataset, batch: RecordBatch): Page {
  const keys = int64Values(batch, columnIndex(dataset, dataset.key))
  const times =
    dataset.key === dataset.time ? keys : int64Values(batch, columnIndex(dataset, dataset.time))
  return { batch, rowCount: batch.numRows, keys, times }
}
