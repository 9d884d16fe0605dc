/**
 * Readers of values that only CSV has: times whose unit follows from the file's period, flags in either case, and
 * skipped columns.
 */

import type { Window } from '../base/time.ts'
import type { ColumnSink, FlagSink, Int64Sink } from './columns.ts'
import { readDigits, registers } from './digits.ts'

const SPACE = 0x20
const QUOTE = 0x22
const COMMA = 0x2c
const ZERO = 0x30
const CASE_BIT = 0x20
const LOWER_E = 0x65
const LOWER_F = 0x66
const LOWER_T = 0x74
// As big-endian words: `rue` and `als` with a byte before them that is ignored.
const RUE = 0x727565
const ALS = 0x616c73
// A local name for the import, which is slow in loops (see digits.ts).
const parts = registers

/** Reads one column's values from padded bytes. */
export type CsvReader = {
  /** Reads the value that begins at `at` into `row`. Returns where it ends; -1 when it is refused. */
  read(bytes: Uint8Array, at: number, row: number): number
  /** Explains why `text` is refused. */
  problem(text: string): string
}

/** The unit of the current row, as its first time showed it; shared by the row's times. */
export class RowUnit {
  isMillis: boolean

  /** @param isMillis - the unit that a file of this period is published in. */
  constructor(isMillis: boolean) {
    this.isMillis = isMillis
  }
}

/**
 * Reads the time that decides the period, and with it the unit of the row: the one in which the time lies in the file's
 * own period. No number does so in both: a time in µs read as ms is some 55,000 years later. A row slightly outside the
 * period shows no unit: the unit of the row before is used.
 */
export class PeriodTimeReader implements CsvReader {
  readonly #sink: Int64Sink
  readonly #unit: RowUnit
  readonly #from: number
  readonly #to: number
  readonly #fromMs: number
  readonly #toMs: number
  readonly #slack: number

  /**
   * @param period - must begin and end on a whole millisecond, as days and months do.
   * @param slack - how far outside of the period a row may lie, in microseconds.
   */
  constructor(sink: Int64Sink, unit: RowUnit, { from, to }: Window, slack: number) {
    this.#sink = sink
    this.#unit = unit
    this.#slack = slack
    this.#from = Number(from)
    this.#to = Number(to)
    this.#fromMs = this.#from / 1000
    this.#toMs = this.#to / 1000
  }

  read(bytes: Uint8Array, at: number, row: number): number {
    const end = readDigits(bytes, at)
    const value = parts[0] ?? 0
    if ((bytes[at] ?? 0) === ZERO) return -1
    if (value >= this.#from && value < this.#to) {
      this.#unit.isMillis = false
      this.#sink.put(row, value)
      return end
    }
    if (value >= this.#fromMs && value < this.#toMs) {
      this.#unit.isMillis = true
      this.#sink.put(row, value * 1000)
      return end
    }
    const micros = this.#unit.isMillis ? value * 1000 : value
    if (!(micros >= this.#from - this.#slack && micros < this.#to + this.#slack)) return -1
    this.#sink.put(row, micros)
    return end
  }

  /** Is `text` a valid time that is outside the file's period? */
  isElsewhere(text: string): boolean {
    return /^[1-9]\d*$/.test(text)
  }

  problem(text: string): string {
    return this.isElsewhere(text)
      ? "not in the file's own period, neither as ms nor as µs"
      : 'not a time'
  }
}

/** How far an inclusive end may lie after its period: the longest interval. */
const END_SPAN = 31 * 86_400_000_000

/** Reads an inclusive end in the unit of its row: a ms means its last µs. */
export class EndReader implements CsvReader {
  readonly #sink: Int64Sink
  readonly #unit: RowUnit
  readonly #from: number
  readonly #to: number

  constructor(sink: Int64Sink, unit: RowUnit, period: Window) {
    this.#sink = sink
    this.#unit = unit
    this.#from = Number(period.from)
    this.#to = Number(period.to) + END_SPAN
  }

  read(bytes: Uint8Array, at: number, row: number): number {
    const end = readDigits(bytes, at)
    const value = parts[0] ?? 0
    const micros = this.#unit.isMillis ? value * 1000 + 999 : value
    if (!(micros >= this.#from && micros < this.#to) || (bytes[at] ?? 0) === ZERO) return -1
    this.#sink.put(row, micros)
    return end
  }

  problem(): string {
    return `not the end of a kline of this file, in the ${this.#unit.isMillis ? 'ms' : 'µs'} of its row`
  }
}

/** Reads nothing, and empty quotes, as null. */
export class NullableReader implements CsvReader {
  readonly #inner: CsvReader
  readonly #sink: ColumnSink

  constructor(inner: CsvReader, sink: ColumnSink) {
    this.#inner = inner
    this.#sink = sink
  }

  read(bytes: Uint8Array, at: number, row: number): number {
    const isQuoted = bytes[at] === QUOTE && bytes[at + 1] === QUOTE
    const end = isQuoted ? at + 2 : at
    const byte = bytes[end] ?? 0
    if (byte !== COMMA && byte >= SPACE) return isQuoted ? -1 : this.#inner.read(bytes, at, row)
    this.#sink.putNull(row)
    return end
  }

  problem(text: string): string {
    return this.#inner.problem(text)
  }
}

/** Reads `true`, `True`, `false` and `False`. */
export class CsvFlagReader implements CsvReader {
  readonly #sink: FlagSink

  constructor(sink: FlagSink) {
    this.#sink = sink
  }

  read(bytes: Uint8Array, at: number, row: number): number {
    const initial = (bytes[at] ?? 0) | CASE_BIT
    const rest = ((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0)
    const isTrue = initial === LOWER_T && rest === RUE
    if (!isTrue && (initial !== LOWER_F || rest !== ALS || (bytes[at + 4] ?? 0) !== LOWER_E))
      return -1
    this.#sink.put(row, isTrue)
    return isTrue ? at + 4 : at + 5
  }

  problem(): string {
    return 'not true or false'
  }
}

/** Skips a column that is always ignored. */
export const skipReader: CsvReader = { read: plainEnd, problem: () => 'quoted' }

/** Skips an unknown column, in quotes too; a quote within them is doubled. */
export const unknownReader: CsvReader = {
  read: (bytes, at) => ((bytes[at] ?? 0) === QUOTE ? quotedEnd(bytes, at) : plainEnd(bytes, at)),
  problem: () => 'unbalanced quotes',
}

function plainEnd(bytes: Uint8Array, at: number): number {
  let end = at
  for (let byte = bytes[end] ?? 0; byte !== COMMA && byte >= SPACE; byte = bytes[++end] ?? 0)
    if (byte === QUOTE) return -1
  return end
}

/** A line break ends the row, even inside quotes. */
function quotedEnd(bytes: Uint8Array, at: number): number {
  for (let end = at + 1; (bytes[end] ?? 0) >= SPACE; end++) {
    if (bytes[end] !== QUOTE) continue
    if (bytes[end + 1] !== QUOTE) return end + 1
    end++
  }
  return -1
}
