/** A column chunk as encoded pages, not yet compressed: where pages end, which encoding takes fewest bytes, and the bytes. */

import type { ColumnBuffer } from './column-buffer.ts'
import { encodeDelta } from './delta.ts'
import { buildDictionary, type Dictionary } from './dictionary.ts'
import { bitWidth, encodeHybrid, hybridBytesMax } from './hybrid.ts'
import { bytesOfWords, wordsEach, type TextValues, type Values, type WordValues } from './values.ts'

/** Encodings of values that we write. */
export type Encoding = 'PLAIN' | 'RLE' | 'DELTA_BINARY_PACKED' | 'RLE_DICTIONARY'

/** Part of a chunk: rows and the values that are present in them, both as half-open ranges within the chunk. */
export type PageSpan = {
  readonly rowFrom: number
  readonly rowTo: number
  readonly valueFrom: number
  readonly valueTo: number
}

/** An encoded data page. */
export type EncodedPage = {
  readonly span: PageSpan
  /** Definition levels; empty for a column that is never null. Not to be compressed. */
  readonly levels: Uint8Array
  readonly body: Uint8Array
}

/** An encoded column chunk. */
export type EncodedChunk = {
  readonly encoding: Encoding
  /** The entries, PLAIN, and their number, when `encoding` is RLE_DICTIONARY. */
  readonly dictionary: { readonly entries: number; readonly body: Uint8Array } | undefined
  readonly pages: readonly EncodedPage[]
}

/** Rows of a page. Six pages fill a row group of the default size exactly. */
export const PAGE_ROWS = 20_480

/** A page of text ends once it has so many bytes. */
const PAGE_TEXT_BYTES = 1 << 20

const NOTHING = new Uint8Array(0)

/** Encodes the rows of `column`, at least one. */
export function encodeChunk(column: ColumnBuffer): EncodedChunk {
  const { values, definitions, rows } = column
  const spans = pageSpans(values, definitions, rows)
  const encoded = encodeValues(values, spans)
  return {
    ...encoded,
    pages: spans.map((span, i) => ({
      span,
      levels: definitions === undefined ? NOTHING : encodeLevels(definitions, span),
      body: encoded.bodies[i] ?? NOTHING,
    })),
  }
}

type EncodedValues = Pick<EncodedChunk, 'encoding' | 'dictionary'> & {
  readonly bodies: readonly Uint8Array[]
}

function encodeValues(values: Values, spans: readonly PageSpan[]): EncodedValues {
  if (values.kind === 'flags') {
    const bodies = spans.map((span) => encodeFlags(values.flags, span))
    return { encoding: 'RLE', dictionary: undefined, bodies }
  }
  const deltas = values.kind === 'ints' ? deltaBodies(values, spans) : undefined
  const sizeBytes = Math.min(plainBytes(values), deltas === undefined ? Infinity : total(deltas))
  const dictionary = buildDictionary(values, sizeBytes)
  if (dictionary !== undefined) return dictionaryEncoded(values, dictionary, spans)
  if (deltas !== undefined && total(deltas) < plainBytes(values)) {
    return { encoding: 'DELTA_BINARY_PACKED', dictionary: undefined, bodies: deltas }
  }
  const bodies = spans.map(({ valueFrom, valueTo }) => encodePlain(values, valueFrom, valueTo))
  return { encoding: 'PLAIN', dictionary: undefined, bodies }
}

/** Cuts a chunk into pages of {@link PAGE_ROWS} rows, fewer where text is long. */
function pageSpans(
  values: Values,
  definitions: Uint8Array | undefined,
  rows: number,
): readonly PageSpan[] {
  const spans: PageSpan[] = []
  let rowFrom = 0
  let valueFrom = 0
  while (rowFrom < rows) {
    const rowMax = Math.min(rowFrom + PAGE_ROWS, rows)
    const span = {
      rowFrom,
      valueFrom,
      ...pageEnd(values, definitions, { rowFrom, rowMax, valueFrom }),
    }
    spans.push(span)
    rowFrom = span.rowTo
    valueFrom = span.valueTo
  }
  return spans
}

function pageEnd(
  values: Values,
  definitions: Uint8Array | undefined,
  {
    rowFrom,
    rowMax,
    valueFrom,
  }: { readonly rowFrom: number; readonly rowMax: number; readonly valueFrom: number },
): { readonly rowTo: number; readonly valueTo: number } {
  if (definitions === undefined && values.kind !== 'texts') {
    return { rowTo: rowMax, valueTo: valueFrom + rowMax - rowFrom }
  }
  const offsets = values.kind === 'texts' ? values.offsets : undefined
  const sizeMax = (offsets?.[valueFrom] ?? 0) + PAGE_TEXT_BYTES
  let valueTo = valueFrom
  let rowTo = rowFrom
  while (rowTo < rowMax) {
    const next = valueTo + (definitions?.[rowTo] ?? 1)
    // One text alone may be longer than a page should be.
    if (rowTo > rowFrom && (offsets?.[next] ?? 0) > sizeMax) break
    valueTo = next
    rowTo++
  }
  return { rowTo, valueTo }
}

