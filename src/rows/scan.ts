/**
 * One REST answer → columns, in one pass over its bytes. Strict: the whole body must be JSON, every row must have all
 * of the dataset's fields, every value must fit its column. Nothing is rounded or guessed; fields that the exchange
 * added later are skipped and reported.
 *
 * Two kinds of failure: a body that is not complete JSON rows is a TransportError (torn, an error object, a web page:
 * worth another try); complete JSON that cannot be true or cannot be stored exactly is a DataError.
 */

import { DataError } from '../base/errors.ts'
import { quoteText } from '../base/text.ts'
import type { Dataset, Numbers } from '../binance/dataset.ts'
import { padded, unpaddedLength } from './bytes.ts'
import { PageColumns } from './columns.ts'
import { ExtraCollector } from './extra.ts'
import { fieldsOf, unknownField, type JsonField } from './fields.ts'
import {
  compactText,
  notAPage,
  skipSpace,
  stringEnd,
  stringText,
  utf8Text,
  valueEnd,
} from './json.ts'
import type { DecodedPage, UnknownField } from './page.ts'
import type { TimeUnit } from './value.ts'

const SPACE = 0x20
const QUOTE = 0x22
const COMMA = 0x2c
const COLON = 0x3a
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d

// About the shortest row of any dataset; an estimate of the room needed, not a limit.
const ROW_BYTES_LIKELY = 64
const QUOTED_MAX = 80

/**
 * Decodes one page. Times come in `unit` and leave as microseconds: a ms is multiplied by 1000; an inclusive end in ms
 * becomes its last µs (times 1000 plus 999). Rows stay in the order sent; `checkPage` checks them.
 *
 * @throws TransportError when the body is not, as a whole, a JSON array of rows
 * @throws DataError when a row lacks a field or repeats one, when elements of an array may have moved, or when a value
 * does not fit its column, is out of range, or cannot be stored exactly; names dataset, row (from 0), field and value
 */
export function decodePage(
  dataset: Dataset,
  numbers: Numbers,
  body: Uint8Array,
  unit: TimeUnit,
): DecodedPage {
  const rowsLikely = Math.min(dataset.pageRows, Math.ceil(body.length / ROW_BYTES_LIKELY))
  const columns = new PageColumns(dataset, numbers, rowsLikely)
  const fields = fieldsOf(dataset, columns, unit)
  const bytes = padded(body)
  try {
    return new Scanner(dataset, bytes, { columns, fields }).page()
  } catch (error) {
    // In a damaged body the damage itself is the problem, and another try may solve it.
    if (error instanceof DataError) checkWhole(bytes)
    throw error
  }
}

/** @throws TransportError when the body is not one JSON value */
function checkWhole(bytes: Uint8Array): void {
  const end = skipSpace(bytes, valueEnd(bytes, skipSpace(bytes, 0)))
  if (end !== unpaddedLength(bytes)) throw notAPage(bytes, end)
}

class Scanner {
  readonly #dataset: Dataset
  readonly #bytes: Uint8Array
  readonly #columns: PageColumns
  readonly #fields: readonly JsonField[]
  readonly #byName: Map<string, JsonField>
  readonly #unknown = new Map<string, UnknownField>()
  readonly #extra: ExtraCollector | undefined
  /** The set of fields that each row must have, as bits. */
  readonly #required: number
  readonly #all: number
  /** The fields in the order of the row before, which the next row probably has too. */
  readonly #expected: JsonField[]
  #valueStart = 0

  constructor(
    dataset: Dataset,
    bytes: Uint8Array,
    { columns, fields }: { columns: PageColumns; fields: readonly JsonField[] },
  ) {
    this.#dataset = dataset
    this.#bytes = bytes
    this.#columns = columns
    this.#fields = fields
    this.#byName = new Map(fields.map((field) => [String(field.name), field]))
    this.#extra = ExtraCollector.of(dataset, columns)
    this.#required = bitsOf(fields.filter(({ isRequired }) => isRequired))
    this.#all = bitsOf(fields)
    this.#expected = [...fields]
  }

