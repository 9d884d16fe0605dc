/** Builds batches from ranges of rows of other batches: what concatenating, sorting and merging need. */

import type { Data, DataType, RecordBatch } from 'apache-arrow'
import { batchOf, columnData, columnOf, type Buffers, type Frame } from './batch.ts'
import { hasBit, isNull, layoutOf, setBit, type Layout } from './layout.ts'

/** Rows `[from, to)` of a batch. */
export type Range = { readonly batch: RecordBatch; readonly from: number; readonly to: number }

/**
 * The rows of `ranges`, in their order, as one batch. All batches have the same columns.
 *
 * @throws RangeError when there is no range, or two batches differ in the type of a column
 */
export function assemble(ranges: readonly Range[]): RecordBatch {
  const [first] = ranges
  if (first === undefined) throw new RangeError('no ranges to assemble a batch from')
  if (ranges.length === 1 && first.from === 0 && first.to === first.batch.numRows)
    return first.batch
  const { schema } = first.batch
  const batches = [...new Set(ranges.map(({ batch }) => batch))]
  const places = new Map(batches.map((batch, index) => [batch, index]))
  const pieces = ranges.map(({ batch, from, to }) => ({
    source: places.get(batch) ?? -1,
    from,
    to,
  }))
  const columns = schema.fields.map((field, index) => {
    const sources = batches.map((batch) => columnData(batch, index))
    for (const { schema: other } of batches)
      if (other.fields[index]?.toString() !== field.toString())
        throw new RangeError(
          `${field.toString()} is not ${String(other.fields[index]?.toString())}`,
        )
    return joined(sources, pieces)
  })
  return batchOf(schema, columns, rowsOf(ranges))
}

/** Rows `[from, to)` of `batch`. Columns of fixed width are views, the others copies. */
export function sliceBatch(batch: RecordBatch, from: number, to: number): RecordBatch {
  const columns = batch.schema.fields.map((field, index) => {
    const data = columnData(batch, index)
    const layout = layoutOf(data)
    if (layout.kind !== 'words' || layout.valid !== undefined)
      return joined([data], [{ source: 0, from, to }])
    const { words, width } = layout
    const view = words.subarray(from * width, to * width)
    return columnOf(field.type as DataType, { data: view }, { length: to - from, nullCount: 0 })
  })
  return batchOf(batch.schema, columns, to - from)
}

/** Rows `[from, to)` of one of several columns. */
type Piece = { readonly source: number; readonly from: number; readonly to: number }

function rowsOf(ranges: readonly { readonly from: number; readonly to: number }[]): number {
  return ranges.reduce((sum, { from, to }) => sum + to - from, 0)
}

/** The rows of `pieces` as one column. */
function joined(sources: readonly Data[], pieces: readonly Piece[]): Data {
  const layouts = sources.map(layoutOf)
  const [first] = sources
  if (first === undefined) throw new RangeError('no pieces to join a column from')
  const frame = frameOf(layouts, pieces)
  return columnOf(first.type, buffersOf(layouts, pieces, frame.length), frame)
}

function buffersOf(layouts: readonly Layout[], pieces: readonly Piece[], rows: number): Buffers {
  switch (layouts[0]?.kind) {
    case 'bits':
      return { data: joinedBits(layouts, pieces, rows) }
    case 'text':
      return joinedText(layouts, pieces, rows)
    case 'words':
    case undefined:
      return { data: joinedWords(layouts, pieces, rows) }
  }
}

function frameOf(layouts: readonly Layout[], pieces: readonly Piece[]): Frame {
  const length = rowsOf(pieces)
  if (layouts.every(({ valid }) => valid === undefined)) return { length, nullCount: 0 }
  const nullBitmap = new Uint8Array((length + 7) >> 3)
  let nullCount = 0
  forEachRow(layouts, pieces, (layout, from, to) => {
    if (isNull(layout, from)) nullCount++
    else setBit(nullBitmap, to)
  })
  return nullCount === 0 ? { length, nullCount } : { length, nullCount, nullBitmap }
}

/** Calls `visit` with each row's source, its index there and its index in the result. */
function forEachRow(
  layouts: readonly Layout[],
  pieces: readonly Piece[],
  visit: (layout: Layout, from: number, to: number) => void,
): void {
  let target = 0
  for (const { source, from, to } of pieces) {
    const layout = layouts[source]
    if (layout === undefined) throw new RangeError(`no column ${source}`)
    for (let row = from; row < to; row++) visit(layout, row, target++)
  }
}

function joinedWords(
  layouts: readonly Layout[],
  pieces: readonly Piece[],
  rows: number,
): Int32Array {
  const width = layouts[0]?.kind === 'words' ? layouts[0].width : 0
  const joined = new Int32Array(rows * width)
  let target = 0
  for (const { source, from, to } of pieces) {
    const layout = layouts[source]
    if (layout?.kind !== 'words') throw new RangeError('columns of different kinds')
    joined.set(layout.words.subarray(from * width, to * width), target)
    target += (to - from) * width
  }
  return joined
}

function joinedBits(
  layouts: readonly Layout[],
  pieces: readonly Piece[],
  rows: number,
): Uint8Array {
  const joined = new Uint8Array((rows + 7) >> 3)
  forEachRow(layouts, pieces, (layout, from, to) => {
    if (layout.kind !== 'bits') throw new RangeError('columns of different kinds')
    if (hasBit(layout.bits, layout.offset + from)) setBit(joined, to)
  })
  return joined
}

function joinedText(layouts: readonly Layout[], pieces: readonly Piece[], rows: number): Buffers {
  const offsets = new Int32Array(rows + 1)
  forEachRow(layouts, pieces, (layout, from, to) => {
    if (layout.kind !== 'text') throw new RangeError('columns of different kinds')
    const length = (layout.offsets[from + 1] ?? 0) - (layout.offsets[from] ?? 0)
    offsets[to + 1] = (offsets[to] ?? 0) + length
  })
  const data = new Uint8Array(offsets[rows] ?? 0)
  let target = 0
  for (const { source, from, to } of pieces) {
    const layout = layouts[source]
    if (layout?.kind !== 'text') throw new RangeError('columns of different kinds')
    const bytes = layout.bytes.subarray(layout.offsets[from], layout.offsets[to])
    data.set(bytes, target)
    target += bytes.length
  }
  return { data, offsets }
}
