/** Tables as plain cells: what tests write, and what every reader's answer is turned into to be compared. */

import {
  Bool,
  DataType,
  Decimal,
  Field,
  Float64,
  Int64,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  TimestampMicrosecond,
  Utf8,
  type Data,
} from 'apache-arrow'

/** Integers, times in microseconds and unscaled decimals are bigint. */
export type Cell = bigint | number | string | boolean | null

/** The kinds of column that are stored. */
const COLUMN_KINDS = {
  time: new TimestampMicrosecond('UTC'),
  int: new Int64(),
  double: new Float64(),
  price: new Decimal(8, 18, 128),
  quantity: new Decimal(8, 38, 128),
  text: new Utf8(),
  flag: new Bool(),
} as const satisfies Record<string, DataType>
export type ColumnKind = keyof typeof COLUMN_KINDS

/** One column of a table. */
export type TableColumn = {
  readonly name: string
  readonly kind: ColumnKind
  readonly nullable: boolean
  readonly cells: readonly Cell[]
}
export type Table = readonly TableColumn[]

/** A column of the sorted keys that every file needs. */
export function keyColumn(rows: number, first = 0n): TableColumn {
  const cells = Array.from({ length: rows }, (_, i) => first + BigInt(i))
  return { name: 'key', kind: 'int', nullable: false, cells }
}

/** The Arrow schema of a table. */
export function tableSchema(table: Table): Schema {
  return new Schema(
    table.map(({ name, kind, nullable }) => new Field(name, COLUMN_KINDS[kind], nullable)),
  )
}

/**
 * Rows `[from, to)` as a batch. With `padding`, it is a slice out of a batch that has so many rows more on either side,
 * so that offsets into its buffers are not zero.
 */
export function tableBatch(
  table: Table,
  from = 0,
  to: number = table[0]?.cells.length ?? 0,
  padding = 0,
): RecordBatch {
  const schema = tableSchema(table)
  const children = table.map((column) => {
    const filler = Array.from({ length: padding }, () => fillerCell(column))
    return columnData(column, [...filler, ...column.cells.slice(from, to), ...filler])
  })
  const length = to - from + 2 * padding
  const type = new Struct(schema.fields)
  const batch = new RecordBatch(schema, makeData({ type, length, nullCount: 0, children }))
  return padding === 0 ? batch : batch.slice(padding, padding + to - from)
}

function fillerCell({ kind, nullable }: TableColumn): Cell {
  if (nullable) return null
  if (kind === 'text') return 'filler'
  if (kind === 'flag') return true
  return kind === 'double' ? 0.5 : 77n
}

function columnData({ kind, nullable }: TableColumn, cells: readonly Cell[]): Data {
  const nulls = cells.filter((cell) => cell === null).length
  const common = {
    length: cells.length,
    nullCount: nulls,
    ...(nullable && nulls > 0 ? { nullBitmap: bitmap(cells.map((cell) => cell !== null)) } : {}),
  }
  switch (kind) {
    case 'time':
      return makeData({ ...common, type: COLUMN_KINDS.time, data: int64s(cells) })
    case 'int':
      return makeData({ ...common, type: COLUMN_KINDS.int, data: int64s(cells) })
    case 'double': {
      const data = Float64Array.from(cells, (cell) => (cell ?? 0) as number)
      return makeData({ ...common, type: COLUMN_KINDS.double, data })
    }
    case 'price':
    case 'quantity':
      return makeData({ ...common, type: COLUMN_KINDS[kind], data: int128s(cells) })
    case 'text': {
      const texts = cells.map((cell) => Buffer.from((cell ?? '') as string))
      const valueOffsets = new Int32Array(cells.length + 1)
      texts.forEach((text, i) => (valueOffsets[i + 1] = valueOffsets[i]! + text.length))
      return makeData({
        ...common,
        type: COLUMN_KINDS.text,
        valueOffsets,
        data: Buffer.concat(texts),
      })
    }
    case 'flag': {
      const data = bitmap(cells.map((cell) => cell === true))
      return makeData({ ...common, type: COLUMN_KINDS.flag, data })
    }
  }
}

function int64s(cells: readonly Cell[]): BigInt64Array {
  return BigInt64Array.from(cells, (cell) => (cell ?? 0n) as bigint)
}

function int128s(cells: readonly Cell[]): Uint32Array {
  const words = new Uint32Array(cells.length * 4)
  const halves = new BigInt64Array(words.buffer)
  cells.forEach((cell, i) => {
    const value = (cell ?? 0n) as bigint
    halves[i * 2] = BigInt.asIntN(64, value)
    halves[i * 2 + 1] = value >> 64n
  })
  return words
}

function bitmap(bits: readonly boolean[]): Uint8Array {
  const bytes = new Uint8Array(((bits.length + 63) >> 6) * 8)
  bits.forEach((bit, i) => (bytes[i >> 3]! |= (bit ? 1 : 0) << (i & 7)))
  return bytes
}

/** The cells of one column of a batch, read from its buffers. */
export function batchCells(batch: RecordBatch, column: number): Cell[] {
  const data = batch.data.children[column]!
  return Array.from({ length: batch.numRows }, (_, i) =>
    data.getValid(i) ? cellOf(data, i) : null,
  )
}

function cellOf(data: Data, index: number): Cell {
  const type: DataType = data.type
  if (DataType.isDecimal(type)) return decimalCell(data.values as Uint32Array, index)
  if (DataType.isUtf8(type)) {
    const offsets = data.valueOffsets as unknown as Int32Array
    return Buffer.from(
      (data.values as Uint8Array).subarray(offsets[index], offsets[index + 1]),
    ).toString()
  }
  if (DataType.isBool(type)) {
    const bit = data.offset + index
    return (((data.values as Uint8Array)[bit >> 3]! >> (bit & 7)) & 1) === 1
  }
  return (data.values as BigInt64Array | Float64Array)[index]!
}

function decimalCell(words: Uint32Array, index: number): bigint {
  let value = 0n
  for (let n = 3; n >= 0; n--) value = (value << 32n) | BigInt(words[index * 4 + n]!)
  return BigInt.asIntN(128, value)
}
