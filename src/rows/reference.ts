/**
 * The checked reference: decodes a page with JSON.parse, Number() and bigint arithmetic. Slow, small, and without any
 * reader of the scanner, so that the two can be compared value by value.
 */

import { DataError, TransportError } from '../base/errors.ts'
import type { Column, Dataset, Numbers } from '../binance/dataset.ts'
import {
  type ColumnSink,
  FlagSink,
  FloatSink,
  Int64Sink,
  PageColumns,
  ScaledSink,
} from './columns.ts'
import { SCALE, WORDS } from './decimal.ts'
import type { DecodedPage, UnknownField } from './page.ts'
import type { TimeUnit } from './value.ts'

type JsonRow = Readonly<Record<string | number, unknown>>

/**
 * Decodes one page with JSON.parse. Returns what `decodePage` returns, except that it refuses integers which JSON.parse
 * would round, does not notice fields sent twice, and does not check the range of times.
 *
 * @throws TransportError when the body is not a JSON array
 * @throws DataError when a value does not fit its column
 */
export function decodePageByParse(
  dataset: Dataset,
  numbers: Numbers,
  body: Uint8Array,
  unit: TimeUnit,
): DecodedPage {
  const rows = parsedRows(body)
  const columns = new PageColumns(dataset, numbers, rows.length)
  const hasExtra = dataset.columns.some(({ type }) => type === 'extra')
  const unknown = new Set<string>()
  for (const [row, value] of rows.entries()) {
    checkShape(dataset, value)
    for (const name of unknownNames(dataset, value))
      if (dataset.extras?.includes(name) !== true) unknown.add(name)
    for (const [index, column] of dataset.columns.entries()) {
      const sink = columns.sinks[index]
      if (sink === undefined) continue
      const read = column.type === 'extra' ? extraOf(dataset, value) : value[column.json]
      if (isNull(column, read)) sink.putNull(row)
      else write(sink, row, { column, value: read, unit })
    }
  }
  const unknownFields = [...unknown].map((name): UnknownField => ({ name, isKept: hasExtra }))
  return { ...columns.finish(rows.length), unknownFields }
}

function parsedRows(body: Uint8Array): readonly JsonRow[] {
  let parsed: unknown
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body)
    parsed = JSON.parse(text)
  } catch (cause) {
    throw new TransportError('not a page of rows', { cause })
  }
  if (!Array.isArray(parsed)) throw new TransportError('not a page of rows')
  return parsed as JsonRow[]
}

function unknownNames({ columns, ignored }: Dataset, row: JsonRow): readonly string[] {
  const stored = columns.filter(({ type }) => type !== 'extra').map(({ json }) => json)
  const known = new Set([...stored, ...ignored].map(String))
  return Object.keys(row).filter((name) => !known.has(name))
}

function checkShape(dataset: Dataset, row: JsonRow): void {
  const isShaped = Array.isArray(row) === (dataset.shape === 'array')
  if (!isShaped || typeof row !== 'object' || (row as unknown) === null)
    throw new DataError('not a row')
  if (Array.isArray(row) && unknownNames(dataset, row).length > 0) checkFiller(dataset, row)
}

function checkFiller({ filler, columns, ignored }: Dataset, row: readonly unknown[]): void {
  const last = columns.length + ignored.length - 1
  if (filler !== undefined && row[last] !== filler) throw new DataError('elements moved')
}

function extraOf(dataset: Dataset, row: JsonRow): string | undefined {
  const names = unknownNames(dataset, row)
  if (names.length === 0) return undefined
  return `{${names.map((name) => `${JSON.stringify(name)}:${JSON.stringify(row[name])}`).join(',')}}`
}

function isNull({ type, nullable, isOfOneSource }: Column, value: unknown): boolean {
  if (nullable !== true) return false
  if (isOfOneSource === true && value === '') return true
  return value === undefined || value === null || (type === 'time' && value === -1)
}

type Cell = { readonly column: Column; readonly value: unknown; readonly unit: TimeUnit }

function write(sink: ColumnSink, row: number, { column, value, unit }: Cell): void {
  const { type, name } = column
  if (sink instanceof FlagSink) sink.put(row, booleanOf(value, name))
  else if (sink instanceof Int64Sink) {
    const whole = BigInt(safeInteger(value, name))
    const isMillis = unit === 'ms' && (type === 'time' || type === 'end')
    sink.putBig(row, isMillis ? whole * 1000n + (type === 'end' ? 999n : 0n) : whole)
  } else {
    const text = stringOf(value, name)
    if (type === 'price' || type === 'quantity') checkNumber(text, name)
    if (sink instanceof FloatSink) sink.values[row] = Number(text)
    else if (sink instanceof ScaledSink) putScaled(sink, row, scaledOf(text, name))
    else {
      const bytes = new TextEncoder().encode(text)
      sink.put(row, bytes, 0, bytes.length)
    }
  }
}

function stringOf(value: unknown, name: string): string {
  if (typeof value === 'string' && !/\p{Cs}/u.test(value)) return value
  throw new DataError(`${name}: not a string`)
}

function booleanOf(value: unknown, name: string): boolean {
  if (typeof value === 'boolean') return value
  throw new DataError(`${name}: not a boolean`)
}

function safeInteger(value: unknown, name: string): number {
  if (Number.isSafeInteger(value) && !Object.is(value, -0)) return value as number
  throw new DataError(`${name}: not an integer that JSON.parse keeps exact`)
}

function checkNumber(text: string, name: string): void {
  const isNumber = /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(text)
  const value = Number(text)
  if (!isNumber || !Number.isFinite(value) || Object.is(value, -0))
    throw new DataError(`${name}: not a number`)
}

function scaledOf(text: string, name: string): bigint {
  const [mantissa = '', exponent = '0'] = text.toLowerCase().split('e')
  const [whole = '', decimals = ''] = mantissa.split('.')
  const shift = Number(exponent) - decimals.length + SCALE
  const digits = BigInt(whole + decimals)
  if (shift >= 0) return digits * 10n ** BigInt(shift)
  const divisor = 10n ** BigInt(-shift)
  if (digits % divisor !== 0n) throw new DataError(`${name}: more than ${SCALE} decimals`)
  return digits / divisor
}

function putScaled({ words, digitsMax }: ScaledSink, row: number, value: bigint): void {
  if (value >= 10n ** BigInt(digitsMax) || -value >= 10n ** BigInt(digitsMax))
    throw new DataError(`more than ${digitsMax} digits`)
  for (let index = 0; index < WORDS; index++)
    words[row * WORDS + index] = Number(BigInt.asUintN(32, value >> BigInt(32 * index)))
}
