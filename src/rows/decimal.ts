/**
 * Decimal text → numbers, without loss: scaled 128-bit integers for exact columns, the nearest double for `float64`
 * ones. On its way to an exact column, text passes through a double only if that double is exact.
 *
 * A number is `-?\d+(\.\d+)?([eE][+-]?\d+)?`, finite, and not a negative zero.
 */

import {
  asciiText,
  byteAt,
  digitAt,
  digitsEnd,
  isDigit,
  paddedText,
  unpaddedLength,
} from './bytes.ts'
import { POWERS, readDecimal, registers } from './digits.ts'

const PLUS = 0x2b
const MINUS = 0x2d
const DOT = 0x2e
const ZERO = 0x30
const LOWER_E = 0x65
const CASE_BIT = 0x20
// Local names for the imports, which are slow in loops (see digits.ts).
const parts = registers
const powers = POWERS

/** Decimals of an exact column. */
export const SCALE = 8
/** Digits of an exact price, decimals included: 10 before the point. */
export const PRICE_DIGITS = 18
/** Digits of an exact quantity, decimals included: 30 before the point. */
export const QUANTITY_DIGITS = 38
/** 32-bit words of a scaled integer, least significant first, two's complement, as Arrow has them. */
export const WORDS = 4
const wordsPerRow = WORDS
const decimalsMax = SCALE

const WORD = 0x1_0000_0000
const SAFE_MAX = Number.MAX_SAFE_INTEGER
const SCALE_FACTOR = 1e8
const FINITE_DIGITS = 308
// No exchange sends a number this long; a megabyte of digits is an attack.
const NUMBER_BYTES_MAX = 400

/** Where the longest number that begins at `at` ends; -1 when there is none, or it is absurdly long. */
export function numberEnd(bytes: Uint8Array, at: number): number {
  const end = grammarEnd(bytes, at)
  return end - at > NUMBER_BYTES_MAX ? -1 : end
}

function grammarEnd(bytes: Uint8Array, at: number): number {
  const whole = byteAt(bytes, at) === MINUS ? at + 1 : at
  let end = digitsEnd(bytes, whole)
  if (end === whole) return -1
  if (byteAt(bytes, end) === DOT && isDigit(digitAt(bytes, end + 1)))
    end = digitsEnd(bytes, end + 1)
  if (!isExponentMark(byteAt(bytes, end))) return end
  const sign = byteAt(bytes, end + 1)
  const exponent = sign === MINUS || sign === PLUS ? end + 2 : end + 1
  return isDigit(digitAt(bytes, exponent)) ? digitsEnd(bytes, exponent) : end
}

/**
 * Reads the number at `at` into `out[row]`, equal to `Number(text)` bit for bit.
 *
 * @returns where the number ends; -1 when there is none, when it is beyond every double, or is a negative zero
 */
export function readFloat(bytes: Uint8Array, at: number, out: Float64Array, row: number): number {
  const end = readDecimal(bytes, at)
  const fraction = parts[1] ?? 0
  const power = fraction === 0 ? 1 : (powers[parts[3] ?? 0] ?? NaN)
  const mantissa = (parts[0] ?? 0) * power + fraction
  // Up to 2^53 the mantissa is an exact double, and so is the power. The single division rounds once, as Number() does
  // (Clinger 1990, "How to read floating point numbers accurately").
  if (end < 0 || !(mantissa <= SAFE_MAX) || isExponentMark(bytes[end] ?? 0))
    return readFloatSlowly(bytes, at, out, row)
  out[row] = mantissa / power
  return end
}

function readFloatSlowly(bytes: Uint8Array, at: number, out: Float64Array, row: number): number {
  const end = numberEnd(bytes, at)
  if (end < 0) return -1
  const value = Number(asciiText(bytes, at, end))
  if (!Number.isFinite(value) || Object.is(value, -0)) return -1
  out[row] = value
  return end
}

/**
 * Checks the number at `at`, for columns that keep the text.
 *
 * @returns where the number ends; -1 as {@link readFloat} does
 */
export function checkNumber(bytes: Uint8Array, at: number): number {
  const end = numberEnd(bytes, at)
  // Without an exponent it is finite, since it is too short to be otherwise; without a sign, it is not a negative zero.
  if (
    end < 0 ||
    (end - at <= FINITE_DIGITS && byteAt(bytes, at) !== MINUS && !hasExponent(bytes, at, end))
  )
    return end
  return readFloatSlowly(bytes, at, new Float64Array(1), 0)
}

function hasExponent(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (isExponentMark(byteAt(bytes, at))) return true
  return false
}

function isExponentMark(byte: number): boolean {
  return (byte | CASE_BIT) === LOWER_E
}

/** Where scaled integers go: {@link WORDS} words a row. */
export type ScaledTarget = {
  readonly words: Uint32Array
  /** The most digits, decimals included. */
  readonly digitsMax: number
  /** Numbers below this have no more digits than that, and are exact as doubles: {@link wholeLimit}. */
  readonly wholeLimit: number
}

/** The bound for {@link ScaledTarget}: whole numbers below it need no count of their digits. */
export function wholeLimit(digitsMax: number): number {
  return Math.min(10 ** (digitsMax - SCALE), SAFE_MAX)
}