function deltaBodies(
  values: WordValues,
  spans: readonly PageSpan[],
): readonly Uint8Array[] | undefined {
  const bodies: Uint8Array[] = []
  for (const { valueFrom, valueTo } of spans) {
    // A page of nulls has no first value to begin with.
    const body =
      valueFrom === valueTo ? emptyDelta() : encodeDelta(values.words, valueFrom, valueTo)
    if (body === undefined) return undefined
    bodies.push(body)
  }
  return bodies
}

/** No values: blocks of 128, 4 miniblocks, a count of 0 and a first value that nobody reads. */
function emptyDelta(): Uint8Array {
  return Uint8Array.of(0x80, 0x01, 4, 0, 0)
}

function dictionaryEncoded(
  values: WordValues | TextValues,
  { firsts, indices }: Dictionary,
  spans: readonly PageSpan[],
): EncodedValues {
  // Some readers cannot read indices of no bits.
  const width = Math.max(bitWidth(firsts.length - 1), 1)
  const bodies = spans.map(({ valueFrom, valueTo }) => {
    const out = new Uint8Array(1 + hybridBytesMax(valueTo - valueFrom, width))
    out[0] = width
    return out.subarray(0, encodeHybrid(indices, { from: valueFrom, to: valueTo, width }, out, 1))
  })
  const dictionary = { entries: firsts.length, body: encodeEntries(values, firsts) }
  return { encoding: 'RLE_DICTIONARY', dictionary, bodies }
}

function encodeEntries(values: WordValues | TextValues, firsts: Int32Array): Uint8Array {
  if (values.kind === 'texts') {
    return concat(Array.from(firsts, (first) => encodePlain(values, first, first + 1)))
  }
  const width = wordsEach(values.kind)
  const words = new Int32Array(firsts.length * width)
  for (let i = 0; i < firsts.length; i++) {
    const first = (firsts[i] as number) * width
    for (let n = 0; n < width; n++) words[i * width + n] = values.words[first + n] as number
  }
  return encodePlain({ ...values, count: firsts.length, words }, 0, firsts.length)
}

/** PLAIN encoding of values `[from, to)`. For 64-bit values a view, not a copy. */
function encodePlain(values: WordValues | TextValues, from: number, to: number): Uint8Array {
  if (values.kind === 'texts') return plainTexts(values, from, to)
  if (values.kind === 'wides') return bigEndian(values.words, from, to)
  return bytesOfWords(values.words, from * 2, to * 2)
}

function plainBytes(values: WordValues | TextValues): number {
  if (values.kind === 'texts') return values.count * 4 + (values.offsets[values.count] ?? 0)
  return values.count * wordsEach(values.kind) * 4
}

function plainTexts({ bytes, offsets }: TextValues, from: number, to: number): Uint8Array {
  const size = (offsets[to] as number) - (offsets[from] as number)
  const out = new Uint8Array(size + (to - from) * 4)
  const view = new DataView(out.buffer)
  let at = 0
  for (let i = from; i < to; i++) {
    const start = offsets[i] as number
    const end = offsets[i + 1] as number
    view.setInt32(at, end - start, true)
    at += 4
    // Short texts are the rule, and a loop is faster there than making a view.
    for (let n = start; n < end; n++) out[at++] = bytes[n] as number
  }
  return out
}

function bigEndian(words: Int32Array, from: number, to: number): Uint8Array {
  const out = new Uint8Array((to - from) * 16)
  const view = new DataView(out.buffer)
  for (let i = from, at = 0; i < to; i++, at += 16) {
    view.setInt32(at, words[i * 4 + 3] as number)
    view.setInt32(at + 4, words[i * 4 + 2] as number)
    view.setInt32(at + 8, words[i * 4 + 1] as number)
    view.setInt32(at + 12, words[i * 4] as number)
  }
  return out
}

/** Booleans: the hybrid, after its length in 4 bytes. */
function encodeFlags(flags: Uint8Array, { valueFrom, valueTo }: PageSpan): Uint8Array {
  const out = new Uint8Array(4 + hybridBytesMax(valueTo - valueFrom, 1))
  const end = encodeHybrid(flags, { from: valueFrom, to: valueTo, width: 1 }, out, 4)
  new DataView(out.buffer).setInt32(0, end - 4, true)
  return out.subarray(0, end)
}

/** Definition levels: the hybrid, its length being in the page header. */
function encodeLevels(definitions: Uint8Array, { rowFrom, rowTo }: PageSpan): Uint8Array {
  const out = new Uint8Array(hybridBytesMax(rowTo - rowFrom, 1))
  return out.subarray(0, encodeHybrid(definitions, { from: rowFrom, to: rowTo, width: 1 }, out, 0))
}

function total(bodies: readonly Uint8Array[]): number {
  return bodies.reduce((sum, body) => sum + body.length, 0)
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(total(parts))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}
