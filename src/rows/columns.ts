/**
 * Growing typed columns. A decoder fills them row by row without making objects, and they become Arrow data without a
 * copy.
 *
 * Rows are written in order, each once, by index. {@link PageColumns.reserve} must have made room for them.
 */

import { DataType, type Data, type Decimal, type Schema } from 'apache-arrow'
import type { Dataset, Numbers } from '../binance/dataset.ts'
import { batchOf, columnOf, pageOf, type Buffers, type Frame } from './batch.ts'
import { wholeLimit, WORDS } from './decimal.ts'
import { hasBit, setBit } from './layout.ts'
import type { Page } from './page.ts'
import { schemaOf } from './schema.ts'

const WORD = 0x1_0000_0000

/** A column being filled. Rows are not null unless {@link Sink.putNull} says so. */
abstract class Sink {
  readonly #type: DataType
  #nulls: Uint8Array = new Uint8Array(0)
  #nullCount = 0

  constructor(type: DataType) {
    this.#type = type
  }

  /** Makes room for `rows` rows. */
  abstract reserve(rows: number): void
  /** The first `rows` rows. */
  protected abstract buffers(rows: number): Buffers

  putNull(row: number): void {
    this.#nulls = grown(this.#nulls, (row >> 3) + 1)
    setBit(this.#nulls, row)
    this.#nullCount++
  }

  /** The first `length` rows. The column must not be written to afterwards. */
  finish(length: number): Data {
    return columnOf(this.#type, this.buffers(length), this.#frame(length))
  }

  #frame(length: number): Frame {
    if (this.#nullCount === 0) return { length, nullCount: 0 }
    const nullBitmap = new Uint8Array((length + 7) >> 3)
    for (let row = 0; row < length; row++) if (!hasBit(this.#nulls, row)) setBit(nullBitmap, row)
    return { length, nullCount: this.#nullCount, nullBitmap }
  }
}

/** 64-bit integers and times. */
export class Int64Sink extends Sink {
  #values: BigInt64Array = new BigInt64Array(0)
  #halves: Int32Array = new Int32Array(0)

  override reserve(rows: number): void {
    this.#values = grown(this.#values, rows)
    this.#halves = new Int32Array(this.#values.buffer)
  }

  /** Writes a whole number that is exact as a double, without making a bigint. */
  put(row: number, value: number): void {
    this.#halves[row * 2] = value
    this.#halves[row * 2 + 1] = Math.floor(value / WORD)
  }

  /** Writes any 64-bit integer. */
  putBig(row: number, value: bigint): void {
    this.#values[row] = value
  }

  protected override buffers(rows: number): Buffers {
    return { data: trimmed(this.#values, rows) }
  }
}

/** Doubles. */
export class FloatSink extends Sink {
  values: Float64Array = new Float64Array(0)

  override reserve(rows: number): void {
    this.values = grown(this.values, rows)
  }

  protected override buffers(rows: number): Buffers {
    return { data: trimmed(this.values, rows) }
  }
}

/** Scaled 128-bit integers, at most `digitsMax` digits long. */
export class ScaledSink extends Sink {
  readonly digitsMax: number
  readonly wholeLimit: number
  words: Uint32Array = new Uint32Array(0)

  constructor(type: Decimal) {
    super(type)
    this.digitsMax = type.precision
    this.wholeLimit = wholeLimit(type.precision)
  }

  override reserve(rows: number): void {
    this.words = grown(this.words, rows * WORDS)
  }

  protected override buffers(rows: number): Buffers {
    return { data: trimmed(this.words, rows * WORDS) }
  }
}

/** Booleans, a bit each. */
export class FlagSink extends Sink {
  #bits: Uint8Array = new Uint8Array(0)

  override reserve(rows: number): void {
    this.#bits = grown(this.#bits, (rows + 7) >> 3)
  }

  put(row: number, value: boolean): void {
    const bit = 1 << (row & 7)
    const byte = this.#bits[row >> 3] ?? 0
    this.#bits[row >> 3] = value ? byte | bit : byte & ~bit
  }

  protected override buffers(rows: number): Buffers {
    return { data: trimmed(this.#bits, (rows + 7) >> 3) }
  }
}

// A loop is faster than a view for texts as short as numbers.
const SHORT_BYTES = 32

/** UTF-8 texts, one after the other. */
export class TextSink extends Sink {
  #offsets: Int32Array = new Int32Array(1)
  #bytes: Uint8Array = new Uint8Array(0)

  override reserve(rows: number): void {
    this.#offsets = grown(this.#offsets, rows + 1)
  }

  /** Writes `bytes[from, to)`, which must be UTF-8. */
  put(row: number, bytes: Uint8Array, from: number, to: number): void {
    const start = this.#offsets[row] ?? 0
    const end = start + to - from
    if (end > this.#bytes.length) this.#bytes = grown(this.#bytes, Math.max(end, 2 * start))
    const target = this.#bytes
    if (end - start > SHORT_BYTES) target.set(bytes.subarray(from, to), start)
    else for (let i = from, o = start; i < to; i++, o++) target[o] = bytes[i] ?? 0
    this.#offsets[row + 1] = end
  }

  override putNull(row: number): void {
    super.putNull(row)
    this.#offsets[row + 1] = this.#offsets[row] ?? 0
  }

  protected override buffers(rows: number): Buffers {
    const offsets = trimmed(this.#offsets, rows + 1)
    return { data: trimmed(this.#bytes, offsets[rows] ?? 0), offsets }
  }
}

/** Fills one column. */
export type ColumnSink = Int64Sink | FloatSink | ScaledSink | FlagSink | TextSink

function sinkOf(type: DataType): ColumnSink {
  if (DataType.isInt(type) || DataType.isTimestamp(type)) return new Int64Sink(type)
  if (DataType.isFloat(type)) return new FloatSink(type)
  if (DataType.isDecimal(type)) return new ScaledSink(type)
  if (DataType.isBool(type)) return new FlagSink(type)
  return new TextSink(type)
}

/** The columns of one page while it is being decoded. */
export class PageColumns {
  /** One for each column of the dataset, in its order. */
  readonly sinks: readonly ColumnSink[]
  readonly #dataset: Dataset
  readonly #schema: Schema
  #capacity = 0

  constructor(dataset: Dataset, numbers: Numbers, rows: number) {
    this.#dataset = dataset
    this.#schema = schemaOf(dataset, numbers)
    this.sinks = this.#schema.fields.map((field) => sinkOf(field.type as DataType))
    this.reserve(rows)
  }

  /** Makes room for `rows` rows. */
  reserve(rows: number): void {
    if (rows <= this.#capacity) return
    this.#capacity = Math.max(rows, this.#capacity * 2)
    for (const sink of this.sinks) sink.reserve(this.#capacity)
  }

  /** The first `rowCount` rows as a page. The columns must not be written to afterwards. */
  finish(rowCount: number): Page {
    const columns = this.sinks.map((sink) => sink.finish(rowCount))
    return pageOf(this.#dataset, batchOf(this.#schema, columns, rowCount))
  }
}

type TypedArray = BigInt64Array | Float64Array | Int32Array | Uint32Array | Uint8Array

/** `array` with room for `length` elements; the same array if it already has room. */
function grown<T extends TypedArray>(array: T, length: number): T {
  if (length <= array.length) return array
  const next = new (array.constructor as new (length: number) => T)(length)
  new Uint8Array(next.buffer).set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength))
  return next
}

/** The first `length` elements; a copy if a view would keep more than twice the memory alive. */
function trimmed<T extends TypedArray>(array: T, length: number): T {
  return (array.length > 2 * length ? array.slice(0, length) : array.subarray(0, length)) as T
}
