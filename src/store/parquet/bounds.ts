/** Smallest and largest values, in the order that Parquet defines for each type, and the bytes that state them. */

import { bytesOfWords, type TextValues, type Values, type WordValues } from './values.ts'

/** Indices of a smallest and a largest value. */
export type Extremes = { readonly min: number; readonly max: number }

/**
 * The smallest and largest of values `[from, to)`; `undefined` when there is none to compare: no value at all, or
 * NaNs only, which Parquet's statistics leave out.
 */
export function extremes(values: Values, from: number, to: number): Extremes | undefined {
  if (values.kind === 'doubles') return doubleExtremes(doublesOf(values), from, to)
  if (from === to) return undefined
  if (values.kind === 'ints') return intExtremes(values.words, from, to)
  let min = from
  let max = from
  for (let i = from + 1; i < to; i++) {
    if (compareAt(values, i, min) < 0) min = i
    else if (compareAt(values, i, max) > 0) max = i
  }
  return { min, max }
}

/** Compares two values by index: negative, zero or positive. Doubles must not be NaN. */
export function compareAt(values: Values, a: number, b: number): number {
  switch (values.kind) {
    case 'ints':
      return compareWords(values.words, a, b, 2)
    case 'wides':
      return compareWords(values.words, a, b, 4)
    case 'doubles': {
      const doubles = doublesOf(values)
      return (doubles[a] as number) - (doubles[b] as number) || 0
    }
    case 'texts':
      return compareTexts(values, a, b)
    case 'flags':
      return (values.flags[a] as number) - (values.flags[b] as number)
  }
}

/**
 * The bytes of value `index` as a bound: PLAIN, without a length. A zero is written as -0 for a smallest and +0 for a
 * largest value, since readers may tell them apart.
 */
export function boundBytes(values: Values, index: number, end: 'min' | 'max'): Uint8Array {
  switch (values.kind) {
    case 'ints':
      return new Uint8Array(bytesOfWords(values.words, index * 2, index * 2 + 2))
    case 'wides':
      return new Uint8Array(bytesOfWords(values.words, index * 4, index * 4 + 4)).reverse()
    case 'doubles': {
      const value = doublesOf(values)[index] as number
      const bound = value !== 0 ? value : end === 'min' ? -0 : 0
      return new Uint8Array(Float64Array.of(bound).buffer)
    }
    case 'texts':
      return new Uint8Array(values.bytes.subarray(values.offsets[index], values.offsets[index + 1]))
    case 'flags':
      return Uint8Array.of(values.flags[index] as number)
  }
}

/** Longest text in a page index, in bytes; there, bounds need not be values themselves. */
const INDEX_TEXT_BYTES = 64

/** A text that is not larger than `bound`, short enough for a page index. */
export function shortenMin(bound: Uint8Array): Uint8Array {
  return bound.length <= INDEX_TEXT_BYTES
    ? bound
    : new Uint8Array(bound.subarray(0, characterStart(bound)))
}

/** A text that is not smaller than `bound`, short enough for a page index where one exists. */
export function shortenMax(bound: Uint8Array): Uint8Array {
  if (bound.length <= INDEX_TEXT_BYTES) return bound
  // The next larger text of the same or a shorter length: the last ASCII character that has a successor gets it.
  for (let end = characterStart(bound); end > 0; end--) {
    const last = bound[end - 1] as number
    if (last >= 0x7f) continue
    const shortened = new Uint8Array(bound.subarray(0, end))
    shortened[end - 1] = last + 1
    return shortened
  }
  return bound
}

/** Where the character begins that the cut would fall into. */
function characterStart(text: Uint8Array): number {
  let start = INDEX_TEXT_BYTES
  while (start > 0 && ((text[start] as number) & 0xc0) === 0x80) start--
  return start
}

/** Is no 64-bit integer smaller than the one before it? */
export function isAscending(words: Int32Array, count: number): boolean {
  for (let i = 1; i < count; i++) {
    const rise = (words[i * 2 + 1] as number) - (words[i * 2 - 1] as number)
    if (rise < 0) return false
    if (rise === 0 && (words[i * 2] as number) >>> 0 < (words[i * 2 - 2] as number) >>> 0)
      return false
  }
  return true
}

/** The values of a chunk of doubles. */
function doublesOf({ words, count }: WordValues): Float64Array {
  return new Float64Array(words.buffer, words.byteOffset, count)
}

function intExtremes(words: Int32Array, from: number, to: number): Extremes {
  let min = from
  let max = from
  let minHigh = words[from * 2 + 1] as number
  let minLow = (words[from * 2] as number) >>> 0
  let maxHigh = minHigh
  let maxLow = minLow
  for (let i = from + 1; i < to; i++) {
    const high = words[i * 2 + 1] as number
    const low = (words[i * 2] as number) >>> 0
    if (high < minHigh || (high === minHigh && low < minLow)) {
      min = i
      minHigh = high
      minLow = low
    } else if (high > maxHigh || (high === maxHigh && low > maxLow)) {
      max = i
      maxHigh = high
      maxLow = low
    }
  }
  return { min, max }
}

function doubleExtremes(doubles: Float64Array, from: number, to: number): Extremes | undefined {
  let min = -1
  let max = -1
  let least = Infinity
  let most = -Infinity
  for (let i = from; i < to; i++) {
    const value = doubles[i] as number
    // Not `<` and `>`: all values may be infinite.
    if (value <= least) {
      min = i
      least = value
    }
    if (value >= most) {
      max = i
      most = value
    }
  }
  return min < 0 ? undefined : { min, max }
}

/** Highest word signed, the others unsigned. */
function compareWords(words: Int32Array, a: number, b: number, width: 2 | 4): number {
  const top = (words[a * width + width - 1] as number) - (words[b * width + width - 1] as number)
  if (top !== 0) return top
  for (let n = width - 2; n >= 0; n--) {
    const rest = ((words[a * width + n] as number) >>> 0) - ((words[b * width + n] as number) >>> 0)
    if (rest !== 0) return rest
  }
  return 0
}

/** By unsigned bytes, which is the order of code points. */
function compareTexts({ bytes, offsets }: TextValues, a: number, b: number): number {
  const from = offsets[a] as number
  const other = offsets[b] as number
  const size = (offsets[a + 1] as number) - from
  const otherSize = (offsets[b + 1] as number) - other
  const common = Math.min(size, otherSize)
  for (let i = 0; i < common; i++) {
    const rest = (bytes[from + i] as number) - (bytes[other + i] as number)
    if (rest !== 0) return rest
  }
  return size - otherSize
}
