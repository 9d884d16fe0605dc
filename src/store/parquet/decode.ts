/** Decodes the values of a page, or of a dictionary, into the same typed arrays that they were encoded from. */

import { readRleBitPackedHybrid } from 'hyparquet/src/encoding.js'
import { decodeDelta } from './delta-decode.ts'
import type { Encoding } from './encode.ts'
import { FIXED_BYTES, type Physical } from './shape.ts'
import {
  wordsEach,
  type FlagValues,
  type TextValues,
  type Values,
  type WordValues,
} from './values.ts'

/** What the values of one page are decoded by. */
type PageContent = {
  readonly encoding: Encoding
  readonly count: number
  readonly dictionary: Values | undefined
}

/**
 * Decodes `count` values.
 *
 * @throws RangeError when the bytes are not those of so many values.
 */
export function decodeValues(physical: Physical, bytes: Uint8Array, content: PageContent): Values {
  const { encoding, count, dictionary } = content
  // A chunk has a dictionary when all its pages use it, and not otherwise.
  if ((encoding === 'RLE_DICTIONARY') !== (dictionary !== undefined)) {
    throw new RangeError(`encoding ${encoding} where another is due`)
  }
  if (dictionary !== undefined) return gather(dictionary, decodeIndices(bytes, count))
  if (physical === 'BOOLEAN' && encoding === 'RLE') return decodeFlags(bytes, count)
  if (physical === 'INT64' && encoding === 'DELTA_BINARY_PACKED') {
    return { kind: 'ints', count, words: decodeDelta(bytes, count) }
  }
  if (encoding !== 'PLAIN') throw new RangeError(`encoding ${encoding} where another is due`)
  return decodePlain(physical, bytes, count)
}

/** Decodes PLAIN values, the entries of a dictionary among them. */
export function decodePlain(physical: Physical, bytes: Uint8Array, count: number): Values {
  switch (physical) {
    case 'INT64':
      return { kind: 'ints', count, words: plainWords(bytes, count) }
    case 'DOUBLE':
      return { kind: 'doubles', count, words: plainWords(bytes, count) }
    case 'FIXED_LEN_BYTE_ARRAY':
      return { kind: 'wides', count, words: plainWides(bytes, count) }
    case 'BYTE_ARRAY':
      return plainTexts(bytes, count)
    case 'BOOLEAN':
      throw new RangeError('booleans in an encoding that is not written')
  }
}

/** Definition levels of `count` rows: 1 for a value, 0 for null. */
export function decodeLevels(bytes: Uint8Array, count: number): Uint8Array {
  const levels = new Uint8Array(count)
  if (decodeHybrid(bytes, 1, levels) !== bytes.byteLength)
    throw new RangeError('levels are left over')
  return levels
}

function decodeHybrid(bytes: Uint8Array, width: number, out: Uint8Array | Int32Array): number {
  if (out.length === 0) return bytes.byteLength
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const reader = { view, offset: 0 }
  // The reader trusts the length that it is given; it must not run past the end to find all numbers either.
  readRleBitPackedHybrid(reader, width, out, bytes.byteLength)
  return reader.offset
}

function decodeIndices(bytes: Uint8Array, count: number): Int32Array {
  const width = bytes[0] ?? 0
  if (width < 1 || width > 24) throw new RangeError(`indices of ${width} bits`)
  const indices = new Int32Array(count)
  decodeHybrid(bytes.subarray(1), width, indices)
  return indices
}

function decodeFlags(bytes: Uint8Array, count: number): FlagValues {
  const size = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0, true)
  if (size !== bytes.byteLength - 4) throw new RangeError('booleans of another length')
  const flags = new Uint8Array(count)
  decodeHybrid(bytes.subarray(4), 1, flags)
  return { kind: 'flags', count, flags }
}

function plainWords(bytes: Uint8Array, count: number): Int32Array {
  expectBytes(bytes, count * 8)
  // A copy, since pages lie wherever the ones before end; and not by `slice`, which copies nothing of a Buffer.
  const words = new Int32Array(count * 2)
  new Uint8Array(words.buffer).set(bytes)
  return words
}

function plainWides(bytes: Uint8Array, count: number): Int32Array {
  expectBytes(bytes, count * FIXED_BYTES)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const words = new Int32Array(count * 4)
  for (let at = 0; at < words.length; at += 4) {
    words[at] = view.getInt32(at * 4 + 12)
    words[at + 1] = view.getInt32(at * 4 + 8)
    words[at + 2] = view.getInt32(at * 4 + 4)
    words[at + 3] = view.getInt32(at * 4)
  }
  return words
}

function plainTexts(bytes: Uint8Array, count: number): TextValues {
  if (count * 4 > bytes.byteLength) throw new RangeError('fewer bytes than texts have lengths')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const offsets = new Int32Array(count + 1)
  const out = new Uint8Array(bytes.byteLength - count * 4)
  let at = 0
  for (let i = 0; i < count; i++) {
    const size = view.getUint32(at, true)
    at += 4
    if (at + size > bytes.byteLength) throw new RangeError('a text ends outside its page')
    const start = offsets[i] as number
    for (let n = 0; n < size; n++) out[start + n] = bytes[at + n] as number
    at += size
    offsets[i + 1] = start + size
  }
  expectBytes(bytes, at)
  return { kind: 'texts', count, bytes: out, offsets }
}

function expectBytes(bytes: Uint8Array, sizeBytes: number): void {
  if (bytes.byteLength === sizeBytes) return
  throw new RangeError(`${bytes.byteLength} bytes where ${sizeBytes} are due`)
}

function gather(dictionary: Values, indices: Int32Array): Values {
  for (const index of indices) {
    if (index >= dictionary.count) throw new RangeError('an index outside its dictionary')
  }
  if (dictionary.kind === 'texts') return gatherTexts(dictionary, indices)
  if (dictionary.kind === 'flags') throw new RangeError('a dictionary of booleans')
  return gatherWords(dictionary, indices)
}

function gatherWords({ kind, words }: WordValues, indices: Int32Array): WordValues {
  const width = wordsEach(kind)
  const out = new Int32Array(indices.length * width)
  for (let i = 0; i < indices.length; i++) {
    const entry = (indices[i] as number) * width
    for (let n = 0; n < width; n++) out[i * width + n] = words[entry + n] as number
  }
  return { kind, count: indices.length, words: out }
}

function gatherTexts({ bytes, offsets }: TextValues, indices: Int32Array): TextValues {
  const outOffsets = new Int32Array(indices.length + 1)
  for (let i = 0; i < indices.length; i++) {
    const entry = indices[i] as number
    const size = (offsets[entry + 1] as number) - (offsets[entry] as number)
    outOffsets[i + 1] = (outOffsets[i] as number) + size
  }
  const out = new Uint8Array(outOffsets[indices.length] as number)
  for (let i = 0; i < indices.length; i++) {
    const entry = indices[i] as number
    const start = offsets[entry] as number
    const end = offsets[entry + 1] as number
    for (let n = start, at = outOffsets[i] as number; n < end; n++) out[at++] = bytes[n] as number
  }
  return { kind: 'texts', count: indices.length, bytes: out, offsets: outOffsets }
}