/**
 * Reads the number at `at` as an integer of 1e-8 units into row `row` of `target`, exactly.
 *
 * @returns where the number ends; -1 when there is none, it has more than 8 decimals that are not zeros, more
 * digits than `target.digitsMax`, or is a negative zero
 */
export function readScaled(
  bytes: Uint8Array,
  at: number,
  target: ScaledTarget,
  row: number,
): number {
  const end = readDecimal(bytes, at)
  const whole = parts[0] ?? 0
  // NaN if there are more decimals than fit: the slow path decides.
  const units = (parts[1] ?? 0) * (powers[decimalsMax - (parts[3] ?? 0)] ?? NaN)
  const { words } = target
  const isPlain = end >= 0 && whole < target.wholeLimit && units >= 0
  if (!isPlain || isExponentMark(bytes[end] ?? 0)) return readScaledSlowly(bytes, at, target, row)
  const scaled = whole * SCALE_FACTOR + units
  const isSmall = scaled <= SAFE_MAX
  const start = isSmall ? scaled : whole
  const first = row * wordsPerRow
  words[first] = start
  words[first + 1] = start / WORD
  words[first + 2] = 0
  words[first + 3] = 0
  if (isSmall) return end
  multiplyAdd(words, first, 1e4, 0)
  multiplyAdd(words, first, 1e4, units)
  return end
}

function readScaledSlowly(
  bytes: Uint8Array,
  at: number,
  { words, digitsMax }: ScaledTarget,
  row: number,
): number {
  const end = numberEnd(bytes, at)
  if (end < 0) return -1
  const parts = partsOf(bytes, at, end)
  const isNegative = byteAt(bytes, at) === MINUS
  const first = row * WORDS
  words.fill(0, first, first + WORDS)
  if (parts.first < 0) return isNegative ? -1 : end
  // Digits [0, stop) form the scaled integer; the digits after them would be lost.
  const stop = parts.point + SCALE
  if (parts.last >= stop || stop - parts.first > digitsMax) return -1
  for (let index = parts.first; index < stop; index += CHUNK) {
    const count = Math.min(CHUNK, stop - index)
    let chunk = 0
    for (let next = index; next < index + count; next++) chunk = chunk * 10 + digitOf(parts, next)
    multiplyAdd(words, first, POWERS[count] ?? NaN, chunk)
  }
  if (isNegative) negate(words, first)
  return end
}

// 2^32 x 10^6 + 10^6 is still an exact double.
const CHUNK = 6

function multiplyAdd(words: Uint32Array, first: number, factor: number, add: number): void {
  let carry = add
  for (let index = first; index < first + WORDS; index++) {
    const product = (words[index] ?? 0) * factor + carry
    // The array keeps the lower 32 bits.
    words[index] = product
    carry = Math.floor(product / WORD)
  }
}

function negate(words: Uint32Array, first: number): void {
  let carry = 1
  for (let index = first; index < first + WORDS; index++) {
    const sum = (~(words[index] ?? 0) >>> 0) + carry
    words[index] = sum
    carry = sum >= WORD ? 1 : 0
  }
}

/** A number's digits without sign, point and exponent, and where the point is after the exponent is applied. */
type Parts = {
  readonly digits: string
  readonly point: number
  /** The index of the first and last digit that is not a zero; -1 when all are zeros. */
  readonly first: number
  readonly last: number
}

function partsOf(bytes: Uint8Array, at: number, end: number): Parts {
  const text = asciiText(bytes, at, end)
  const [, whole = '', decimals = '', exponent = '0'] =
    /^-?(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? []
  const digits = whole + decimals
  const first = digits.search(/[1-9]/)
  let last = digits.length - 1
  while (last > 0 && digits[last] === '0') last--
  return { digits, point: whole.length + Number(exponent), first, last }
}

function digitOf({ digits }: Parts, index: number): number {
  return index < digits.length ? digits.charCodeAt(index) - ZERO : 0
}

/** Explains why {@link readScaled} or, without `digitsMax`, {@link readFloat} refuses `text`. */
export function numberProblem(text: string, digitsMax?: number): string {
  const bytes = paddedText(text)
  const end = unpaddedLength(bytes)
  if (numberEnd(bytes, 0) !== end) return 'not a decimal number'
  const { point, first, last } = partsOf(bytes, 0, end)
  if (first < 0 || Object.is(Number(text), -0)) return 'a negative zero'
  if (digitsMax === undefined) return 'beyond the range of a double'
  if (last >= point + SCALE) return `more than ${SCALE} decimals, which cannot be stored exactly`
  return `more than ${digitsMax - SCALE} digits before the point, which cannot be stored exactly`
}

/** The scaled integer of row `row` as exact text with {@link SCALE} decimals. */
export function formatScaled(words: Uint32Array, row: number): string {
  const value = scaledAt(words, row)
  const digits = (value < 0n ? -value : value).toString().padStart(SCALE + 1, '0')
  return `${value < 0n ? '-' : ''}${digits.slice(0, -SCALE)}.${digits.slice(-SCALE)}`
}

/** The scaled integer of row `row`. */
export function scaledAt(words: Uint32Array, row: number): bigint {
  let value = 0n
  for (let index = WORDS - 1; index >= 0; index--)
    value = (value << 32n) | BigInt(words[row * WORDS + index] ?? 0)
  return BigInt.asIntN(128, value)
}
