/** Stored values as exact text, for messages and revisions. */

import { formatMicros, micros } from '../base/time.ts'
import type { Column, Dataset } from '../binance/dataset.ts'
import { DataType, type Data, type RecordBatch } from 'apache-arrow'
import { columnData } from './batch.ts'
import { formatScaled } from './decimal.ts'
import { hasBit, isNull, layoutOf, type Layout } from './layout.ts'

/**
 * Row `row` of a column as text: times as ISO 8601 with microseconds, decimals with all their decimals, doubles as the
 * shortest text that reads back the same, null as `null`.
 */
export function valueText(column: Pick<Column, 'type'>, data: Data, row: number): string {
  return valueReader(column, data)(row) ?? 'null'
}

/** Reads rows of a column as text, in the form of {@link valueText}; `undefined` where it is null. */
export function valueReader(
  { type }: Pick<Column, 'type'>,
  data: Data,
): (row: number) => string | undefined {
  const layout = layoutOf(data)
  const read = notNullReader(type, data, layout)
  return layout.valid === undefined ? read : (row) => (isNull(layout, row) ? undefined : read(row))
}

function notNullReader(type: Column['type'], data: Data, layout: Layout): (row: number) => string {
  if (layout.kind === 'bits') return (row) => String(hasBit(layout.bits, layout.offset + row))
  if (layout.kind === 'text') return textReader(layout)
  if (type === 'time' || type === 'end') return (row) => formatMicros(micros(bigintAt(data, row)))
  if (type === 'id' || type === 'count') return (row) => String(bigintAt(data, row))
  return DataType.isDecimal(data.type)
    ? (row) => formatScaled(data.values as Uint32Array, row)
    : (row) => String((data.values as Float64Array)[row])
}

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })

/** Reads the texts of a column of text that are not null. */
export function textReader({
  offsets,
  bytes,
}: Pick<Extract<Layout, { kind: 'text' }>, 'offsets' | 'bytes'>): (row: number) => string {
  return (row) => utf8.decode(bytes.subarray(offsets[row] ?? 0, offsets[row + 1] ?? 0))
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
