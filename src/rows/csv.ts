/**
 * Archive CSV → columns, in one pass over its bytes as they are inflated. Strict: each line must have all of the
 * dataset's columns, each value must fit its column, and each row's time must belong to the file's period. Columns
 * added later are skipped and reported: by their name in the header row, or by their position at the end.
 */

import { ArchiveError } from '../base/errors.ts'
import { quoteText } from '../base/text.ts'
import { archiveUnit } from '../binance/archive.ts'
import { DEFAULT_MARKET } from '../binance/series.ts'
import type { Window } from '../base/time.ts'
import {
  type ArchiveColumn,
  type Dataset,
  type Numbers,
  archiveColumns,
} from '../binance/dataset.ts'
import { PageColumns, type ColumnSink } from './columns.ts'
import { absentSinks, csvFields, headedColumns, type CsvField } from './csv-columns.ts'
import { PeriodTimeReader, RowUnit, unknownReader } from './csv-readers.ts'
import type { DecodedPage, UnknownField } from './page.ts'
import type { TimeUnit } from './value.ts'

const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d
const COMMA = 0x2c
const ZERO = 0x30
const NINE = 0x39
// Readers stop at a zero, so none of them reads past the end (see bytes.ts).
const PADDING = 8
/** Archive rows are less than a tenth of this. */
const LINE_BYTES_MAX = 4096
const BATCH_ROWS = 65_536
/** Room for a small file; a large one grows it at once. */
const FIRST_ROWS = 2_048
const QUOTED_MAX = 80

/** What is known about a file before it is read. */
export type CsvOptions = {
  /** The file's own day or month. Each row's time lies in it; trades may lie slightly outside. */
  readonly period: Window
  /** The unit in which files of this period are published; each row shows its own. Default: as spot's are. */
  readonly unit?: TimeUnit
  /** For errors. */
  readonly file: string
  /** Rows in a page, except the last. Default 65,536. */
  readonly batchRows?: number
}

function unitOf({ unit, period }: CsvOptions): TimeUnit {
  return unit ?? archiveUnit({ market: DEFAULT_MARKET }, period)
}

/**
 * Decodes a file. Rows stay in file order; nothing is checked that takes more than one row. A header row is recognised
 * by its first byte, which is not a digit. Chunks need not end with a line.
 *
 * Times are ms or µs, row by row: whichever lies in the period. A trade up to an hour outside of it uses the unit of
 * the row before it: its id belongs to this file, its time to the next. A ms is multiplied by 1000; an inclusive end in
 * ms becomes its last µs (times 1000 plus 999).
 *
 * @throws ArchiveError `csv` for a line that is not a row of `dataset`, `period` for a time outside the period; names
 * file, line (from 1), column and value.
 */
export async function* decodeCsv(
  dataset: Dataset,
  numbers: Numbers,
  chunks: AsyncIterable<Uint8Array>,
  options: CsvOptions,
): AsyncGenerator<DecodedPage, void, void> {
  const decoder = new CsvDecoder(dataset, numbers, options)
  for await (const chunk of chunks) yield* decoder.take(chunk)
  yield* decoder.finish()
}

class CsvDecoder {
  readonly #dataset: Dataset
  readonly #numbers: Numbers
  readonly #options: CsvOptions
  readonly #batchRows: number
  readonly #unit: RowUnit
  #order: readonly (ArchiveColumn | string)[] | undefined
  #isHeaded = false
  #unknown: readonly UnknownField[] = []
  #columns: PageColumns | undefined
  #fields: readonly CsvField[] = []
  /** Columns that no file has. */
  #absent: readonly ColumnSink[] = []
  #rows = 0
  #line = 1
  /** The bytes received and not yet read, from 0 to the length, followed by zeros. */
  #bytes: Uint8Array = new Uint8Array(0)
  #length = 0

  constructor(dataset: Dataset, numbers: Numbers, options: CsvOptions) {
    this.#dataset = dataset
    this.#numbers = numbers
    this.#options = options
    this.#batchRows = options.batchRows ?? BATCH_ROWS
    this.#unit = new RowUnit(unitOf(options) === 'ms')
  }

