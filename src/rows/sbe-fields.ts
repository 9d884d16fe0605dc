/** Fields of SBE rows: one field of all rows → one column, or one field of one row → JSON text. */

import { DataError } from '../base/errors.ts'
import { quoteText } from '../base/text.ts'
import type { Column, Dataset } from '../binance/dataset.ts'
import { SbeUnknownError } from '../binance/sbe-answer.ts'
import { NO_VALUE, NON_REPRESENTABLE, type SbeEnum } from '../binance/sbe-enums.ts'
import type { SbeField } from '../binance/sbe.ts'
import type { ColumnSink, FlagSink, Int64Sink, TextSink } from './columns.ts'
import { decimalText, MantissaReader } from './sbe-decimal.ts'

/** The rows of a message: where each begins. */
export type SbeRows = {
  readonly view: DataView
  readonly count: number
  readonly starts: Int32Array
}

/** The exponent of a column's mantissas: the same for all rows, or one byte in each row. */
export type Exponents = { readonly fixed: number | undefined; readonly offset: number }

/** A column and where its values go. */
type SbeTarget = {
  readonly dataset: Dataset
  readonly column: Column
  readonly sink: ColumnSink
  readonly exponents: Exponents
}

const WORD = 0x1_0000_0000
/** 2^53 in units of {@link WORD}. */
const HIGH_SAFE = 0x20_0000
const INT64_NULL = -(2n ** 63n)
const INT32_NULL = -(2 ** 31)
/** 2009-01-01 and 2100-01-01 in microseconds: as for JSON, times outside are refused. */
const TIME_MIN = 1_230_768_000_000_000
const TIME_MAX = 4_102_444_800_000_000

/** Reads one field of all rows into its column. @throws DataError, SbeUnknownError */
export function fillColumn(rows: SbeRows, field: SbeField, target: SbeTarget): void {
  switch (field.type) {
    case 'int64':
      fillIntegers(rows, field, target)
      return
    case 'decimal64':
    case 'decimal128':
      fillDecimals(rows, field, target)
      return
    case 'flag':
      fillFlags(rows, field, target)
      return
    case 'enum':
      fillEnums(rows, field, target)
      return
    case 'exponent':
    case 'uint8':
    case 'int32':
      throw new RangeError(`${field.json}: no column is read from ${field.type}`)
  }
}

function fillIntegers({ view, starts, count }: SbeRows, field: SbeField, target: SbeTarget): void {
  const sink = target.sink as Int64Sink
  const isTime = target.column.type === 'time' || target.column.type === 'end'
  for (let row = 0; row < count; row++) {
    const at = (starts[row] ?? 0) + field.offset
    const high = view.getInt32(at + 4, true)
    const value = high * WORD + view.getUint32(at, true)
    if (isTime) {
      if (value >= TIME_MIN && value < TIME_MAX) sink.put(row, value)
      else if (isNullTime(view.getBigInt64(at, true), target)) sink.putNull(row)
      else throw refuse(target, row, `not a time between 2009 and 2100 in µs: ${value}`)
    } else if (high >= -HIGH_SAFE && high < HIGH_SAFE) sink.put(row, value)
    else {
      const whole = view.getBigInt64(at, true)
      if (whole !== INT64_NULL) sink.putBig(row, whole)
      else if (field.whenNull !== undefined) sink.putBig(row, field.whenNull)
      else putAbsent(target, row)
    }
  }
}

function isNullTime(value: bigint, { column }: SbeTarget): boolean {
  return column.nullable === true && (value === INT64_NULL || value === -1n)
}

function fillDecimals({ view, starts, count }: SbeRows, field: SbeField, target: SbeTarget): void {
  const { sink, exponents } = target
  const reader = new MantissaReader(view, field.type === 'decimal128' ? 16 : 8, sink)
  for (let row = 0; row < count; row++) {
    const start = starts[row] ?? 0
    const exponent = exponents.fixed ?? view.getInt8(start + exponents.offset)
    if (reader.read(start + field.offset, exponent, row)) continue
    const mantissa = reader.mantissa(start + field.offset)
    if (mantissa === undefined) putAbsent(target, row)
    else {
      const text = decimalText(mantissa, exponent)
      throw refuse(target, row, `${reader.problem(text)}: ${quoteText(text, 80)}`)
    }
  }
}

function fillFlags({ view, starts, count }: SbeRows, field: SbeField, target: SbeTarget): void {
  const sink = target.sink as FlagSink
  for (let row = 0; row < count; row++) {
    const value = view.getUint8((starts[row] ?? 0) + field.offset)
    if (value > 1) throw refuse(target, row, `not true or false: ${value}`)
    sink.put(row, value === 1)
  }
}

function fillEnums({ view, starts, count }: SbeRows, field: SbeField, target: SbeTarget): void {
  const sink = target.sink as TextSink
  const encoder = new TextEncoder()
  const names = new Map<number, Uint8Array>()
  for (let row = 0; row < count; row++) {
    const code = view.getUint8((starts[row] ?? 0) + field.offset)
    const known = names.get(code)
    if (known !== undefined) {
      sink.put(row, known, 0, known.length)
      continue
    }
    const name = enumName(field, code)
    if (name === undefined) putAbsent(target, row)
    else {
      const bytes = encoder.encode(name)
      names.set(code, bytes)
      sink.put(row, bytes, 0, bytes.length)
    }
  }
}

function enumName({ json, values }: SbeField, code: number): string | undefined {
  if (code === NO_VALUE) return undefined
  const name = (values as SbeEnum)[code]
  if (name !== undefined) return name
  const what =
    code === NON_REPRESENTABLE ? 'a value that this schema cannot represent' : `code ${code}`
  throw new SbeUnknownError(`${json}: ${what}`)
}

function putAbsent(target: SbeTarget, row: number): void {
  if (target.column.nullable !== true) throw refuse(target, row, 'missing')
  target.sink.putNull(row)
}

function refuse({ dataset, column }: SbeTarget, row: number, problem: string): DataError {
  return new DataError(`${dataset.kind} row ${row}: ${column.json} (${column.name}): ${problem}`)
}

/** One field of one row as JSON text; `undefined` when it has no value. */
export function jsonValue(
  { view, starts }: SbeRows,
  field: SbeField,
  row: number,
  { fixed, offset }: Exponents,
): string | undefined {
  const start = starts[row] ?? 0
  const at = start + field.offset
  const { json } = field
  switch (field.type) {
    case 'int64': {
      const value = view.getBigInt64(at, true)
      return value === INT64_NULL ? undefined : String(value)
    }
    case 'int32': {
      const value = view.getInt32(at, true)
      return value === INT32_NULL ? undefined : String(value)
    }
    case 'uint8':
    case 'exponent': {
      const value = view.getUint8(at)
      return value === NO_VALUE ? undefined : String(value)
    }
    case 'flag': {
      const value = view.getUint8(at)
      if (value === NO_VALUE) return undefined
      if (value > 1) throw new DataError(`${String(json)}: not true or false: ${value}`)
      return String(value === 1)
    }
    case 'enum': {
      const name = enumName(field, view.getUint8(at))
      return name === undefined ? undefined : JSON.stringify(name)
    }
    case 'decimal64':
    case 'decimal128': {
      const mantissa = view.getBigInt64(at, true)
      const exponent = fixed ?? view.getInt8(start + offset)
      return mantissa === INT64_NULL ? undefined : `"${decimalText(mantissa, exponent)}"`
    }
  }
}
