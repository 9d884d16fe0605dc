/**
 * A column chunk encoded and compressed, with what statistics and indexes say of it. All but the Thrift structures
 * around it, so that a thread that does this need not know them.
 */

import { boundBytes, compareAt, extremes, shortenMax, shortenMin, type Extremes } from './bounds.ts'
import type { ColumnRows } from './column-buffer.ts'
import type { Compress } from './compress.ts'
import { encodeChunk, type EncodedPage, type Encoding } from './encode.ts'
import type { Values } from './values.ts'

/** Smallest and largest value, PLAIN encoded. */
type Bounds = { readonly min: Uint8Array; readonly max: Uint8Array }

/** A page's body, compressed where that helps. */
type PackedBody = {
  readonly sizeBytes: number
  /** Before compression. */
  readonly plainBytes: number
}

/** A data page without its header. */
export type ChunkPage = PackedBody & {
  /** Levels, at the body's beginning; not compressed. */
  readonly levelsBytes: number
  readonly isCompressed: boolean
  readonly rowFrom: number
  readonly rows: number
  readonly nulls: number
  /** For the page index: those of text may be shortened outwards. Absent when there is nothing to compare. */
  readonly bounds: Bounds | undefined
}

/** How the bounds of pages follow each other, in Parquet's numbers. */
type BoundaryOrder = 0 | 1 | 2
const UNORDERED = 0
const ASCENDING = 1
const DESCENDING = 2

/** A column chunk. Plain data, which may go from thread to thread. */
export type Chunk = {
  readonly name: string
  readonly encoding: Encoding
  /** The bodies of all pages, end to end; the dictionary's first. */
  readonly bytes: Uint8Array
  readonly dictionary: (PackedBody & { readonly entries: number }) | undefined
  readonly pages: readonly ChunkPage[]
  readonly nulls: number
  /** Exact. Absent when there is nothing to compare, or when they are too long to repeat. */
  readonly bounds: Bounds | undefined
  readonly boundaryOrder: BoundaryOrder
}

const NOTHING = new Uint8Array(0)

/** Statistics rather say nothing of a text longer than this, in bytes, than repeat it. */
const STATISTICS_TEXT_BYTES = 4096

/** Encodes and compresses the rows of `column`, at least one. */
export function writeChunk(column: ColumnRows, compress: Compress): Chunk {
  const { name, rows, values } = column
  const { encoding, dictionary, pages } = encodeChunk(column)
  const found = pages.map(({ span }) => extremes(values, span.valueFrom, span.valueTo))
  const head = dictionary && compress(dictionary.body)
  const bodies = pages.map(({ body }) => shrunk(body, compress))
  return {
    name,
    encoding,
    bytes: joined([
      head ?? NOTHING,
      ...pages.flatMap(({ levels }, i) => [levels, bodies[i] ?? NOTHING]),
    ]),
    dictionary: dictionary && {
      entries: dictionary.entries,
      sizeBytes: head?.length ?? 0,
      plainBytes: dictionary.body.length,
    },
    pages: pages.map((page, i) => ({
      ...packed(page, bodies[i] ?? NOTHING),
      bounds: indexBounds(values, found[i]),
    })),
    nulls: rows - values.count,
    bounds: chunkBounds(values, found),
    boundaryOrder: boundaryOrder(values, found),
  }
}

/** `body` compressed, or itself where that would not be smaller. */
function shrunk(body: Uint8Array, compress: Compress): Uint8Array {
  if (body.length === 0) return body
  const compressed = compress(body)
  return compressed.length < body.length ? compressed : body
}

function packed(
  { span, levels, body }: EncodedPage,
  shrunken: Uint8Array,
): Omit<ChunkPage, 'bounds'> {
  const rows = span.rowTo - span.rowFrom
  return {
    sizeBytes: levels.length + shrunken.length,
    plainBytes: levels.length + body.length,
    levelsBytes: levels.length,
    isCompressed: shrunken.length < body.length,
    rowFrom: span.rowFrom,
    rows,
    nulls: rows - (span.valueTo - span.valueFrom),
  }
}

/** A copy of its own, since the parts may be small views of large memory. */
function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

function indexBounds(values: Values, found: Extremes | undefined): Bounds | undefined {
  if (found === undefined) return undefined
  const min = boundBytes(values, found.min, 'min')
  const max = boundBytes(values, found.max, 'max')
  return values.kind === 'texts' ? { min: shortenMin(min), max: shortenMax(max) } : { min, max }
}

function chunkBounds(values: Values, found: readonly (Extremes | undefined)[]): Bounds | undefined {
  let all: Extremes | undefined
  for (const page of found) {
    if (page === undefined) continue
    all = {
      min: all && compareAt(values, all.min, page.min) <= 0 ? all.min : page.min,
      max: all && compareAt(values, all.max, page.max) >= 0 ? all.max : page.max,
    }
  }
  if (all === undefined) return undefined
  const min = boundBytes(values, all.min, 'min')
  const max = boundBytes(values, all.max, 'max')
  return Math.max(min.length, max.length) > STATISTICS_TEXT_BYTES ? undefined : { min, max }
}

/** Whether both bounds rise, or both fall, from page to page; pages without bounds do not count. */
function boundaryOrder(values: Values, found: readonly (Extremes | undefined)[]): BoundaryOrder {
  const present = found.filter((page) => page !== undefined)
  let rises = true
  let falls = true
  for (let i = 1; i < present.length; i++) {
    const [last, next] = [present[i - 1] as Extremes, present[i] as Extremes]
    const mins = compareAt(values, last.min, next.min)
    const maxs = compareAt(values, last.max, next.max)
    if (mins > 0 || maxs > 0) rises = false
    if (mins < 0 || maxs < 0) falls = false
  }
  return rises ? ASCENDING : falls ? DESCENDING : UNORDERED
}
