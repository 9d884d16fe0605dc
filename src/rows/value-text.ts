/** Stored values as exact text, for messages and revisions. */

import { formatMicros, micros } from '../base/time.ts'
import type { Column, Dataset } from '../binance/dataset.ts'
import { DataType, type Data, type RecordBatch } from 'apache-arrow'
import { columnData } from './batch.ts'
import { formatScaled } from './decimal.ts'
import { hasBit, isNull, layoutOf } from './layout.ts'

/**
 * Row `row` of a column as text: times as ISO 8601 with microseconds, decimals with all their decimals, doubles as the
 * shortest text that reads back the same, null as `null`.
 */
export function valueText({ type }: Column, data: Data, row: number): string {
  const layout = layoutOf(data)
  if (isNull(layout, row)) return 'null'
  if (layout.kind === 'bits') return String(hasBit(layout.bits, layout.offset + row))
  if (layout.kind === 'text') {
    const { bytes, offsets } = layout
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(
      bytes.subarray(offsets[row] ?? 0, offsets[row + 1] ?? 0),
    )
  }
  if (type === 'time' || type === 'end') return formatMicros(micros(bigintAt(data, row)))
  if (type === 'id' || type === 'count') return String(bigintAt(data, row))
  return DataType.isDecimal(data.type)
    ? formatScaled(data.values as Uint32Array, row)
    : String((data.values as Float64Array)[row])
}

/** All columns of row `row` by name, in the form of {@link valueText}. */
export function rowTexts(
  { columns }: Dataset,
  batch: RecordBatch,
  row: number,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    columns.map((column, index) => [column.name, valueText(column, columnData(batch, index), row)]),
  )
}

function bigintAt(data: Data, row: number): bigint {
  return (data.values as BigInt64Array)[row] ?? 0n
}
