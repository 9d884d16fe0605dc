/** The columns of one CSV file: which it has, in which order, and what reads each of them. */

import { ArchiveError } from '../base/errors.ts'
import { quoteText } from '../base/text.ts'
import type { Window } from '../base/time.ts'
import {
  type ArchiveColumn,
  type Column,
  type Dataset,
  archiveColumns,
  columnIndex,
  headerWord,
} from '../binance/dataset.ts'
import type { ColumnSink, FlagSink, Int64Sink, PageColumns } from './columns.ts'
import {
  CsvFlagReader,
  EndReader,
  PeriodTimeReader,
  RowUnit,
  skipReader,
  strangerReader,
  type CsvReader,
} from './csv-readers.ts'
import { IntegerReader, numberReader } from './value.ts'

/** One column of the file. */
export type CsvField = { readonly label: string; readonly reader: CsvReader }

/**
 * The columns in the order of a header row, in which each that is known must be there once. A text is the name of one
 * that nobody knows.
 *
 * @throws ArchiveError `csv` for a row that is not such a header.
 */
export function headedColumns(
  dataset: Dataset,
  header: string,
  file: string,
): readonly (ArchiveColumn | string)[] {
  const known = archiveColumns(dataset)
  const names = header.replace(/^\ufeff/, '').split(',')
  const columns = names.map(
    (name) => known.find(({ headers }) => headers.includes(headerWord(name))) ?? name,
  )
  const missing = known.find((column) => !columns.includes(column))
  const stranger = columns.find((column) => typeof column === 'string')
  if (missing !== undefined) {
    const instead = stranger === undefined ? '' : `, but "${quoteText(stranger, 40)}"`
    throw refuse(file, `no column ${missing.name ?? 'ignore'}${instead}`)
  }
  const own = columns.filter((column) => typeof column !== 'string')
  if (own.length > known.length) throw refuse(file, 'a column twice')
  return columns
}

function refuse(file: string, what: string): ArchiveError {
  return new ArchiveError('csv', file, `${quoteText(file)}:1: the header row: ${what}`)
}

/**
 * Times of trades go back while their ids go on, by a second or so, and files are cut now by time and now by id: so far
 * outside of its file's own period a row may lie, in microseconds.
 */
const DISORDER_MICROS_MAX = 3_600_000_000

/** Where rows are read to, and what their times are held against. */
export type CsvPlace = {
  readonly columns: PageColumns
  readonly period: Window
  readonly unit: RowUnit
}

/** What reads a row of a file into `columns`, in the order of the file. */
export function csvFields(
  dataset: Dataset,
  order: readonly (ArchiveColumn | string)[],
  { columns, ...place }: CsvPlace,
): readonly CsvField[] {
  const slack = dataset.key === dataset.time ? 0 : DISORDER_MICROS_MAX
  return order.map((own) => {
    if (typeof own === 'string') return { label: quoteText(own, 40), reader: strangerReader }
    const { name } = own
    if (name === undefined) return { label: 'the ignored column', reader: skipReader }
    const index = columnIndex(dataset, name)
    const column = dataset.columns[index]
    const sink = columns.sinks[index]
    if (column === undefined || sink === undefined) throw new RangeError(`no column ${name}`)
    return { label: name, reader: readerOf(column, sink, { ...place, slack }) }
  })
}

function readerOf(
  { type }: Column,
  sink: ColumnSink,
  { unit, period, slack }: Omit<CsvPlace, 'columns'> & { readonly slack: number },
): CsvReader {
  switch (type) {
    case 'time':
      return new PeriodTimeReader(sink as Int64Sink, unit, period, slack)
    case 'end':
      return new EndReader(sink as Int64Sink, unit, period)
    case 'id':
    case 'count':
      return new IntegerReader(sink as Int64Sink)
    case 'flag':
      return new CsvFlagReader(sink as FlagSink)
    case 'price':
    case 'quantity':
      return numberReader(sink)
    case 'text':
    case 'extra':
      throw new RangeError('no file of the archive has texts')
  }
}
