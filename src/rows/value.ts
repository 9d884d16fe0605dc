/**
 * Readers of single values: the bare text of a value → one row of a column. The same for JSON and CSV, which differ
 * only in what surrounds a value.
 */

import { asciiText, paddedText, unpaddedLength } from './bytes.ts'
import { FloatSink, ScaledSink, type ColumnSink, type Int64Sink, type TextSink } from './columns.ts'
import { checkNumber, numberProblem, readFloat, readScaled } from './decimal.ts'
import { readDigits, registers } from './digits.ts'

const SPACE = 0x20
const QUOTE = 0x22
const MINUS = 0x2d
const DOT = 0x2e
const ZERO = 0x30
const BACKSLASH = 0x5c
const LOWER_E = 0x65
const CASE_BIT = 0x20
const TILDE = 0x7e
// A local name for the import, which is slow in loops (see digits.ts).
const parts = registers

/** Reads values of one column. */
export type ValueReader = {
  /** Reads the value that begins at `at` of padded bytes into `row`. Returns where it ends; -1 when it is refused. */
  read(bytes: Uint8Array, at: number, row: number): number
  /** Reads all of `text` into `row`; for the few values that were sent escaped. `false` when it is refused. */
  readText(text: string, row: number): boolean
  /** Explains why `text` is refused. */
  problem(text: string): string
}

/** The unit in which a source states its times. */
export type TimeUnit = 'ms' | 'us'

function readWhole(reader: ValueReader, text: string, row: number): boolean {
  const bytes = paddedText(text)
  return reader.read(bytes, 0, row) === unpaddedLength(bytes)
}

const DIGITS_EXACT = 15
const INT64_BYTES_MAX = 20

/** Reads 64-bit integers, exactly: `-?(0|[1-9]\d*)`, no fraction, no exponent, no negative zero. */
export class IntegerReader implements ValueReader {
  readonly #sink: Int64Sink

  constructor(sink: Int64Sink) {
    this.#sink = sink
  }

  read(bytes: Uint8Array, at: number, row: number): number {
    const isNegative = (bytes[at] ?? 0) === MINUS
    const first = isNegative ? at + 1 : at
    const end = readDigits(bytes, first)
    const value = parts[0] ?? 0
    if (!isWhole(bytes, first, end) || (isNegative && value === 0)) return -1
    if (end - first > DIGITS_EXACT) return this.#readLong(bytes, at, { end, row })
    this.#sink.put(row, isNegative ? -value : value)
    return end
  }

  // Order ids of some symbols have 19 digits; no double holds those.
  #readLong(bytes: Uint8Array, at: number, { end, row }: { end: number; row: number }): number {
    if (end - at > INT64_BYTES_MAX) return -1
    const value = BigInt(asciiText(bytes, at, end))
    if (BigInt.asIntN(64, value) !== value) return -1
    this.#sink.putBig(row, value)
    return end
  }

  readText(text: string, row: number): boolean {
    return readWhole(this, text, row)
  }

  problem(): string {
    return 'not a 64-bit integer'
  }
}

/** Are `[first, end)` the digits of a whole number, without leading zeros and without a fraction or exponent? */
function isWhole(bytes: Uint8Array, first: number, end: number): boolean {
  if (end === first || ((bytes[first] ?? 0) === ZERO && end > first + 1)) return false
  const next = bytes[end] ?? 0
  return next !== DOT && (next | CASE_BIT) !== LOWER_E
}

/** 2009-01-01, before anything was traded here, and 2100-01-01; in milliseconds. */
const TIME_MIN_MS = 1_230_768_000_000
const TIME_MAX_MS = 4_102_444_800_000

/**
 * Reads times into microseconds. The unit is declared, never guessed. A time outside [2009, 2100) is refused, which
 * detects a wrong unit: a µs value read as ms is not an error but a date in the year 56971.
 */
export class TimeReader implements ValueReader {
  readonly #sink: Int64Sink
  readonly #unit: TimeUnit
  readonly #factor: number
  readonly #rest: number
  readonly #min: number
  readonly #max: number

  /** `isEnd`: the last moment that still belongs to something, so a ms means its last µs. */
  constructor(sink: Int64Sink, unit: TimeUnit, isEnd: boolean) {
    this.#sink = sink
    this.#unit = unit
    this.#factor = unit === 'ms' ? 1000 : 1
    this.#rest = unit === 'ms' && isEnd ? 999 : 0
    this.#min = (TIME_MIN_MS * 1000) / this.#factor
    this.#max = (TIME_MAX_MS * 1000) / this.#factor
  }

  read(bytes: Uint8Array, at: number, row: number): number {
    const end = readDigits(bytes, at)
    const value = parts[0] ?? 0
    if (!(value >= this.#min && value < this.#max) || !isWhole(bytes, at, end)) return -1
    this.#sink.put(row, value * this.#factor + this.#rest)
    return end
  }

  readText(text: string, row: number): boolean {
    return readWhole(this, text, row)
  }

  problem(): string {
    return `not a time between 2009 and 2100 in ${this.#unit === 'ms' ? 'ms' : 'µs'}`
  }
}

class FloatReader implements ValueReader {
  readonly #sink: FloatSink

  constructor(sink: FloatSink) {
    this.#sink = sink
  }

  read(bytes: Uint8Array, at: number, row: number): number {
    return readFloat(bytes, at, this.#sink.values, row)
  }

  readText(text: string, row: number): boolean {
    return readWhole(this, text, row)
  }

  problem(text: string): string {
    return numberProblem(text)
  }
}

class ScaledReader implements ValueReader {
  readonly #sink: ScaledSink

  constructor(sink: ScaledSink) {
    this.#sink = sink
  }

  read(bytes: Uint8Array, at: number, row: number): number {
    return readScaled(bytes, at, this.#sink, row)
  }

  readText(text: string, row: number): boolean {
    return readWhole(this, text, row)
  }

  problem(text: string): string {
    return numberProblem(text, this.#sink.digitsMax)
  }
}

class NumberTextReader implements ValueReader {
  readonly #sink: TextSink

  constructor(sink: TextSink) {
    this.#sink = sink
  }

  read(bytes: Uint8Array, at: number, row: number): number {
    const end = checkNumber(bytes, at)
    if (end >= 0) this.#sink.put(row, bytes, at, end)
    return end
  }

  readText(text: string, row: number): boolean {
    return readWhole(this, text, row)
  }

  problem(text: string): string {
    return numberProblem(text)
  }
}

/** The reader for prices and quantities in the form their column stores. */
export function numberReader(sink: ColumnSink): ValueReader {
  if (sink instanceof FloatSink) return new FloatReader(sink)
  if (sink instanceof ScaledSink) return new ScaledReader(sink)
  return new NumberTextReader(sink as TextSink)
}

/** Reads plain printable ASCII up to a quote; other text through {@link TextReader.readText}. */
export class TextReader implements ValueReader {
  readonly #sink: TextSink

  constructor(sink: TextSink) {
    this.#sink = sink
  }

  read(bytes: Uint8Array, at: number, row: number): number {
    let end = at
    for (let byte = bytes[end] ?? 0; byte !== QUOTE; byte = bytes[++end] ?? 0)
      if (byte < SPACE || byte > TILDE || byte === BACKSLASH) return -1
    this.#sink.put(row, bytes, at, end)
    return end
  }

  readText(text: string, row: number): boolean {
    if (/\p{Cs}/u.test(text)) return false
    const bytes = new TextEncoder().encode(text)
    this.#sink.put(row, bytes, 0, bytes.length)
    return true
  }

  problem(): string {
    return 'half of a surrogate pair, which is no text'
  }
}