  page(): DecodedPage {
    const bytes = this.#bytes
    const open = nextToken(bytes, 0)
    if ((bytes[open] ?? 0) !== OPEN_BRACKET) throw notAPage(bytes, open)
    const isArray = this.#dataset.shape === 'array'
    let at = nextToken(bytes, open + 1)
    let row = 0
    let isOpen = (bytes[at] ?? 0) !== CLOSE_BRACKET
    while (isOpen) {
      this.#columns.reserve(row + 1)
      at = nextToken(bytes, isArray ? this.#array(at, row) : this.#object(at, row))
      isOpen = (bytes[at] ?? 0) === COMMA
      if (isOpen) at = nextToken(bytes, at + 1)
      row++
    }
    if ((bytes[at] ?? 0) !== CLOSE_BRACKET) throw notAPage(bytes, at)
    const end = nextToken(bytes, at + 1)
    if (end !== unpaddedLength(bytes)) throw notAPage(bytes, end)
    return { ...this.#columns.finish(row), unknownFields: [...this.#unknown.values()] }
  }

  /** Reads the object that begins at `start`; returns where it ends. */
  #object(start: number, row: number): number {
    const bytes = this.#bytes
    if ((bytes[start] ?? 0) !== OPEN_BRACE) throw this.#notARow(start, row)
    let at = nextToken(bytes, start + 1)
    if ((bytes[at] ?? 0) === CLOSE_BRACE) throw this.#missing(0, row)
    let seen = 0
    let index = 0
    for (;;) {
      const field = this.#fieldAt(at, index)
      const value = this.#valueStart
      if (field === undefined) at = this.#keep(at, { value, row })
      else {
        if ((seen & field.bit) !== 0) throw this.#refuse(row, field.label, 'sent twice')
        seen |= field.bit
        at = this.#value(field, value, row)
        index++
      }
      at = nextToken(bytes, at)
      const next = bytes[at] ?? 0
      if (next === CLOSE_BRACE) break
      if (next !== COMMA) throw notAPage(bytes, at)
      at = nextToken(bytes, at + 1)
    }
    this.#finishRow(seen, row)
    return at + 1
  }

  /** Reads the array that begins at `start`; returns where it ends. */
  #array(start: number, row: number): number {
    const bytes = this.#bytes
    if ((bytes[start] ?? 0) !== OPEN_BRACKET) throw this.#notARow(start, row)
    let at = nextToken(bytes, start + 1)
    if ((bytes[at] ?? 0) === CLOSE_BRACKET) throw this.#missing(0, row)
    const last = this.#fields.length - 1
    let lastAt = at
    let seen = 0
    let index = 0
    for (;;) {
      const field = this.#expected[index] ?? this.#surplus(index)
      if (index === last) lastAt = at
      seen |= field.bit
      at = nextToken(bytes, this.#value(field, at, row))
      const next = bytes[at] ?? 0
      if (next === CLOSE_BRACKET) break
      if (next !== COMMA) throw notAPage(bytes, at)
      at = nextToken(bytes, at + 1)
      index++
    }
    if (index > last) this.#checkFiller(lastAt, row)
    this.#finishRow(seen, row)
    return at + 1
  }

  /** The field whose key begins at `at`, undefined when it goes to `extra`; sets where its value begins. */
  #fieldAt(at: number, index: number): JsonField | undefined {
    const bytes = this.#bytes
    const expected = this.#expected[index]
    if (expected !== undefined) {
      const { keyBytes } = expected
      let same = 0
      while (same < keyBytes.length && bytes[at + same] === keyBytes[same]) same++
      this.#valueStart = nextToken(bytes, at + same)
      if (same === keyBytes.length) return expected
    }
    if ((bytes[at] ?? 0) !== QUOTE) throw notAPage(bytes, at)
    const keyEnd = stringEnd(bytes, at)
    const colon = nextToken(bytes, keyEnd)
    if ((bytes[colon] ?? 0) !== COLON) throw notAPage(bytes, colon)
    this.#valueStart = nextToken(bytes, colon + 1)
    const name = stringText(bytes, at, keyEnd)
    const field = this.#byName.get(name) ?? this.#unknownField(name)
    if (field !== undefined) this.#expected[index] = field
    return field
  }

