/**
 * The present values of one column chunk, side by side in typed arrays. 64-bit values are looked at as pairs of
 * little-endian 32-bit words and 128-bit ones as four, so that no loop makes a BigInt.
 */

/** 64-bit integers, doubles, or 128-bit integers: `words` has 2, 2 or 4 for each value, the lowest first. */
export type WordValues = {
  readonly kind: 'ints' | 'doubles' | 'wides'
  readonly count: number
  readonly words: Int32Array
}

/** UTF-8 text: value `i` is `bytes[offsets[i]]` up to, not including, `bytes[offsets[i + 1]]`. */
export type TextValues = {
  readonly kind: 'texts'
  readonly count: number
  readonly bytes: Uint8Array
  readonly offsets: Int32Array
}

/** Booleans, one byte each, 0 or 1. */
export type FlagValues = {
  readonly kind: 'flags'
  readonly count: number
  readonly flags: Uint8Array
}

/** All values of a column chunk that are not null, in the order of their rows. */
export type Values = WordValues | TextValues | FlagValues

/** How many 32-bit words a value has. */
export function wordsEach(kind: WordValues['kind']): 2 | 4 {
  return kind === 'wides' ? 4 : 2
}

/** The bytes of `words[from, to)` as they lie in memory, which is little-endian wherever Node runs; a view. */
export function bytesOfWords(words: Int32Array, from: number, to: number): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset + from * 4, (to - from) * 4)
}

/** A 128-bit integer from its four words. */
export function wideAt(words: Int32Array, index: number): bigint {
  const word = (n: number): bigint => BigInt((words[index * 4 + n] ?? 0) >>> 0) << BigInt(32 * n)
  return BigInt.asIntN(128, word(0) | word(1) | word(2) | word(3))
}

/** A 64-bit integer from its two words. */
export function intAt(words: Int32Array, index: number): bigint {
  const low = BigInt((words[index * 2] ?? 0) >>> 0)
  return (BigInt(words[index * 2 + 1] ?? 0) << 32n) | low
}
