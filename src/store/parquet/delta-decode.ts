/** Reads DELTA_BINARY_PACKED back into pairs of 32-bit words, without BigInt where differences are below 2^52. */

import { deltaBinaryUnpack } from 'hyparquet/src/delta.js'

const WORD = 2 ** 32
const DELTA_LIMIT = 2 ** 52

type Cursor = { readonly view: DataView; offset: number }

/**
 * Decodes `count` 64-bit integers, two words each.
 *
 * @throws RangeError when `bytes` end too early, or hold more or other than `count` numbers.
 */
export function decodeDelta(bytes: Uint8Array, count: number): Int32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const cursor: Cursor = { view, offset: 0 }
  const block = readNumber(cursor)
  const miniblocks = readNumber(cursor)
  const each = block / miniblocks
  if (block % 128 !== 0 || each % 32 !== 0) throw new RangeError('impossible blocks of differences')
  if (readNumber(cursor) !== count) throw new RangeError('another number of values than announced')
  const words = new Int32Array(count * 2)
  if (count === 0) return words
  const first = readZigzag(cursor)
  words[0] = Number(BigInt.asIntN(32, first))
  words[1] = Number(BigInt.asIntN(32, first >> 32n))
  for (let at = 1; at < count; at += block) {
    if (!decodeBlock(cursor, words, at, { miniblocks, each })) return decodeExactly(bytes, count)
  }
  if (cursor.offset !== bytes.byteLength) throw new RangeError('bytes are left over')
  return words
}

/** Gives `false` when a double could not hold the differences exactly. */
function decodeBlock(
  cursor: Cursor,
  words: Int32Array,
  from: number,
  { miniblocks, each }: { readonly miniblocks: number; readonly each: number },
): boolean {
  const least = Number(readZigzag(cursor))
  const widths = cursor.offset
  cursor.offset += miniblocks
  const count = words.length / 2
  for (let m = 0; m < miniblocks; m++) {
    const start = from + m * each
    if (start >= count) break
    const width = cursor.view.getUint8(widths + m)
    if (width > 52 || Math.abs(least) >= DELTA_LIMIT) return false
    addDeltas(cursor, words, { from: start, to: Math.min(start + each, count), least, width })
    cursor.offset += (each / 8) * width
  }
  return true
}

type Miniblock = {
  readonly from: number
  readonly to: number
  readonly least: number
  readonly width: number
}

function addDeltas(
  { view, offset }: Cursor,
  words: Int32Array,
  { from, to, least, width }: Miniblock,
): void {
  let low = (words[from * 2 - 2] as number) >>> 0
  let high = words[from * 2 - 1] as number
  let bit = 0
  for (let i = from; i < to; i++) {
    const delta = least + readBits(view, offset, bit, width)
    bit += width
    const deltaHigh = Math.floor(delta / WORD)
    low += delta - deltaHigh * WORD
    const carry = low >= WORD ? 1 : 0
    low -= carry * WORD
    high = (high + deltaHigh + carry) | 0
    words[i * 2] = low
    words[i * 2 + 1] = high
  }
}

/** `width` bits, from bit `bit` after byte `offset`, the lowest first. */
function readBits(view: DataView, offset: number, bit: number, width: number): number {
  if (width === 0) return 0
  if (width <= 32) return readNarrow(view, offset, bit, width)
  const low = readNarrow(view, offset, bit, 32)
  return readNarrow(view, offset, bit + 32, width - 32) * WORD + low
}

function readNarrow(view: DataView, offset: number, bit: number, width: number): number {
  const at = offset + (bit >>> 5) * 4
  const shift = bit & 31
  let bits = view.getUint32(at, true) >>> shift
  if (shift + width > 32) bits |= view.getUint32(at + 4, true) << (32 - shift)
  return (width === 32 ? bits : bits & ((1 << width) - 1)) >>> 0
}

function decodeExactly(bytes: Uint8Array, count: number): Int32Array {
  const values = new BigInt64Array(count)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  deltaBinaryUnpack({ view, offset: 0 }, count, values)
  return new Int32Array(values.buffer)
}

function readNumber(cursor: Cursor): number {
  const number = Number(readVarint(cursor))
  if (number > 0x7fffffff) throw new RangeError('a number is too large')
  return number
}

function readZigzag(cursor: Cursor): bigint {
  const number = readVarint(cursor)
  return (number >> 1n) ^ -(number & 1n)
}

function readVarint(cursor: Cursor): bigint {
  let number = 0n
  for (let shift = 0n; shift < 70n; shift += 7n) {
    const byte = cursor.view.getUint8(cursor.offset++)
    number |= BigInt(byte & 0x7f) << shift
    if (byte < 0x80) return number
  }
  throw new RangeError('a number has no end')
}
