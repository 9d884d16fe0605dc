/** The columns of one CSV file: which it has, in which order, and their readers. */

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
import type { ColumnSink, FlagSink, Int64Sink, PageColumns, TextSink } from './columns.ts'
import {
  CsvFlagReader,
  EndReader,
  NullableReader,
  PeriodTimeReader,
  RowUnit,
  skipReader,
  unknownReader,
  type CsvReader,
} from './csv-readers.ts'
import { LabelReader } from './labels.ts'
import { IntegerReader, numberReader } from './value.ts'

/** One column of the file. */
export type CsvField = { readonly label: string; readonly reader: CsvReader }

/**
 * The columns in the order of a header row, which must have each known column once. A text is the name of an unknown
 * column.
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
  const unknown = columns.find((column) => typeof column === 'string')
  if (missing !== undefined) {
    const instead = unknown === undefined ? '' : `, but "${quoteText(unknown, 40)}"`
    throw refuse(file, `no column ${missing.name ?? 'ignore'}${instead}`)
  }
  const own = columns.filter((column) => typeof column !== 'string')
  if (own.length > known.length) throw refuse(file, 'a column occurs twice')
  return columns
}

function refuse(file: string, what: string): ArchiveError {
  return new ArchiveError('csv', file, `${quoteText(file)}:1: the header row: ${what}`)
}

/**
 * How far outside of its file's own period a row may lie, in microseconds. Times of trades go back by a second or so
 * while their ids increase, and files are cut sometimes by time and sometimes by id.
 */
const DISORDER_MICROS_MAX = 3_600_000_000

/** Where rows are written, and the period that their times are checked against. */
export type CsvPlace = {
  readonly columns: PageColumns
  readonly period: Window
  readonly unit: RowUnit
}

/** The readers of a row, in the order of the file. */
export function csvFields(
  dataset: Dataset,
  order: readonly (ArchiveColumn | string)[],
  { columns, ...place }: CsvPlace,
): readonly CsvField[] {
  const slack = dataset.key === dataset.time ? 0 : DISORDER_MICROS_MAX
  return order.map((own) => {
    if (typeof own === 'string') return { label: quoteText(own, 40), reader: unknownReader }
    const { name } = own
    if (name !== undefined && name === dataset.labels)
      return { label: name, reader: labelReader(dataset, columns, place.period) }
    if (name === undefined) return { label: 'the ignored column', reader: skipReader }
    const index = columnIndex(dataset, name)
    const column = dataset.columns[index]
    const sink = columns.sinks[index]
    if (column === undefined || sink === undefined) throw new RangeError(`no column ${name}`)
    return { label: name, reader: readerOf(column, sink, { ...place, slack }) }
  })
}

/** The columns of a dataset that its files do not have. */
export function absentSinks(dataset: Dataset, { sinks }: PageColumns): readonly ColumnSink[] {
  const own = new Set(archiveColumns(dataset).map(({ name }) => name))
  if (dataset.labels !== undefined) own.add(dataset.time)
  return sinks.filter((_, index) => !own.has(dataset.columns[index]?.name))
}

function labelReader(dataset: Dataset, { sinks }: PageColumns, period: Window): CsvReader {
  const [times, texts] = [dataset.time, dataset.labels ?? ''].map(
    (name) => sinks[columnIndex(dataset, name)],
  )
  return new LabelReader(times as Int64Sink, texts as TextSink, period)
}

function readerOf(
  { type, nullable }: Column,
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
      return nullable === true ? new NullableReader(numberReader(sink), sink) : numberReader(sink)
    case 'text':
    case 'extra':
      throw new RangeError('no archive file has texts')
  }
}
