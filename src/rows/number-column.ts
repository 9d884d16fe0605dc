/** Prices and quantities, compared exactly in each of the three forms in which they are stored. */

import { Buffer } from 'node:buffer'
import { DataType, type Data } from 'apache-arrow'
import { WORDS } from './decimal.ts'

/** A column of numbers. Rows that are null compare as 0. */
export interface NumberColumn {
  /** Below 0, 0 or above 0, like the number in row `row`. */
  sign(row: number): number
  /** Compares the number in row `row` with that of the same row of `other`: below 0, 0 or above 0. */
  compare(row: number, other: this): number
}

/** The numbers of one column. Two columns that are compared must be stored in the same form. */
export function numberColumn(data: Data): NumberColumn {
  const type: unknown = data.type
  if (DataType.isFloat(type)) return new FloatColumn(data.values as Float64Array)
  if (DataType.isDecimal(type)) return new ScaledColumn(data.values as Uint32Array)
  return new TextColumn(data.valueOffsets as Int32Array, data.values as Uint8Array)
}

class FloatColumn implements NumberColumn {
  readonly #values: Float64Array

  constructor(values: Float64Array) {
    this.#values = values
  }

  sign(row: number): number {
    return this.#values[row] ?? 0
  }

  compare(row: number, other: FloatColumn): number {
    return (this.#values[row] ?? 0) - (other.#values[row] ?? 0)
  }
}

const wordsPerRow = WORDS

class ScaledColumn implements NumberColumn {
  readonly #words: Uint32Array

  constructor(words: Uint32Array) {
    this.#words = words
  }

  sign(row: number): number {
    const words = this.#words
    const first = row * wordsPerRow
    const high = (words[first + 3] ?? 0) | 0
    if (high !== 0) return high
    return (words[first + 2] ?? 0) + (words[first + 1] ?? 0) + (words[first] ?? 0)
  }

  compare(row: number, other: ScaledColumn): number {
    const words = this.#words
    const others = other.#words
    const first = row * wordsPerRow
    const last = first + wordsPerRow - 1
    const high = ((words[last] ?? 0) | 0) - ((others[last] ?? 0) | 0)
    if (high !== 0) return high
    for (let index = last - 1; index >= first; index--) {
      const difference = (words[index] ?? 0) - (others[index] ?? 0)
      if (difference !== 0) return difference
    }
    return 0
  }
}

class TextColumn implements NumberColumn {
  readonly #offsets: Int32Array
  /** All texts of the column, end to end. Number texts are ASCII, so byte offsets are valid here. */
  readonly #text: string

  constructor(offsets: Int32Array, { buffer, byteOffset, byteLength }: Uint8Array) {
    this.#offsets = offsets
    this.#text = Buffer.from(buffer, byteOffset, byteLength).toString('latin1')
  }

  sign(row: number): number {
    const text = this.#textAt(row)
    const value = Number(text)
    return value === 0 ? signOf(text) : value
  }

  compare(row: number, other: TextColumn): number {
    return compareNumbers(this.#textAt(row), other.#textAt(row))
  }

  #textAt(row: number): string {
    return this.#text.slice(this.#offsets[row], this.#offsets[row + 1])
  }
}

/** Digits without leading and trailing zeros, and how many of them are before the point; `digits` is empty for 0. */
type Magnitude = { readonly digits: string; readonly point: number }

function signOf(text: string): number {
  if (!/[1-9]/.test(text.replace(/[eE].*/, ''))) return 0
  return text.startsWith('-') ? -1 : 1
}

/** Compares two number texts exactly, however many digits they have. */
export function compareNumbers(a: string, b: string): number {
  if (a === b) return 0
  // Reading a text as a double preserves the order, except that different numbers may become equal.
  const difference = Number(a) - Number(b)
  if (difference !== 0) return difference
  const sign = signOf(a)
  if (sign !== signOf(b)) return sign - signOf(b)
  const [x, y] = [magnitudeOf(a), magnitudeOf(b)]
  return sign < 0 ? compareMagnitudes(y, x) : compareMagnitudes(x, y)
}

function compareMagnitudes(a: Magnitude, b: Magnitude): number {
  if (a.point !== b.point) return a.point - b.point
  return a.digits < b.digits ? -1 : a.digits > b.digits ? 1 : 0
}

function magnitudeOf(text: string): Magnitude {
  const [, whole = '', decimals = '', exponent = '0'] =
    /^-?(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? []
  const all = whole + decimals
  const zeros = all.length - all.replace(/^0+/, '').length
  // Not by a pattern: for a text of zeros that ends with another digit, that is quadratic.
  let end = all.length
  while (end > zeros && all[end - 1] === '0') end -= 1
  const digits = all.slice(zeros, end)
  return { digits, point: digits === '' ? 0 : whole.length - zeros + Number(exponent) }
}
