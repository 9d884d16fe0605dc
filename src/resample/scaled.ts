/** Columns of numbers as whole numbers of one scale, exactly: what can be summed and compared at the speed of doubles. */

import { DataType, type Data } from 'apache-arrow'
import { SCALE, scaledAt, WORDS } from '../rows/decimal.ts'
import { textReader } from '../rows/value-text.ts'
import { exactOf, type Exact } from './exact.ts'

/** A number as it is in a row: `units` x 10 ^ -`scale`. A bigint only where a double could not hold it. */
export type Amount = { readonly units: number | bigint; readonly scale: number }

/** A column: the number in row `row` is `units[row]` x 10 ^ -`scale`. */
export type Scaled = {
  readonly units: Float64Array | readonly bigint[]
  readonly scale: number
  /** The most decimals that its texts have, last zeros too; those of a double are the ones that it needs. */
  readonly decimals: number
}

/** Decimals of at most so many digits are doubles of their own. */
const DIGITS_LIMIT = 1e15
const SCALE_MAX = 22
const POWERS = Float64Array.from({ length: SCALE_MAX + 1 }, (_, scale) => Number(`1e${scale}`))
const WORD = 2 ** 32

/** Reads the batches of one column, in one scale as long as that does, and then in a higher one. */
export class Scaler {
  #scale: number

  /** @param scale - The lowest scale to use. */
  constructor(scale = 0) {
    this.#scale = scale
  }

  read(data: Data, rows: number): Scaled {
    const type: unknown = data.type
    const scaled = DataType.isFloat(type)
      ? floats(data.values as Float64Array, rows, this.#scale)
      : DataType.isDecimal(type)
        ? decimals(data.values as Uint32Array, rows, this.#scale)
        : texts(data, rows, this.#scale)
    this.#scale = scaled.scale
    return scaled
  }
}

/** A double stands for the shortest decimal that reads back the same. */
function floats(values: Float64Array, rows: number, atLeast: number): Scaled {
  let scale = atLeast
  for (let row = 0; row < rows; row++) {
    const value = values[row] ?? 0
    while (!isWhole(value, POWERS[scale] ?? NaN)) {
      if (++scale > SCALE_MAX) return exactly(rows, atLeast, (at) => exactOf(String(values[at])))
    }
  }
  const power = POWERS[scale] ?? NaN
  const units = new Float64Array(rows)
  for (let row = 0; row < rows; row++) {
    const value = Math.round((values[row] ?? 0) * power)
    if (value >= DIGITS_LIMIT || value <= -DIGITS_LIMIT)
      return exactly(rows, atLeast, (at) => exactOf(String(values[at])))
    units[row] = value
  }
  return { units, scale, decimals: scale }
}

function isWhole(value: number, power: number): boolean {
  const units = Math.round(value * power)
  return units / power === value && units < DIGITS_LIMIT && units > -DIGITS_LIMIT
}

function decimals(words: Uint32Array, rows: number, atLeast: number): Scaled {
  const whole = new Float64Array(rows)
  for (let row = 0; row < rows; row++) {
    const first = row * WORDS
    const high = words[first + 1] ?? 0
    if (words[first + 2] !== 0 || words[first + 3] !== 0 || high >= 2 ** 21)
      return exactly(rows, atLeast, (at) => ({ units: scaledAt(words, at), scale: SCALE }))
    whole[row] = high * WORD + (words[first] ?? 0)
  }
  return { ...reduced(whole, SCALE, atLeast), decimals: SCALE }
}

const [ZERO, NINE, POINT] = [48, 57, 46]

function texts(data: Data, rows: number, atLeast: number): Scaled {
  const [offsets, bytes] = [data.valueOffsets as Int32Array, data.values as Uint8Array]
  const whole = new Float64Array(rows)
  const places = new Uint8Array(rows)
  let most = 0
  for (let row = 0; row < rows; row++) {
    const [from, to] = [offsets[row] ?? 0, offsets[row + 1] ?? 0]
    const size = plainText(bytes, from, to)
    if (size < 0) {
      const read = textReader({ offsets, bytes })
      return exactly(rows, atLeast, (at) => exactOf(read(at)))
    }
    whole[row] = plainUnits(bytes, from, to)
    places[row] = size
    if (size > most) most = size
  }
  for (let row = 0; row < rows; row++) {
    whole[row] = (whole[row] ?? 0) * (POWERS[most - (places[row] ?? 0)] ?? NaN)
    if ((whole[row] ?? 0) >= Number.MAX_SAFE_INTEGER) {
      const read = textReader({ offsets, bytes })
      return exactly(rows, atLeast, (at) => exactOf(read(at)))
    }
  }
  return { ...reduced(whole, most, atLeast), decimals: most }
}

/** The decimals of a text of digits and a point, short enough to be exact; -1 for any other. */
function plainText(bytes: Uint8Array, from: number, to: number): number {
  let point = to - 1
  let digits = 0
  for (let at = from; at < to; at++) {
    const byte = bytes[at] ?? 0
    if (byte === POINT && point === to - 1) point = at
    else if (byte >= ZERO && byte <= NINE) digits++
    else return -1
  }
  return digits === 0 || digits > 15 ? -1 : to - 1 - point
}

function plainUnits(bytes: Uint8Array, from: number, to: number): number {
  let units = 0
  for (let at = from; at < to; at++) {
    const byte = bytes[at] ?? 0
    if (byte !== POINT) units = units * 10 + byte - ZERO
  }
  return units
}

/** The same numbers in the lowest scale from `atLeast` on in which they are whole. */
function reduced(units: Float64Array, scale: number, atLeast: number): Omit<Scaled, 'decimals'> {
  let to = atLeast
  for (let row = 0; row < units.length && to < scale; row++)
    while (to < scale && (units[row] ?? 0) % (POWERS[scale - to] ?? 1) !== 0) to++
  const factor = POWERS[Math.abs(scale - to)] ?? NaN
  if (to === scale) return { units, scale }
  const isLower = to < scale
  const other = units.map((value) => (isLower ? value / factor : value * factor))
  if (isLower || other.every((value) => value < Number.MAX_SAFE_INTEGER))
    return { units: other, scale: to }
  return { units, scale }
}

function exactly(rows: number, atLeast: number, read: (row: number) => Exact): Scaled {
  const values = Array.from({ length: rows }, (_, row) => read(row))
  const scale = values.reduce((most, value) => Math.max(most, value.scale), atLeast)
  const units = values.map((value) => value.units * 10n ** BigInt(scale - value.scale))
  return { units, scale, decimals: scale }
}

/** Below 0, 0 or above 0. */
export function compareAmounts(a: Amount, b: Amount): number {
  if (a.scale === b.scale) return a.units < b.units ? -1 : a.units > b.units ? 1 : 0
  const scale = Math.max(a.scale, b.scale)
  const [x, y] = [inScale(exactAmount(a), scale), inScale(exactAmount(b), scale)]
  return x < y ? -1 : x > y ? 1 : 0
}

/** The number as {@link Exact}. */
export function exactAmount({ units, scale }: Amount): Exact {
  return { units: BigInt(units), scale }
}

function inScale({ units, scale }: Exact, wanted: number): bigint {
  return units * 10n ** BigInt(wanted - scale)
}