  *take(chunk: Uint8Array): Generator<DecodedPage, void, void> {
    if (chunk.byteLength === 0) return
    this.#append(chunk)
    const end = this.#bytes.lastIndexOf(LINE_FEED, this.#length - 1) + 1
    if (this.#length - end > LINE_BYTES_MAX) throw this.#refuse('longer than any row')
    yield* this.#lines(end)
    this.#bytes.copyWithin(0, end, this.#length)
    this.#length -= end
  }

  *finish(): Generator<DecodedPage, void, void> {
    if (this.#length > 0) {
      this.#append(Uint8Array.of(LINE_FEED))
      yield* this.#lines(this.#length)
    }
    if (this.#rows > 0) yield this.#page()
  }

  #append(chunk: Uint8Array): void {
    const length = this.#length + chunk.byteLength
    if (length + PADDING > this.#bytes.length) {
      const bytes = new Uint8Array(length + PADDING + LINE_BYTES_MAX)
      bytes.set(this.#bytes.subarray(0, this.#length))
      this.#bytes = bytes
    }
    this.#bytes.set(chunk, this.#length)
    this.#bytes.fill(0, length, length + PADDING)
    this.#length = length
  }

  /** Reads the complete lines in `[0, end)`. */
  *#lines(end: number): Generator<DecodedPage, void, void> {
    let at = 0
    if (this.#order === undefined && end > 0) {
      at = this.#header()
      this.#begin(FIRST_ROWS)
    }
    while (at < end) {
      at = this.#batch(at, end)
      if (this.#rows < this.#batchRows) break
      yield this.#page()
      this.#begin(this.#batchRows)
    }
  }

  /** Reads the order of the columns; returns where the first row begins. */
  #header(): number {
    const first = this.#bytes[0] ?? 0
    if (first >= ZERO && first <= NINE) {
      this.#order = archiveColumns(this.#dataset)
      return 0
    }
    const end = this.#bytes.indexOf(LINE_FEED)
    const header = textOf(this.#bytes, 0, Math.min(end, LINE_BYTES_MAX))
    this.#order = headedColumns(this.#dataset, header, this.#options.file)
    this.#isHeaded = true
    this.#unknown = this.#order.flatMap((name) =>
      typeof name === 'string' ? [{ name: name.trim(), isKept: false }] : [],
    )
    this.#line++
    return end + 1
  }

  #begin(rows: number): void {
    const columns = new PageColumns(this.#dataset, this.#numbers, Math.min(rows, this.#batchRows))
    const { period } = this.#options
    const place = { columns, period, unit: this.#unit }
    this.#fields = csvFields(this.#dataset, this.#order ?? [], place)
    this.#columns = columns
    this.#absent = absentSinks(this.#dataset, columns)
    this.#rows = 0
  }

  /** Reads rows from `at` until `end`, or until the page is full; returns where it stopped. */
  #batch(at: number, end: number): number {
    const columns = this.#columns
    if (columns === undefined) throw new RangeError('no columns to read into')
    const bytes = this.#bytes
    const readers = this.#fields.map(({ reader }) => reader)
    const last = readers.length - 1
    const rowsMax = this.#batchRows
    let row = this.#rows
    let next = at
    while (next < end && row < rowsMax) {
      columns.reserve(row + 1)
      const start = next
      for (let index = 0; index <= last; index++) {
        const stop = readers[index]?.read(bytes, next, row) ?? -1
        let mark = stop < 0 ? -1 : (bytes[stop] ?? 0)
        next = stop + 1
        if (mark === CARRIAGE_RETURN && index === last) mark = bytes[next++] ?? 0
        if (mark === (index === last ? LINE_FEED : COMMA)) continue
        next = index === last && mark === COMMA ? this.#surplus(next) : -1
        if (next < 0) throw this.#misread(start)
      }
      for (const sink of this.#absent) sink.putNull(row)
      row++
      this.#line++
    }
    this.#rows = row
    return next
  }

  /**
   * Skips columns from `at` on, after the last known one, in a file without column names. Returns where the next line
   * begins, or -1. Twice as many columns as known means two rows without a line break between.
   */
  #surplus(at: number): number {
    const bytes = this.#bytes
    const known = this.#fields.length
    if (this.#isHeaded || !this.#hasFiller(at)) return -1
    let next = at
    for (let count = known + 1; count < 2 * known; count++) {
      const stop = unknownReader.read(bytes, next, 0)
      if (stop < 0) return -1
      let mark = bytes[stop] ?? 0
      next = stop + 1
      if (mark === CARRIAGE_RETURN) mark = bytes[next++] ?? 0
      if (mark === LINE_FEED) {
        this.#nameUpTo(count)
        return next
      }
      if (mark !== COMMA) return -1
    }
    return -1
  }

  /** Columns without a name are reported by number, from 1. */
  #nameUpTo(count: number): void {
    const known = this.#fields.length
    const surplus = count - known
    if (surplus <= this.#unknown.length) return
    const places = Array.from({ length: surplus }, (_, index) => known + 1 + index)
    this.#unknown = places.map((place) => ({ name: `column ${place}`, isKept: false }))
  }

  /** Does the last known column, before `at`, have its constant value? If not, columns have moved. */
  #hasFiller(at: number): boolean {
    const { filler } = this.#dataset
    if (filler === undefined) return true
    const text = `,${filler},`
    for (let index = 0; index < text.length; index++)
      if (this.#bytes[at - text.length + index] !== text.charCodeAt(index)) return false
    return true
  }

  #page(): DecodedPage {
    const page = this.#columns?.finish(this.#rows)
    if (page === undefined) throw new RangeError('no columns to finish')
    this.#rows = 0
    return { ...page, unknownFields: this.#unknown }
  }

  /** Explains why the line that begins at `start` is not a row. */
  #misread(start: number): ArchiveError {
    const end = this.#bytes.indexOf(LINE_FEED, start)
    const line = textOf(this.#bytes, start, Math.min(end, start + LINE_BYTES_MAX))
    const texts = line.replace(/\r$/, '').split(',')
    if (texts.length !== this.#fields.length)
      return this.#refuse(
        `${texts.length} columns instead of ${this.#fields.length}: "${quoteText(line, QUOTED_MAX)}"`,
      )
    // The row is not kept, so its values may be written again.
    const wrong = texts.findIndex((text, index) => !this.#isReadable(index, text))
    const { label = '', reader } = this.#fields[wrong] ?? {}
    const text = texts[wrong] ?? ''
    const why = reader?.problem(text) ?? 'not a row'
    const isElsewhere = reader instanceof PeriodTimeReader && reader.isElsewhere(text)
    const problem = `${label}: ${why}: "${quoteText(text, QUOTED_MAX)}"`
    return this.#refuse(problem, isElsewhere ? 'period' : 'csv')
  }

  #isReadable(index: number, text: string): boolean {
    const bytes = new TextEncoder().encode(`${text}${'\0'.repeat(PADDING)}`)
    const end = this.#fields[index]?.reader.read(bytes, 0, this.#rows)
    return end === bytes.length - PADDING
  }

  #refuse(what: string, problem: 'csv' | 'period' = 'csv'): ArchiveError {
    const { file } = this.#options
    return new ArchiveError(problem, file, `${quoteText(file)}:${this.#line}: ${what}`)
  }
}

function textOf(bytes: Uint8Array, from: number, to: number): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes.subarray(from, to))
}
