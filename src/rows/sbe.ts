/**
 * One SBE message → columns: the same rows as the same answer in JSON, value by value. Column by column, since each
 * row's block has its fields at the same offsets; no object is made per row.
 *
 * Block lengths are those stated in the message: what a later schema adds to a block or after the rows is skipped, and
 * reported.
 *
 * @see FIX Simple Binary Encoding 1.0, "Schema extension mechanism"; binance-spot-api-docs, faqs/sbe_faq.md.
 */

import { isUtf8 } from 'node:buffer'
import { DataError, TransportError } from '../base/errors.ts'
import type { Column, Dataset, DatasetKind, Numbers } from '../binance/dataset.ts'
import { readSbeError, SbeUnknownError } from '../binance/sbe-answer.ts'
import {
  SBE_GROUP_BYTES,
  SBE_HEADER_BYTES,
  SBE_LAYOUTS,
  SBE_SCHEMA,
  type SbeBlock,
  type SbeField,
  type SbeLayout,
} from '../binance/sbe.ts'
import { PageColumns, type ColumnSink, type TextSink } from './columns.ts'
import { ExtraCollector } from './extra.ts'
import type { DecodedPage, UnknownField } from './page.ts'
import { type Exponents, type SbeRows, fillColumn, jsonValue } from './sbe-fields.ts'

/**
 * Decodes one page. Times are always microseconds in SBE. Rows stay in the order sent; `checkPage` checks them.
 *
 * @throws SbeUnknownError when the message is of another kind or schema, or has a value that needs a newer schema
 * @throws TransportError when the message is not complete
 * @throws DataError when a value does not fit its column, is out of range, or cannot be stored exactly; names dataset,
 * row (from 0) and field
 */
export function decodeSbe(dataset: Dataset, numbers: Numbers, body: Uint8Array): DecodedPage {
  const message = new Message(layoutOf(dataset), body)
  try {
    message.findRows()
    return decodeRows(dataset, numbers, message)
  } catch (error) {
    // A later schema may have added between the rows what only its own blocks can describe.
    const isUnreadable = error instanceof DataError || error instanceof TransportError
    if (!isUnreadable || !message.isOfLaterSchema || error instanceof SbeUnknownError) throw error
    throw new SbeUnknownError(`rows of a later schema: ${error.message}`, { cause: error })
  }
}

function decodeRows(dataset: Dataset, numbers: Numbers, message: Message): DecodedPage {
  const { count, layout } = message
  const columns = new PageColumns(dataset, numbers, count)
  for (const field of layout.row.fields) {
    const index = dataset.columns.findIndex(({ json }) => json === field.json)
    const column = dataset.columns[index]
    const sink = columns.sinks[index]
    if (field.type === 'exponent' || column === undefined || sink === undefined) continue
    fillColumn(message, field, { dataset, column, sink, exponents: message.exponents(field) })
  }
  for (const [place, json] of layout.texts.entries()) {
    const index = dataset.columns.findIndex((column) => column.json === json)
    const column = dataset.columns[index]
    if (column !== undefined) message.fillTexts(place, dataset, column, columns.sinks[index])
  }
  const extra = ExtraCollector.of(dataset, columns)
  if (extra !== undefined) fillExtra(message, layout, dataset, extra)
  return { ...columns.finish(count), unknownFields: message.unknownFields() }
}

/** Fields without a column, as the JSON text that JSON would have had. */
function fillExtra(
  message: Message,
  { row: { fields } }: SbeLayout,
  dataset: Dataset,
  extra: ExtraCollector,
): void {
  const stored = new Set(dataset.columns.map(({ json }) => json))
  const others = fields.filter(
    ({ json, type, isIgnored }) => !stored.has(json) && type !== 'exponent' && !isIgnored,
  )
  const readers = others.map((field) => ({ field, exponents: message.exponents(field) }))
  for (let row = 0; row < message.count; row++) {
    for (const { field, exponents } of readers) {
      const value = jsonValue(message, field, row, exponents)
      if (value === undefined || value === field.silent) continue
      extra.add(String(field.json), `${JSON.stringify(field.json)}:${value}`)
    }
    extra.finishRow(row)
  }
}

/** A message with a checked header. */
class Message implements SbeRows {
  readonly layout: SbeLayout
  readonly view: DataView
  readonly isOfLaterSchema: boolean
  readonly #body: Uint8Array
  readonly #rootLength: number
  count = 0
  starts: Int32Array = new Int32Array(0)
  #rowLength = 0
  #end = 0
  /** Where each text of each row begins and ends. */
  #texts: Int32Array = new Int32Array(0)

  constructor(layout: SbeLayout, body: Uint8Array) {
    this.layout = layout
    this.#body = body
    this.view = new DataView(body.buffer, body.byteOffset, body.byteLength)
    this.#rootLength = this.#header()
    this.isOfLaterSchema = this.view.getUint16(6, true) > SBE_SCHEMA.version
  }

