/** How columns lie in memory: what comparing and copying rows needs, whatever the values mean. */

import { DataType, type Data } from 'apache-arrow'

/** The values of a column. */
export type Values =
  | {
      /** Fixed width: `width` 32-bit words a row, so that comparing words compares bits. */
      readonly kind: 'words'
      readonly words: Int32Array
      readonly width: number
    }
  | {
      /** Booleans; row `i` is bit `offset + i`. */
      readonly kind: 'bits'
      readonly bits: Uint8Array
      readonly offset: number
    }
  | {
      /** UTF-8; row `i` is `bytes[offsets[i], offsets[i + 1])`. */
      readonly kind: 'text'
      readonly offsets: Int32Array
      readonly bytes: Uint8Array
    }

/** A column in memory. */
export type Layout = Values & {
  /** `undefined` when no row is null; else row `i` is null when bit `offset + i` is 0. */
  readonly valid: { readonly bits: Uint8Array; readonly offset: number } | undefined
}

/** The layout of a column; views, not copies. */
export function layoutOf(data: Data): Layout {
  const valid = data.nullCount > 0 ? { bits: data.nullBitmap, offset: data.offset } : undefined
  return { ...valuesOf(data), valid }
}

function valuesOf(data: Data): Values {
  const type: unknown = data.type
  if (DataType.isUtf8(type))
    return {
      kind: 'text',
      offsets: data.valueOffsets as Int32Array,
      bytes: data.values as Uint8Array,
    }
  if (DataType.isBool(type))
    return { kind: 'bits', bits: data.values as Uint8Array, offset: data.offset }
  const { buffer, byteOffset, byteLength } = data.values as Uint32Array
  const words = new Int32Array(buffer, byteOffset, byteLength / Int32Array.BYTES_PER_ELEMENT)
  return { kind: 'words', words, width: DataType.isDecimal(type) ? 4 : 2 }
}

/** Is row `row` null? */
export function isNull({ valid }: Layout, row: number): boolean {
  return valid !== undefined && !hasBit(valid.bits, valid.offset + row)
}

/** Is bit `index` set? */
export function hasBit(bits: Uint8Array, index: number): boolean {
  return (((bits[index >> 3] ?? 0) >> (index & 7)) & 1) === 1
}

/** Sets bit `index`. */
export function setBit(bits: Uint8Array, index: number): void {
  bits[index >> 3] = (bits[index >> 3] ?? 0) | (1 << (index & 7))
}

/**
 * Is row `i` of `a` the same as row `j` of `b`: bit for bit, byte for byte, null for null? Columns of the same type.
 */
export function isSame(a: Layout, i: number, b: Layout, j: number): boolean {
  const isNullA = isNull(a, i)
  if (isNullA || isNull(b, j)) return isNullA && isNull(b, j)
  if (a.kind === 'words' && b.kind === 'words') return isSameWords(a, i, b, j)
  if (a.kind === 'bits' && b.kind === 'bits')
    return hasBit(a.bits, a.offset + i) === hasBit(b.bits, b.offset + j)
  if (a.kind === 'text' && b.kind === 'text') return isSameText(a, i, b, j)
  throw new RangeError(`columns of different kinds: ${a.kind} and ${b.kind}`)
}

type Words = Extract<Values, { kind: 'words' }>
type Text = Extract<Values, { kind: 'text' }>

function isSameWords(a: Words, i: number, b: Words, j: number): boolean {
  const { width } = a
  for (let word = 0; word < width; word++)
    if (a.words[i * width + word] !== b.words[j * width + word]) return false
  return true
}

function isSameText(a: Text, i: number, b: Text, j: number): boolean {
  const from = a.offsets[i] ?? 0
  const other = b.offsets[j] ?? 0
  const length = (a.offsets[i + 1] ?? 0) - from
  if ((b.offsets[j + 1] ?? 0) - other !== length) return false
  for (let at = 0; at < length; at++) if (a.bytes[from + at] !== b.bytes[other + at]) return false
  return true
}
