/** Growing typed arrays that collect the values of one column chunk out of Arrow data. */

import type { Data } from 'apache-arrow'
import { DataError } from '../../base/errors.ts'
import { INT64_DIGITS, type ColumnShape } from './shape.ts'
import { intAt, wideAt, wordsEach, type Values, type WordValues } from './values.ts'

/** Collects values; none of those that it is given may be null. */
export type ValueStore = {
  /** Copies the values of rows `[from, to)`. */
  append(data: Data, from: number, to: number): void
  /** What was collected: views that the next `append` or `clear` makes worthless. */
  values(): Values
  /** Forgets the values, keeps the memory. */
  clear(): void
}

/** Values that room is made for at first; most partitions of a quiet symbol stay below. */
const FIRST_VALUES = 1024

/** A store for the values of `shape`. */
export function valueStore(shape: ColumnShape): ValueStore {
  switch (shape.physical) {
    case 'INT64':
      return shape.logical?.kind === 'decimal'
        ? new NarrowingStore(shape.name, shape.logical.precision)
        : new WordStore('ints')
    case 'DOUBLE':
      return new WordStore('doubles')
    case 'FIXED_LEN_BYTE_ARRAY':
      return new WideStore(shape)
    case 'BYTE_ARRAY':
      return new TextStore(shape.name)
    case 'BOOLEAN':
      return new FlagStore()
  }
}

class WordStore implements ValueStore {
  readonly #kind: WordValues['kind']
  protected readonly width: 2 | 4
  protected words: Int32Array
  protected count = 0

  constructor(kind: WordValues['kind']) {
    this.#kind = kind
    this.width = wordsEach(kind)
    this.words = new Int32Array(FIRST_VALUES * this.width)
  }

  append(data: Data, from: number, to: number): void {
    const { width } = this
    this.reserve(to - from)
    this.words.set(wordsOf(data).subarray(from * width, to * width), this.count * width)
    this.count += to - from
  }

  values(): Values {
    const { count, width } = this
    return { kind: this.#kind, count, words: this.words.subarray(0, count * width) }
  }

  clear(): void {
    this.count = 0
  }

  protected reserve(more: number): void {
    const needed = (this.count + more) * this.width
    if (needed <= this.words.length) return
    const grown = new Int32Array(Math.max(needed, this.words.length * 2))
    grown.set(this.words)
    this.words = grown
  }
}

/** Decimals that Arrow holds in 128 bits and Parquet in 64. */
class NarrowingStore extends WordStore {
  readonly #name: string
  readonly #precision: number
  /** High words strictly between `-#high` and `#high` are inside the precision whatever the low word. */
  readonly #high: number

  constructor(name: string, precision: number) {
    super('ints')
    this.#name = name
    this.#precision = precision
    this.#high = Number((10n ** BigInt(precision)) >> 32n)
  }

  override append(data: Data, from: number, to: number): void {
    this.reserve(to - from)
    const { words } = this
    const source = wordsOf(data)
    const limit = this.#high
    let at = this.count * 2
    for (let i = from * 4; i < to * 4; i += 4) {
      const high = source[i + 1] as number
      const sign = high >> 31
      const isShort = source[i + 2] === sign && source[i + 3] === sign
      if (!isShort || high >= limit || high <= -limit) this.#check(source, i / 4, isShort)
      words[at] = source[i] as number
      words[at + 1] = high
      at += 2
    }
    this.count += to - from
  }

  #check(source: Int32Array, index: number, isShort: boolean): void {
    const isInside = isShort && digitsFit(intAt(source, index * 2), this.#precision)
    if (!isInside) throw tooLong(this.#name, this.#precision)
  }
}

/** Decimals of more than 18 digits. */
class WideStore extends WordStore {
  readonly #name: string
  readonly #precision: number
  readonly #high: number

  constructor({ name, logical }: ColumnShape) {
    super('wides')
    this.#name = name
    this.#precision = logical?.kind === 'decimal' ? logical.precision : INT64_DIGITS
    this.#high = Number((10n ** BigInt(this.#precision)) >> 96n)
  }

  override append(data: Data, from: number, to: number): void {
    const source = wordsOf(data)
    const limit = this.#high
    for (let i = from; i < to; i++) {
      const high = source[i * 4 + 3] as number
      const isClose = high >= limit || high <= -limit
      if (isClose && !digitsFit(wideAt(source, i), this.#precision)) {
        throw tooLong(this.#name, this.#precision)
      }
    }
    super.append(data, from, to)
  }
}

class TextStore implements ValueStore {
  readonly #name: string
  #bytes: Uint8Array = new Uint8Array(FIRST_VALUES * 8)
  #offsets: Int32Array = new Int32Array(FIRST_VALUES + 1)
  #count = 0

  constructor(name: string) {
    this.#name = name
  }

  append(data: Data, from: number, to: number): void {
    const source = data.valueOffsets as Int32Array
    const start = source[from] ?? 0
    const size = (source[to] ?? 0) - start
    const end = this.#offsets[this.#count] ?? 0
    this.#reserve(to - from, end + size)
    this.#bytes.set((data.values as Uint8Array).subarray(start, start + size), end)
    for (let i = from + 1; i <= to; i++) {
      this.#offsets[++this.#count] = (source[i] as number) - start + end
    }
  }

  values(): Values {
    const bytes = this.#bytes
    return { kind: 'texts', count: this.#count, bytes, offsets: this.#offsets }
  }

  clear(): void {
    this.#count = 0
  }

  #reserve(more: number, sizeBytes: number): void {
    if (sizeBytes > 0x7fffffff)
      throw new DataError(`column ${this.#name} has 2 GB of text in a row group`)
    if (sizeBytes > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(sizeBytes, this.#bytes.length * 2))
      grown.set(this.#bytes)
      this.#bytes = grown
    }
    const needed = this.#count + more + 1
    if (needed <= this.#offsets.length) return
    const grown = new Int32Array(Math.max(needed, this.#offsets.length * 2))
    grown.set(this.#offsets)
    this.#offsets = grown
  }
}

class FlagStore implements ValueStore {
  #flags: Uint8Array = new Uint8Array(FIRST_VALUES)
  #count = 0

  append(data: Data, from: number, to: number): void {
    const needed = this.#count + to - from
    if (needed > this.#flags.length) {
      const grown = new Uint8Array(Math.max(needed, this.#flags.length * 2))
      grown.set(this.#flags)
      this.#flags = grown
    }
    const bits = data.values as Uint8Array
    // A slice of booleans keeps its bits in place and moves the offset instead.
    for (let i = data.offset + from; i < data.offset + to; i++) {
      this.#flags[this.#count++] = ((bits[i >> 3] as number) >> (i & 7)) & 1
    }
  }

  values(): Values {
    return { kind: 'flags', count: this.#count, flags: this.#flags }
  }

  clear(): void {
    this.#count = 0
  }
}

function wordsOf(data: Data): Int32Array {
  const { buffer, byteOffset, byteLength } = data.values as
    BigInt64Array | Float64Array | Uint32Array
  return new Int32Array(buffer, byteOffset, byteLength / 4)
}

function digitsFit(value: bigint, precision: number): boolean {
  const limit = 10n ** BigInt(precision)
  return -limit < value && value < limit
}

function tooLong(name: string, precision: number): DataError {
  return new DataError(`column ${name} has a number of more than ${precision} digits`, {
    hint: 'It cannot be stored exactly as a decimal; use `numbers: string` for this dataset.',
  })
}