  #unknownField(name: string): JsonField | undefined {
    if (this.#extra !== undefined) return undefined
    this.#unknown.set(name, { name, isKept: false })
    const field = unknownField(name)
    this.#byName.set(name, field)
    return field
  }

  /** An element after the known ones. */
  #surplus(index: number): JsonField {
    const name = String(index)
    this.#unknown.set(name, { name, isKept: false })
    return (this.#expected[index] = unknownField(index))
  }

  /** In a longer row, the last known element, at `at`, shows whether the others are still in place. */
  #checkFiller(at: number, row: number): void {
    const { filler } = this.#dataset
    const text = utf8Text(this.#bytes, at, valueEnd(this.#bytes, at))
    if (filler === undefined || text === `"${filler}"` || JSON.parse(text) === filler) return
    const last = String(this.#fields.length - 1)
    throw this.#refuse(row, last, `not "${filler}" in a longer row, whose elements moved`, text)
  }

  #value(field: JsonField, at: number, row: number): number {
    const bytes = this.#bytes
    const end = field.read(bytes, at, row)
    if (end >= 0) return end
    const wholeEnd = valueEnd(bytes, at)
    const json = utf8Text(bytes, at, wholeEnd)
    const problem = field.readJson(json, row)
    if (problem !== undefined) throw this.#refuse(row, field.label, problem, json)
    return wholeEnd
  }

  /** Keeps a field in `extra`; returns where it ends. */
  #keep(key: number, { value, row }: { value: number; row: number }): number {
    const bytes = this.#bytes
    const end = valueEnd(bytes, value)
    const keyEnd = stringEnd(bytes, key)
    const name = stringText(bytes, key, keyEnd)
    const member = `${utf8Text(bytes, key, keyEnd)}:${compactText(bytes, value, end)}`
    if (this.#extra?.add(name, member) !== true)
      throw this.#refuse(row, quoteText(name, QUOTED_MAX), 'sent twice')
    if (this.#dataset.extras?.includes(name) !== true)
      this.#unknown.set(name, { name, isKept: true })
    return end
  }

  #finishRow(seen: number, row: number): void {
    if ((seen & this.#required) !== this.#required) throw this.#missing(seen, row)
    if (seen !== this.#all)
      for (const field of this.#fields) if ((seen & field.bit) === 0) field.putAbsent(row)
    this.#extra?.finishRow(row)
  }

  #missing(seen: number, row: number): DataError {
    const labels = this.#fields
      .filter(({ bit, isRequired }) => isRequired && (seen & bit) === 0)
      .map(({ label }) => label)
    return this.#refuse(row, labels.join(', '), 'missing')
  }

  #notARow(at: number, row: number): DataError {
    const { shape } = this.#dataset
    const text = utf8Text(this.#bytes, at, valueEnd(this.#bytes, at))
    return this.#refuse(row, 'the row', `not an ${shape}`, text)
  }

  #refuse(row: number, field: string, problem: string, value?: string): DataError {
    const quoted = value === undefined ? '' : `: ${quoteText(value, QUOTED_MAX)}`
    return new DataError(`${this.#dataset.kind} row ${row}: ${field}: ${problem}${quoted}`)
  }
}

/** The first byte at or after `at` that is not white space; there is rarely any. */
function nextToken(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) > SPACE ? at : skipSpace(bytes, at)
}

function bitsOf(fields: readonly JsonField[]): number {
  return fields.reduce((bits, { bit }) => bits | bit, 0)
}