  /** What a later schema added, judging by block lengths and trailing bytes: it has no names here. */
  unknownFields(): readonly UnknownField[] {
    const { root, row } = this.layout
    const names = [
      this.#rootLength > root.length ? `SBE message from byte ${root.length}` : '',
      this.count > 0 && this.#rowLength > row.length ? `SBE row from byte ${row.length}` : '',
      this.#end < this.#body.length ? 'SBE message after its rows' : '',
    ]
    return names.filter((name) => name !== '').map((name) => ({ name, isKept: false }))
  }

  /** Reads how many rows there are and where each of them begins. */
  findRows(): void {
    const group = SBE_HEADER_BYTES + this.#rootLength
    const body = this.#body
    if (body.length < group + SBE_GROUP_BYTES) throw this.#torn('the rows are missing')
    this.#rowLength = this.view.getUint16(group, true)
    this.count = this.view.getUint32(group + 2, true)
    const { row, texts } = this.layout
    checkLength('row', this.#rowLength, row)
    const from = group + SBE_GROUP_BYTES
    if (from + this.count * (this.#rowLength + texts.length) > body.length)
      throw this.#torn(`${this.count} rows do not fit`)
    this.starts = new Int32Array(this.count)
    this.#texts = new Int32Array(this.count * texts.length * 2)
    this.#end = this.#placeRows(from)
  }

  /** The length of the root block. */
  #header(): number {
    const body = this.#body
    if (body.length < SBE_HEADER_BYTES) throw this.#torn('the header is missing')
    const error = readSbeError(body)
    if (error !== undefined) throw new TransportError(`not a page of rows: error ${error.code}`)
    const [length, template, schema] = [0, 2, 4].map((at) => this.view.getUint16(at, true))
    const { templateId, root } = this.layout
    if (template !== templateId || schema !== SBE_SCHEMA.id)
      throw new SbeUnknownError(
        `not SBE message ${templateId} of schema ${SBE_SCHEMA.id}: message ${template ?? 0} of schema ${schema ?? 0}`,
      )
    checkLength('root', length ?? 0, root)
    return length ?? 0
  }

  /** Returns where the last row ends. */
  #placeRows(from: number): number {
    const { count, starts, view } = this
    const rowLength = this.#rowLength
    const perRow = this.layout.texts.length
    const { length } = this.#body
    let at = from
    for (let row = 0; row < count; row++) {
      starts[row] = at
      at += rowLength
      for (let text = 0; text < perRow; text++) {
        if (at >= length) throw this.#torn(`row ${row} is cut`)
        const end = at + 1 + view.getUint8(at)
        this.#texts[(row * perRow + text) * 2] = at + 1
        this.#texts[(row * perRow + text) * 2 + 1] = end
        at = end
      }
      if (at > length) throw this.#torn(`row ${row} is cut`)
    }
    return at
  }

  /** Where the exponents of a field's mantissas are. */
  exponents({ scale }: SbeField): Exponents {
    const find = ({ fields }: SbeBlock): SbeField | undefined =>
      fields.find(({ type, json }) => type === 'exponent' && json === scale)
    const inRoot = find(this.layout.root)
    if (inRoot !== undefined)
      return { fixed: this.view.getInt8(SBE_HEADER_BYTES + inRoot.offset), offset: 0 }
    return { fixed: undefined, offset: find(this.layout.row)?.offset ?? 0 }
  }

  fillTexts(place: number, dataset: Dataset, column: Column, sink: ColumnSink | undefined): void {
    const perRow = this.layout.texts.length
    for (let row = 0; row < this.count; row++) {
      const from = this.#texts[(row * perRow + place) * 2] ?? 0
      const to = this.#texts[(row * perRow + place) * 2 + 1] ?? 0
      if (!isUtf8(this.#body.subarray(from, to)))
        throw new TransportError(`${dataset.kind} row ${row}: ${column.name}: not UTF-8`)
      if (from === to)
        throw new DataError(`${dataset.kind} row ${row}: ${column.json} (${column.name}): missing`)
      ;(sink as TextSink).put(row, this.#body, from, to)
    }
  }

  #torn(problem: string): TransportError {
    return new TransportError(`not a whole SBE message: ${this.#body.length} bytes, ${problem}`)
  }
}

/** A block may be longer than known, never shorter: its version would be older than the requested one. */
function checkLength(name: string, length: number, { length: known }: SbeBlock): void {
  if (length < known)
    throw new SbeUnknownError(
      `an SBE ${name} of ${length} bytes, shorter than the schema's ${known}`,
    )
}

function layoutOf({ kind }: Dataset): SbeLayout {
  const layouts: Readonly<Partial<Record<DatasetKind, SbeLayout>>> = SBE_LAYOUTS
  const layout = layouts[kind]
  if (layout === undefined) throw new RangeError(`no message has ${kind}`)
  return layout
}
