/** Rows as bytes for other programs, a batch at a time: CSV, JSON Lines, Arrow IPC, Parquet. */

import {
  AsyncByteQueue,
  DataType,
  RecordBatchFileWriter,
  type RecordBatch,
  type Schema,
} from 'apache-arrow'
import { safeJson } from '../base/text.ts'
import type { Column } from '../binance/dataset.ts'
import { columnData } from '../rows/batch.ts'
import { valueReader } from '../rows/value-text.ts'
import { ParquetFileWriter } from '../store/parquet/write.ts'

/** The formats, as they are named. */
export const EXPORT_FORMATS = ['csv', 'jsonl', 'arrow', 'parquet'] as const
/** @see {@link EXPORT_FORMATS} */
export type ExportFormat = (typeof EXPORT_FORMATS)[number]

/** What is exported. */
export type Exported = {
  readonly columns: readonly Pick<Column, 'name' | 'type'>[]
  readonly schema: Schema
  /** The name of the column that the rows are sorted by. */
  readonly key: string
  /** Goes into a Parquet file. */
  readonly metadata: Readonly<Record<string, string>>
  readonly createdBy: string
}

/** Turns batches into the bytes of one file. */
export type Encoder = {
  begin(): Uint8Array
  rows(batch: RecordBatch): Promise<readonly Uint8Array[]>
  end(): Promise<readonly Uint8Array[]>
}

/** The encoder of a format. */
export function encoderOf(format: ExportFormat, what: Exported): Encoder {
  switch (format) {
    case 'csv':
      return csvEncoder(what)
    case 'jsonl':
      return textEncoder(new Uint8Array(0), (batch) => jsonLines(batch, what))
    case 'arrow':
      return arrowEncoder(what)
    case 'parquet':
      return parquetEncoder(what)
  }
}

const utf8 = new TextEncoder()
/** Rows that are made one text of. */
const TEXT_ROWS = 4_096

function textEncoder(
  head: Uint8Array,
  linesOf: (batch: RecordBatch) => (row: number) => string,
): Encoder {
  return {
    begin: () => head,
    rows: async (batch) => {
      const line = linesOf(batch)
      const pieces: Uint8Array[] = []
      for (let from = 0; from < batch.numRows; from += TEXT_ROWS) {
        let text = ''
        for (let row = from; row < Math.min(batch.numRows, from + TEXT_ROWS); row++)
          text += line(row)
        pieces.push(utf8.encode(text))
      }
      return pieces
    },
    end: async () => [],
  }
}

function csvEncoder({ columns }: Exported): Encoder {
  const head = utf8.encode(`${columns.map(({ name }) => name).join(',')}\n`)
  return textEncoder(head, (batch) => {
    const readers = columns.map((column, index) => valueReader(column, columnData(batch, index)))
    return (row) => `${readers.map((read) => csvField(read(row))).join(',')}\n`
  })
}

/** As RFC 4180 has it; null is an empty field, an empty text is quoted. */
function csvField(text: string | undefined): string {
  if (text === undefined) return ''
  return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

function jsonLines(batch: RecordBatch, { columns }: Exported): (row: number) => string {
  const fields = columns.map((column, index) => {
    const data = columnData(batch, index)
    const read = valueReader(column, data)
    const isFloat = DataType.isFloat(data.type)
    const name = JSON.stringify(column.name)
    return (row: number) => `${name}:${jsonValue(read(row), isFloat ? 'float' : column.type)}`
  })
  return (row) => `{${fields.map((field) => field(row)).join(',')}}\n`
}

/** Exact where JSON is, text where it is not: decimals, and integers above 2^53. */
function jsonValue(text: string | undefined, type: Column['type'] | 'float'): string {
  if (text === undefined) return 'null'
  const isWhole = type === 'id' || type === 'count'
  const isPlain =
    type === 'flag' || type === 'float' || (isWhole && Number.isSafeInteger(Number(text)))
  return isPlain ? text : safeJson(JSON.stringify(text))
}

/** Keeps what the writer of Arrow puts out, to be taken at once: its own queue has no bounds. */
class Pieces extends AsyncByteQueue {
  readonly #pieces: Uint8Array[] = []

  override write(value: Uint8Array): void {
    if (value.byteLength > 0) this.#pieces.push(value)
  }

  take(): readonly Uint8Array[] {
    return this.#pieces.splice(0)
  }
}

function arrowEncoder({ schema }: Exported): Encoder {
  const pieces = new Pieces()
  const writer = new RecordBatchFileWriter()
  writer.reset(pieces, schema)
  return {
    begin: () => joined(pieces.take()),
    rows: async (batch) => {
      writer.write(batch)
      return pieces.take()
    },
    end: async () => {
      writer.finish()
      return pieces.take()
    },
  }
}

function parquetEncoder({ schema, key, metadata, createdBy }: Exported): Encoder {
  const pieces: Uint8Array[] = []
  const options = { schema, sortedBy: key, compression: 'zstd', createdBy } as const
  const writer = new ParquetFileWriter(options, async (bytes) => {
    pieces.push(bytes.slice())
  })
  return {
    begin: () => new Uint8Array(0),
    rows: async (batch) => {
      await writer.append(batch)
      return pieces.splice(0)
    },
    end: async () => {
      await writer.finish(metadata)
      return pieces.splice(0)
    },
  }
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(pieces.reduce((sum, { byteLength }) => sum + byteLength, 0))
  let at = 0
  for (const piece of pieces) {
    all.set(piece, at)
    at += piece.byteLength
  }
  return all
}
