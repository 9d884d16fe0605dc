/** Prices and volumes of klines in each of the forms in which they are stored: compared, summed exactly, written. */

import { DataType, type Data } from 'apache-arrow'
import { DataError } from '../base/errors.ts'
import type { Numbers } from '../binance/dataset.ts'
import type { Buffers } from '../rows/batch.ts'
import { scaledAt, SCALE, WORDS } from '../rows/decimal.ts'
import { compareNumbers } from '../rows/number-column.ts'
import { textReader } from '../rows/value-text.ts'
import { exactOf, exactText, type Exact } from './exact.ts'

/** One form of numbers; a value is opaque to whoever does not make it. */
export type NumberForm<Value> = {
  /** Reads rows of a column. */
  reader(data: Data): (row: number) => Value
  /** Below 0, 0 or above 0. */
  compare(a: Value, b: Value): number
  exact(value: Value): Exact
  /** @throws DataError for a sum that the column cannot hold. */
  of(sum: Exact): Value
  /** The values as a column's buffers. */
  buffers(values: readonly Value[], type: DataType): Buffers
}

/**
 * A double stands for the decimal that it is printed as: that is the text that Binance sent, where this had no more
 * than 15 digits. These decimals are summed exactly, and the sum becomes the nearest double.
 */
const float64: NumberForm<number> = {
  reader: (data) => {
    const values = data.values as Float64Array
    return (row) => values[row] ?? NaN
  },
  compare: (a, b) => a - b,
  exact: (value) => exactOf(String(value)),
  of: (sum) => Number(exactText(sum)),
  buffers: (values) => ({ data: Float64Array.from(values) }),
}

const decimal: NumberForm<bigint> = {
  reader: (data) => {
    const words = data.values as Uint32Array
    return (row) => scaledAt(words, row)
  },
  compare: (a, b) => (a < b ? -1 : a > b ? 1 : 0),
  exact: (units) => ({ units, scale: SCALE }),
  of: ({ units }) => units,
  buffers: (values, type) => ({
    data: scaledWords(values, (type as { precision?: number }).precision),
  }),
}

const string: NumberForm<string> = {
  reader: (data) =>
    textReader({ offsets: data.valueOffsets as Int32Array, bytes: data.values as Uint8Array }),
  compare: compareNumbers,
  exact: exactOf,
  of: exactText,
  buffers: (values) => textBuffers(values),
}

/** The form of `numbers`. */
export function numberForm(numbers: Numbers): NumberForm<unknown> {
  const forms = { float64, decimal, string }
  return forms[numbers]
}

/**
 * A number as a column of `numbers` holds it. Texts have at least so many decimals as those that the number was made
 * of; a decimal is rounded to its 8, once.
 */
export function fitted(value: Exact, numbers: Numbers, decimals: number): Exact {
  switch (numbers) {
    case 'float64':
      return value
    case 'decimal':
      return rounded(value, SCALE)
    case 'string':
      return withDecimals(value, decimals)
  }
}

function rounded({ units, scale }: Exact, to: number): Exact {
  if (scale <= to) return { units: units * 10n ** BigInt(to - scale), scale: to }
  const factor = 10n ** BigInt(scale - to)
  const half = units < 0n ? -factor / 2n : factor / 2n
  return { units: (units + half) / factor, scale: to }
}

function withDecimals(value: Exact, decimals: number): Exact {
  let { units, scale } = rounded(value, Math.max(value.scale, decimals))
  for (; scale > decimals && units % 10n === 0n; scale--) units /= 10n
  return { units, scale }
}

function scaledWords(values: readonly bigint[], digitsMax = 0): Uint32Array {
  const limit = 10n ** BigInt(digitsMax)
  const halves = new BigUint64Array((values.length * WORDS) / 2)
  for (const [row, value] of values.entries()) {
    if (value >= limit || value <= -limit)
      throw new DataError(`a sum of volumes has more than ${digitsMax} digits`)
    halves[2 * row] = BigInt.asUintN(64, value)
    halves[2 * row + 1] = BigInt.asUintN(64, value >> 64n)
  }
  return new Uint32Array(halves.buffer)
}

function textBuffers(values: readonly string[]): Buffers {
  const offsets = new Int32Array(values.length + 1)
  // Numbers are ASCII.
  for (const [row, value] of values.entries()) offsets[row + 1] = (offsets[row] ?? 0) + value.length
  return { data: new TextEncoder().encode(values.join('')), offsets }
}
