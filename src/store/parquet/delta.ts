/**
 * DELTA_BINARY_PACKED for 64-bit integers: blocks of differences, each less the block's smallest, bit-packed. Works on
 * pairs of 32-bit words and doubles, which are exact as long as neighbours differ by less than 2^52.
 */

import { intAt } from './values.ts'

const BLOCK = 128
const MINIBLOCKS = 4
const MINIBLOCK = BLOCK / MINIBLOCKS
const WORD = 2 ** 32

/** Differences from here on could lose bits once they are taken from each other. */
const DELTA_LIMIT = 2 ** 52

/** Bytes of block header: a zigzag number of 53 bits and a width for each miniblock. */
const HEADER_BYTES = 8 + MINIBLOCKS
/** Bytes of page header: 128, 4, the count, the first value. */
const START_BYTES = 2 + 1 + 5 + 10

// Shared by all chunks, since encoding never waits: what is not needed at the end is not made anew for each page.
const deltas = new Float64Array(BLOCK)
let out = new Uint8Array(0)
let view = new DataView(out.buffer)

/**
 * Encodes values `[from, to)` of `words`, at least one.
 *
 * @returns `undefined` when two neighbours differ by 2^52 or more; another encoding has to do then.
 * @see {@link https://github.com/apache/parquet-format/blob/apache-parquet-format-2.11.0/Encodings.md}
 */
export function encodeDelta(words: Int32Array, from: number, to: number): Uint8Array | undefined {
  const blocks = Math.ceil((to - from - 1) / BLOCK)
  makeRoom(START_BYTES + blocks * (HEADER_BYTES + BLOCK * 8))
  let at = writeNumber(0, BLOCK)
  at = writeNumber(at, MINIBLOCKS)
  at = writeNumber(at, to - from)
  at = writeZigzagBigInt(at, intAt(words, from))
  for (let i = from + 1; i < to; i += BLOCK) {
    const count = Math.min(BLOCK, to - i)
    const least = takeDeltas(words, i, count)
    if (least === undefined) return undefined
    at = writeNumber(at, least < 0 ? -2 * least - 1 : 2 * least)
    at = packBlock(at, count)
  }
  return out.slice(0, at)
}

function makeRoom(sizeBytes: number): void {
  if (sizeBytes <= out.length) return
  out = new Uint8Array(sizeBytes)
  view = new DataView(out.buffer)
}

/** Fills `deltas` with differences less their smallest, which it gives. */
function takeDeltas(words: Int32Array, first: number, count: number): number | undefined {
  let least = Infinity
  let most = -Infinity
  let low = (words[first * 2 - 2] as number) >>> 0
  let high = words[first * 2 - 1] as number
  for (let i = 0, at = first * 2; i < count; i++, at += 2) {
    const nextLow = (words[at] as number) >>> 0
    const nextHigh = words[at + 1] as number
    const delta = (nextHigh - high) * WORD + (nextLow - low)
    if (delta < least) least = delta
    if (delta > most) most = delta
    deltas[i] = delta
    low = nextLow
    high = nextHigh
  }
  if (least <= -DELTA_LIMIT || most >= DELTA_LIMIT) return undefined
  for (let i = 0; i < count; i++) deltas[i] = (deltas[i] as number) - least
  // What is missing from the last block reads as its smallest difference.
  deltas.fill(0, count)
  return least
}

/** Writes the widths of the miniblocks of `deltas`, then their bits. Those without a value have neither width nor bits. */
function packBlock(at: number, count: number): number {
  let body = at + MINIBLOCKS
  for (let m = 0; m < MINIBLOCKS; m++) {
    const from = m * MINIBLOCK
    const width = from < count ? widthOf(from) : 0
    view.setUint8(at + m, width)
    if (width === 0) continue
    if (width <= 32) packNarrow(body, from, width)
    else packWide(body, from, width)
    body += (MINIBLOCK / 8) * width
  }
  return body
}

function widthOf(from: number): number {
  let most = 0
  for (let i = from; i < from + MINIBLOCK; i++) {
    const delta = deltas[i] as number
    if (delta > most) most = delta
  }
  return most < WORD ? 32 - Math.clz32(most) : 64 - Math.clz32(most / WORD)
}

// 32 numbers of n bits are n words of 32 bits, so the bits are written a word at a time.
function packNarrow(at: number, from: number, width: number): void {
  let bits = 0
  let held = 0
  for (let i = from; i < from + MINIBLOCK; i++) {
    // Above 2^31 the number turns negative; its bits are the same.
    const number = (deltas[i] as number) | 0
    bits |= number << held
    held += width
    if (held < 32) continue
    view.setInt32(at, bits, true)
    at += 4
    held -= 32
    bits = held === 0 ? 0 : number >>> (width - held)
  }
}

function packWide(at: number, from: number, width: number): void {
  let bits = 0
  let held = 0
  const put = (number: number, size: number): void => {
    bits |= number << held
    held += size
    if (held < 32) return
    view.setInt32(at, bits, true)
    at += 4
    held -= 32
    bits = held === 0 ? 0 : number >>> (size - held)
  }
  for (let i = from; i < from + MINIBLOCK; i++) {
    const delta = deltas[i] as number
    put((delta % WORD) | 0, 32)
    put(Math.floor(delta / WORD), width - 32)
  }
}

/** Writes a number from 0 to 2^53, 7 bits a byte. */
function writeNumber(at: number, number: number): number {
  let rest = number
  while (rest >= 0x80) {
    out[at++] = (rest % 0x80) | 0x80
    rest = Math.floor(rest / 0x80)
  }
  out[at++] = rest
  return at
}

function writeZigzagBigInt(at: number, value: bigint): number {
  let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n))
  while (rest > 0x7fn) {
    out[at++] = Number(rest & 0x7fn) | 0x80
    rest >>= 7n
  }
  out[at++] = Number(rest)
  return at
}
