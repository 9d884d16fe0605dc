/**
 * Mantissa and exponent → a column of numbers, exactly as if read from the number's JSON text. Numbers of up to 2^53
 * units pass as doubles, which hold them exactly; others as text, through the JSON readers.
 */

import { FloatSink, ScaledSink, type ColumnSink, type TextSink } from './columns.ts'
import { SCALE, WORDS } from './decimal.ts'
import { POWERS } from './digits.ts'
import { numberReader, type ValueReader } from './value.ts'

const WORD = 0x1_0000_0000
const SAFE_MAX = Number.MAX_SAFE_INTEGER
const ZERO = 0x30
const DOT = 0x2e
// 16 digits, a point, and zeros up to 8 decimals.
const TEXT_BYTES = 32

/** Reads the mantissas of one column. */
export class MantissaReader {
  readonly #view: DataView
  readonly #bytes: 8 | 16
  readonly #sink: ColumnSink
  readonly #slow: ValueReader
  readonly #text = new Uint8Array(TEXT_BYTES)

  /** @param bytes - The length of a mantissa. */
  constructor(view: DataView, bytes: 8 | 16, sink: ColumnSink) {
    this.#view = view
    this.#bytes = bytes
    this.#sink = sink
    this.#slow = numberReader(sink)
  }

  /** Reads the mantissa at `at` into `row`; `false` when it is null or refused. */
  read(at: number, exponent: number, row: number): boolean {
    const small = this.#small(at)
    if (small >= 0 && exponent <= 0 && exponent >= -SCALE && this.#put(small, exponent, row))
      return true
    const mantissa = this.mantissa(at)
    return mantissa !== undefined && this.#slow.readText(decimalText(mantissa, exponent), row)
  }

  /** The mantissa at `at`; `undefined` when it is null, which is encoded as the lowest number. */
  mantissa(at: number): bigint | undefined {
    const view = this.#view
    const high = view.getBigInt64(at + this.#bytes - 8, true)
    if (this.#bytes === 8) return high === -(2n ** 63n) ? undefined : high
    const value = (high << 64n) | view.getBigUint64(at, true)
    return value === -(2n ** 127n) ? undefined : value
  }

  /** Explains why the number `text` was refused. */
  problem(text: string): string {
    return this.#slow.problem(text)
  }

  /** The mantissa at `at` if a double holds it and it is not negative; else -1. */
  #small(at: number): number {
    const view = this.#view
    if (this.#bytes === 16 && (view.getUint32(at + 8, true) | view.getUint32(at + 12, true)) !== 0)
      return -1
    const value = view.getUint32(at + 4, true) * WORD + view.getUint32(at, true)
    return value <= SAFE_MAX ? value : -1
  }

  #put(mantissa: number, exponent: number, row: number): boolean {
    const sink = this.#sink
    if (sink instanceof FloatSink) {
      // Both are exact doubles: the single division rounds once, as Number() does.
      sink.values[row] = mantissa / (POWERS[-exponent] ?? NaN)
      return true
    }
    if (sink instanceof ScaledSink) return putScaled(sink, row, mantissa, exponent)
    this.#putText(sink as TextSink, row, mantissa, -exponent)
    return true
  }

  /**
   * Writes the digits from the last to the first, in JSON's form: with 8 decimals. The subtraction comes before the
   * addition, which would pass 2^53.
   */
  #putText(sink: TextSink, row: number, mantissa: number, decimals: number): void {
    const text = this.#text
    let at = TEXT_BYTES
    for (let zeros = SCALE - decimals; zeros > 0; zeros--) text[--at] = ZERO
    let rest = mantissa
    for (let digits = 0; digits < decimals; digits++) {
      const next = Math.floor(rest / 10)
      text[--at] = ZERO + (rest - next * 10)
      rest = next
    }
    text[--at] = DOT
    do {
      const next = Math.floor(rest / 10)
      text[--at] = ZERO + (rest - next * 10)
      rest = next
    } while (rest > 0)
    sink.put(row, text, at, TEXT_BYTES)
  }
}

function putScaled(sink: ScaledSink, row: number, mantissa: number, exponent: number): boolean {
  const scaled = mantissa * (POWERS[SCALE + exponent] ?? NaN)
  if (!(scaled <= SAFE_MAX)) return false
  const { words } = sink
  const first = row * WORDS
  words[first] = scaled
  words[first + 1] = scaled / WORD
  words[first + 2] = 0
  words[first + 3] = 0
  return true
}

/** `mantissa` x 10^`exponent` in JSON's form: with 8 decimals, or more if it has more. */
export function decimalText(mantissa: bigint, exponent: number): string {
  const sign = mantissa < 0n ? '-' : ''
  const units = mantissa < 0n ? -mantissa : mantissa
  const whole = exponent > 0 ? units * 10n ** BigInt(exponent) : units
  const decimals = exponent < 0 ? -exponent : 0
  const digits = String(whole).padStart(decimals + 1, '0')
  const point = digits.length - decimals
  const fraction = digits.slice(point).padEnd(SCALE, '0')
  const needed = fraction.slice(0, SCALE) + fraction.slice(SCALE).replace(/0+$/, '')
  return `${sign}${digits.slice(0, point)}.${needed}`
}
