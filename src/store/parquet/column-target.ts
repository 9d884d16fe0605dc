/** Decoded pages of a column, put in place as Arrow wants them: a slot for every row, a bit for every null. */

import { makeData, RecordBatch, Schema, Struct, type Data, type DataType } from 'apache-arrow'
import { fieldOf, type ColumnShape } from './shape.ts'
import type { FlagValues, TextValues, Values, WordValues } from './values.ts'

/** One column of a row group being read. */
export class ColumnTarget {
  readonly shape: ColumnShape
  readonly #length: number
  readonly #validity: Uint8Array
  #words: Int32Array = new Int32Array(0)
  #bits: Uint8Array = new Uint8Array(0)
  #offsets: Int32Array = new Int32Array(0)
  #text: Uint8Array = new Uint8Array(0)
  #rows = 0
  #nulls = 0

  /** @param length - rows of the row group. */
  constructor(shape: ColumnShape, length: number) {
    this.shape = shape
    this.#length = length
    this.#validity = shape.isNullable ? new Uint8Array((length + 7) >> 3) : new Uint8Array(0)
    const { physical } = shape
    if (physical === 'BYTE_ARRAY') this.#offsets = new Int32Array(length + 1)
    else if (physical === 'BOOLEAN') this.#bits = new Uint8Array((length + 7) >> 3)
    else this.#words = new Int32Array(length * (physical === 'FIXED_LEN_BYTE_ARRAY' ? 4 : 2))
  }

  /** Rows appended so far. */
  get rows(): number {
    return this.#rows
  }

  /** Rows that are still to come. */
  get rowsLeft(): number {
    return this.#length - this.#rows
  }

  /** Appends a page: `levels` has 1 for each row with a value and 0 for each null, or is absent when there is no null. */
  append(values: Values, rows: number, levels: Uint8Array | undefined): void {
    for (let i = 0; this.shape.isNullable && i < rows; i++) {
      if (levels?.[i] === 0) this.#nulls++
      else setBit(this.#validity, this.#rows + i)
    }
    if (values.kind === 'texts') this.#appendTexts(values, rows, levels)
    else if (values.kind === 'flags') this.#appendFlags(values, rows, levels)
    else this.#appendWords(values, rows, levels)
    this.#rows += rows
  }

  /** The column as Arrow data. */
  data(): Data {
    const type = fieldOf(this.shape).type as DataType
    const buffers = { data: this.#buffer(), valueOffsets: this.#offsets }
    const nulls = this.#nulls === 0 ? {} : { nullBitmap: this.#validity }
    const properties = { type, length: this.#length, nullCount: this.#nulls, ...buffers, ...nulls }
    // The overloads of makeData cannot follow a type that is chosen at run time.
    return makeData(properties as unknown as Parameters<typeof makeData>[0])
  }

  #buffer(): BigInt64Array | Float64Array | Uint32Array | Uint8Array {
    const { physical, logical } = this.shape
    switch (physical) {
      case 'INT64':
        return logical?.kind === 'decimal'
          ? widened(this.#words)
          : new BigInt64Array(this.#words.buffer)
      case 'DOUBLE':
        return new Float64Array(this.#words.buffer)
      case 'FIXED_LEN_BYTE_ARRAY':
        return new Uint32Array(this.#words.buffer)
      case 'BYTE_ARRAY':
        return this.#text.subarray(0, this.#offsets[this.#length])
      case 'BOOLEAN':
        return this.#bits
    }
  }

  #appendWords({ words, count }: WordValues, rows: number, levels: Uint8Array | undefined): void {
    const width = this.#words.length / this.#length
    if (levels === undefined) {
      this.#words.set(words.subarray(0, count * width), this.#rows * width)
      return
    }
    for (let i = 0, value = 0; i < rows; i++) {
      if (levels[i] === 0) continue
      const at = (this.#rows + i) * width
      for (let n = 0; n < width; n++) this.#words[at + n] = words[value * width + n] as number
      value++
    }
  }

  #appendFlags({ flags }: FlagValues, rows: number, levels: Uint8Array | undefined): void {
    for (let i = 0, value = 0; i < rows; i++) {
      if (levels?.[i] === 0) continue
      if (flags[value++] === 1) setBit(this.#bits, this.#rows + i)
    }
  }

  #appendTexts(texts: TextValues, rows: number, levels: Uint8Array | undefined): void {
    const { bytes, offsets, count } = texts
    const start = this.#offsets[this.#rows] as number
    const size = offsets[count] as number
    if (start + size > this.#text.length) {
      const grown = new Uint8Array(Math.max(start + size, this.#text.length * 2))
      grown.set(this.#text)
      this.#text = grown
    }
    this.#text.set(bytes.subarray(0, size), start)
    for (let i = 0, value = 0; i < rows; i++) {
      if (levels?.[i] !== 0) value++
      this.#offsets[this.#rows + i + 1] = start + (offsets[value] as number)
    }
  }
}

/** Columns of equal length as a record batch. */
export function recordBatch(targets: readonly ColumnTarget[], rows: number): RecordBatch {
  const fields = targets.map(({ shape }) => fieldOf(shape))
  const children = targets.map((target) => target.data())
  const data = makeData({ type: new Struct(fields), length: rows, nullCount: 0, children })
  return new RecordBatch(new Schema(fields), data)
}

/** Decimals as Arrow has them, 128 bits, from the 64 that are stored. */
function widened(words: Int32Array): Uint32Array {
  const wide = new Uint32Array(words.length * 2)
  for (let i = 0, at = 0; i < words.length; i += 2, at += 4) {
    const high = words[i + 1] as number
    wide[at] = words[i] as number
    wide[at + 1] = high
    wide[at + 2] = high >> 31
    wide[at + 3] = high >> 31
  }
  return wide
}

function setBit(bits: Uint8Array, index: number): void {
  bits[index >> 3] = (bits[index >> 3] as number) | (1 << (index & 7))
}
