/** A column chunk as bytes of the file, with what statistics and indexes say of it. */

import { boundBytes, compareAt, extremes, shortenMax, shortenMin, type Extremes } from './bounds.ts'
import type { ColumnBuffer } from './column-buffer.ts'
import type { Compress } from './compress.ts'
import { encodeChunk, type Encoding, type PageSpan } from './encode.ts'
import { dataPage, dictionaryPage } from './page.ts'
import type { Values } from './values.ts'

/** Smallest and largest value, PLAIN encoded. */
type Bounds = { readonly min: Uint8Array; readonly max: Uint8Array }

/** A data page, whole. */
type ChunkPage = {
  /** Header and body. */
  readonly bytes: Buffer
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

/** A column chunk, whole. */
export type Chunk = {
  readonly name: string
  readonly encoding: Encoding
  /** The dictionary page, header and body. */
  readonly dictionary: Buffer | undefined
  readonly pages: readonly ChunkPage[]
  /** Bytes of all pages before compression, headers included. */
  readonly uncompressedBytes: number
  readonly nulls: number
  /** Exact. Absent when there is nothing to compare, or when they are too long to repeat. */
  readonly bounds: Bounds | undefined
  readonly boundaryOrder: BoundaryOrder
}

/** Statistics rather say nothing of a text longer than this, in bytes, than repeat it. */
const STATISTICS_TEXT_BYTES = 4096

/** Encodes and compresses the rows of `column`, at least one. */
export function writeChunk(column: ColumnBuffer, compress: Compress): Chunk {
  const { values } = column
  const { encoding, dictionary, pages } = encodeChunk(column)
  const head = dictionary && dictionaryPage(dictionary, compress)
  const tail = pages.map((page) => dataPage(page, encoding, compress))
  const found = pages.map(({ span }) => extremes(values, span.valueFrom, span.valueTo))
  return {
    name: column.shape.name,
    encoding,
    dictionary: head?.bytes,
    pages: tail.map(({ bytes }, i) => ({
      bytes,
      ...counts(pages[i]?.span),
      bounds: indexBounds(values, found[i]),
    })),
    uncompressedBytes: tail.reduce(
      (sum, page) => sum + page.uncompressedBytes,
      head?.uncompressedBytes ?? 0,
    ),
    nulls: column.rows - values.count,
    bounds: chunkBounds(values, found),
    boundaryOrder: boundaryOrder(values, found),
  }
}

function counts(span: PageSpan | undefined): Pick<ChunkPage, 'rowFrom' | 'rows' | 'nulls'> {
  if (span === undefined) throw new RangeError('a page without rows')
  const rows = span.rowTo - span.rowFrom
  return { rowFrom: span.rowFrom, rows, nulls: rows - (span.valueTo - span.valueFrom) }
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
