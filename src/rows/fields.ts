/** The JSON fields of a dataset's rows: how each is written, and how its value gets into its column. */

import { columnIndex, type Column, type Dataset } from '../binance/dataset.ts'
import type { ColumnSink, FlagSink, Int64Sink, PageColumns, TextSink } from './columns.ts'
import { valueEnd } from './json.ts'
import {
  IntegerReader,
  TextReader,
  TimeReader,
  type TimeUnit,
  type ValueReader,
  numberReader,
} from './value.ts'

const QUOTE = 0x22

/** How a field's value is written: as a string, or as a bare number or literal. */
type Form = 'quoted' | 'bare'

/** One field of a row. */
export class JsonField {
  /** The key in an object, or the index in an array. */
  readonly name: string | number
  /** The key as normally written, with its quotes and colon. */
  readonly keyBytes: Uint8Array
  /** For messages: `p (price)`, `8 (trade_count)`. */
  readonly label: string
  /** One bit, so that the fields of a row form a set; none for a field that may be missing or repeated. */
  readonly bit: number
  readonly isRequired: boolean
  readonly #isQuoted: boolean
  readonly #mayBeQuoted: boolean
  readonly #reader: ValueReader
  readonly #sink: ColumnSink | undefined
  /** The values that mean null, as JSON. */
  readonly #nulls: readonly string[]

  constructor(
    name: string | number,
    bit: number,
    { form, reader }: { form: Form; reader: ValueReader },
    stored?: { column: Column; sink: ColumnSink },
  ) {
    this.name = name
    this.keyBytes = new TextEncoder().encode(`${JSON.stringify(name)}:`)
    this.label = stored === undefined ? String(name) : `${name} (${stored.column.name})`
    this.bit = bit
    this.isRequired = stored !== undefined && stored.column.nullable !== true
    this.#isQuoted = form === 'quoted'
    this.#mayBeQuoted = stored?.column.type === 'time' || stored?.column.isBare === true
    this.#reader = reader
    this.#sink = stored?.sink
    this.#nulls = stored === undefined ? [] : nullsOf(stored.column)
  }

  /** Reads the value that begins at `at` into `row`. Returns where it ends; -1 when it is null, escaped or wrong. */
  read(bytes: Uint8Array, at: number, row: number): number {
    if (!this.#isQuoted) return this.#reader.read(bytes, at, row)
    if ((bytes[at] ?? 0) !== QUOTE) return -1
    const end = this.#reader.read(bytes, at + 1, row)
    return end >= 0 && (bytes[end] ?? 0) === QUOTE ? end + 1 : -1
  }

  /** Reads any JSON value into `row`; returns why it is refused, or `undefined` when it is not. */
  readJson(json: string, row: number): string | undefined {
    if (this.#nulls.includes(json)) {
      this.putAbsent(row)
      return undefined
    }
    // Some times were sent as texts until 2026-07 (derivatives, change log), as other numbers are.
    const digits = this.#mayBeQuoted ? /^"([\d.-]+)"$/.exec(json)?.[1] : undefined
    if (digits !== undefined && this.#reader.readText(digits, row)) return undefined
    if (!this.#isQuoted) return this.#reader.problem(json)
    if (!json.startsWith('"')) return 'not a string'
    const text = JSON.parse(json) as string
    return this.#reader.readText(text, row) ? undefined : this.#reader.problem(text)
  }

  /** Records that `row` has no such field. */
  putAbsent(row: number): void {
    this.#sink?.putNull(row)
  }
}

/**
 * The values that mean null in a nullable column. An order that is not working yet has a `workingTime` of -1
 * (rest-api.md, responses of the order list endpoints).
 */
function nullsOf({ type, nullable, isOfOneSource }: Column): readonly string[] {
  if (nullable !== true) return []
  // Of a number that there is none of, an empty text is sent.
  if (isOfOneSource === true || type === 'price' || type === 'quantity') return ['null', '""']
  return type === 'time' ? ['null', '-1'] : ['null']
}

// As big-endian words.
const TRUE = 0x74727565
const FALS = 0x66616c73
const LOWER_E = 0x65

class FlagReader implements ValueReader {
  readonly #sink: FlagSink

  constructor(sink: FlagSink) {
    this.#sink = sink
  }

  read(bytes: Uint8Array, at: number, row: number): number {
    const word = wordAt(bytes, at)
    const isTrue = word === TRUE
    if (!isTrue && (word !== FALS || bytes[at + 4] !== LOWER_E)) return -1
    this.#sink.put(row, isTrue)
    return isTrue ? at + 4 : at + 5
  }

  readText(): boolean {
    return false
  }

  problem(): string {
    return 'not true or false'
  }
}

function wordAt(bytes: Uint8Array, at: number): number {
  const high = ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)
  return (high << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0)
}

/** Skips any value; for fields that are known and not stored. */
const skipper: ValueReader = {
  // Not `valueEnd` itself, whose third parameter is not a row.
  read: (bytes, at) => valueEnd(bytes, at),
  readText: () => false,
  problem: () => 'not a value',
}

/** An unknown field: skipped from then on, as fast as a known one. */
export function unknownField(name: string | number): JsonField {
  return new JsonField(name, 0, { form: 'bare', reader: skipper })
}

/**
 * The fields of `dataset`, at most 31. For arrays in the order of their indices, without a gap; for objects in column
 * order, followed by the ignored ones.
 */
export function fieldsOf(
  dataset: Dataset,
  columns: PageColumns,
  unit: TimeUnit,
): readonly JsonField[] {
  const stored = dataset.columns.filter(({ type }) => type !== 'extra')
  const fields = stored.map((column, index) => {
    const sink = columns.sinks[columnIndex(dataset, column.name)]
    if (sink === undefined) throw new RangeError(`no column for ${column.name}`)
    return new JsonField(column.json, 1 << index, readingOf(column, sink, unit), { column, sink })
  })
  for (const name of dataset.ignored)
    fields.push(new JsonField(name, 1 << fields.length, { form: 'bare', reader: skipper }))
  return dataset.shape === 'array' ? fields.sort((a, b) => Number(a.name) - Number(b.name)) : fields
}

function readingOf(
  { type, isBare }: Column,
  sink: ColumnSink,
  unit: TimeUnit,
): { form: Form; reader: ValueReader } {
  switch (type) {
    case 'time':
    case 'end':
      return { form: 'bare', reader: new TimeReader(sink as Int64Sink, unit, type === 'end') }
    case 'id':
    case 'count':
      return { form: 'bare', reader: new IntegerReader(sink as Int64Sink) }
    case 'flag':
      return { form: 'bare', reader: new FlagReader(sink as FlagSink) }
    case 'price':
    case 'quantity':
      return { form: isBare === true ? 'bare' : 'quoted', reader: numberReader(sink) }
    case 'text':
    case 'extra':
      return { form: 'quoted', reader: new TextReader(sink as TextSink) }
  }
}
