/** Parquet readers that share no code with our writer, each giving a file's columns as plain cells. */

import { DuckDBDecimalValue, DuckDBTimestampTZValue, type DuckDBConnection } from '@duckdb/node-api'
import { RecordBatch, tableFromIPC } from 'apache-arrow'
import { parquetMetadata, parquetReadObjects, type FileMetaData } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import * as wasm from 'parquet-wasm'
import { batchCells, type Cell } from './parquet-tables.ts'

/** Column by column, in the order of the file. */
export type Columns = readonly (readonly Cell[])[]

/** DuckDB's reader (C++). */
export async function readWithDuckdb(connection: DuckDBConnection, path: string): Promise<Columns> {
  const result = await connection.runAndReadAll(`FROM read_parquet('${path}')`)
  // A file without rows has columns all the same.
  const columns = result.getColumns()
  return result.columnNames().map((_, i) =>
    (columns[i] ?? []).map((value): Cell => {
      if (value instanceof DuckDBDecimalValue) return value.value
      if (value instanceof DuckDBTimestampTZValue) return value.micros
      return value as Cell
    }),
  )
}

/** arrow-rs (Rust). */
export function readWithArrowRs(bytes: Uint8Array, columns: number): Columns {
  const table = tableFromIPC(wasm.readParquet(bytes).intoIPCStream())
  return Array.from({ length: columns }, (_, i) =>
    table.batches.flatMap((batch: RecordBatch) => batchCells(batch, i)),
  )
}

/** hyparquet (JavaScript), physical values: its conversions lose digits. */
export async function readWithHyparquet(
  bytes: Uint8Array,
  rows?: { readonly rowStart: number; readonly rowEnd: number },
): Promise<Columns> {
  const metadata = physicalMetadata(bytes)
  const buffer = new Uint8Array(bytes).buffer
  const file = {
    byteLength: bytes.length,
    slice: (from: number, to?: number): ArrayBuffer => buffer.slice(from, to),
  }
  const found = await parquetReadObjects({
    file,
    metadata,
    compressors,
    ...(rows === undefined ? {} : { ...rows, useOffsetIndex: true }),
  })
  return metadata.schema.slice(1).map(({ name }) => found.map((row) => hyparquetCell(row[name])))
}

/** Its metadata without the types that it would convert to; text stays text. */
function physicalMetadata(bytes: Uint8Array): FileMetaData {
  const metadata = parquetMetadata(bytes)
  const schema = metadata.schema.map((element) => {
    const { logical_type, converted_type, ...physical } = element
    const isText = logical_type?.type === 'STRING' || converted_type === 'UTF8'
    return isText ? element : physical
  })
  return { ...metadata, schema }
}

function hyparquetCell(value: unknown): Cell {
  if (value === undefined) return null
  if (!(value instanceof Uint8Array)) return value as Cell
  const digits = BigInt(`0x${Buffer.from(value).toString('hex')}`)
  return BigInt.asIntN(128, digits)
}
