/**
 * Reads Parquet files of ours back into the Arrow types that they were written from, exactly: hyparquet's Thrift and
 * page headers underneath, but none of its conversions, which make floats of decimals and milliseconds of times.
 */

import type { RecordBatch } from 'apache-arrow'
import type { Readable } from '../../base/ports.ts'
import { boundValue, type BoundValue } from './bound-value.ts'
import { inflater } from './compress.ts'
import { corrupt, guarded, readWhole, type ParquetFooter } from './footer.ts'
import { ColumnTarget, recordBatch } from './column-target.ts'
import { readPages, type ChunkContext } from './read-pages.ts'

export { readFooter, type ParquetFooter } from './footer.ts'

/**
 * Reads row group `index` (from 0), all columns or those named, in that order.
 *
 * @throws StoreError `E_STORE_CORRUPT`, naming row group and column, when a page is not what was written: checksum,
 * number of rows or values, or an impossible encoding.
 * @throws RangeError for a row group or column that the file does not have.
 */
export async function readRowGroup(
  file: Readable,
  footer: ParquetFooter,
  index: number,
  columns?: readonly string[],
): Promise<RecordBatch> {
  const group = footer.rowGroups[index]
  if (group === undefined) throw new RangeError(`the file has no row group ${index}`)
  const names = columns ?? footer.shapes.map(({ name }) => name)
  const targets: ColumnTarget[] = []
  for (const name of names) {
    const column = columnIndex(footer, name)
    const shape = footer.shapes[column]
    const place = group.chunks[column]
    if (shape === undefined || place === undefined) throw new RangeError(`no column ${name}`)
    const bytes = await readWhole(file, place.from, place.to)
    const inflate = await inflater(place.compression)
    const where = `row group ${index}, column ${name}`
    const context = { shape, place, inflate, where, rows: group.rows }
    targets.push(guarded(`${where} cannot be decoded`, () => decodeChunk(bytes, context)))
  }
  return recordBatch(targets, group.rows)
}

/**
 * The smallest and largest value of a column in a row group, as the footer has them: times in microseconds, decimals
 * unscaled. `undefined` when it has none: all rows null, all NaN, or very long text.
 *
 * @throws RangeError for a row group or column that the file does not have.
 */
export function columnBounds(
  footer: ParquetFooter,
  rowGroup: number,
  column: string,
): { readonly min: BoundValue; readonly max: BoundValue } | undefined {
  const index = columnIndex(footer, column)
  const place = footer.rowGroups[rowGroup]?.chunks[index]
  const shape = footer.shapes[index]
  if (place === undefined || shape === undefined) {
    throw new RangeError(`the file has no row group ${rowGroup}`)
  }
  const { min, max } = place
  if (min === undefined || max === undefined) return undefined
  return guarded(`row group ${rowGroup}, column ${column} has impossible bounds`, () => ({
    min: boundValue(shape.physical, min),
    max: boundValue(shape.physical, max),
  }))
}

function decodeChunk(
  bytes: Uint8Array,
  context: ChunkContext & { readonly rows: number },
): ColumnTarget {
  const target = new ColumnTarget(context.shape, context.rows)
  readPages(bytes, context, target)
  if (target.rowsLeft > 0) throw corrupt(`${context.where} has ${target.rows} rows`)
  return target
}

function columnIndex(footer: ParquetFooter, name: string): number {
  const index = footer.shapes.findIndex((shape) => shape.name === name)
  if (index >= 0) return index
  throw new RangeError(`the file has no column ${name}`)
}
