/** Klines and bars in the forms that programs for backtests load as they are: one table of forms, and one way to fill it. */

import {
  DataType,
  Field,
  Float64,
  Schema,
  TimestampMillisecond,
  Utf8,
  type Data,
  type RecordBatch,
} from 'apache-arrow'
import { UsageError } from '../base/errors.ts'
import { quoteText } from '../base/text.ts'
import { floorDiv, formatMicros, micros, type Micros } from '../base/time.ts'
import { INTERVALS } from '../binance/interval.ts'
import { datasetOf } from '../binance/market.ts'
import type { SeriesKey } from '../binance/series.ts'
import { PARTIAL, type BarColumn } from '../resample/columns.ts'
import { intervalText, parseMeasure } from '../resample/measure.ts'
import { batchOf, columnData, columnOf, int64Values } from '../rows/batch.ts'
import { valueReader } from '../rows/value-text.ts'
import { columnsOfBars } from './bar-columns.ts'
import type { Exported, ExportFormat } from './export-format.ts'

/** The form of a program's files. */
type ToolForm = {
  readonly format: Exclude<ExportFormat, 'jsonl'>
  readonly time: string
  /** Open, high, low, close and volume. */
  readonly values: readonly [string, string, string, string, string]
  /** What follows them, the same in every row. */
  readonly constants: readonly (readonly [name: string, value: string])[]
  /** The intervals that it takes; absent: any, and bars of a size too. */
  readonly intervals?: readonly string[]
}

const LOWER = ['open', 'high', 'low', 'close', 'volume'] as const

/**
 * The programs and their forms. Times of CSV are `YYYY-MM-DD HH:MM:SS`, UTC; numbers of the others are doubles.
 *
 * @see freqtrade: docs/data-download.md, "Data format", and freqtrade/data/history/datahandlers/featherdatahandler.py, which
 * writes and reads `PAIR-TIMEFRAME.feather` with these columns; Feather is the file format of Arrow IPC.
 * @see vectorbt: vectorbt.dev/api/ohlcv_accessors, "Column names" (their case does not matter; other programs want it so).
 * @see backtrader: backtrader.com/docu/datafeed, "Generic CSV": the columns and the form of time that GenericCSVData has by
 * default.
 * @see zipline: docs/source/bundles.rst, "Ingesting Data from .csv Files", and zipline/data/bundles/csvdir.py: `daily` and
 * `minute` are its time frames.
 */
export const TOOL_FORMS = {
  freqtrade: {
    format: 'arrow',
    time: 'date',
    values: LOWER,
    constants: [],
    intervals: INTERVALS,
  },
  vectorbt: {
    format: 'parquet',
    time: 'Date',
    values: ['Open', 'High', 'Low', 'Close', 'Volume'],
    constants: [],
  },
  backtrader: {
    format: 'csv',
    time: 'datetime',
    values: LOWER,
    constants: [['openinterest', '0']],
  },
  zipline: {
    format: 'csv',
    time: 'date',
    values: LOWER,
    constants: [
      ['dividend', '0.0'],
      ['split', '1.0'],
    ],
    intervals: ['1d', '1m'],
  },
} as const satisfies Readonly<Record<string, ToolForm>>

/** The programs, as they are named. */
export type Tool = keyof typeof TOOL_FORMS
/** @see {@link Tool} */
export const TOOLS: readonly Tool[] = ['freqtrade', 'vectorbt', 'backtrader', 'zipline']

/**
 * The columns that a program's form is filled from; the last one tells of bars whether they are partial.
 *
 * @throws UsageError for rows that are no klines with volumes, and for an interval that the program does not take
 */
export function toolColumns(
  key: SeriesKey,
  tool: Tool,
  resample: string | undefined,
): readonly string[] {
  const columns: readonly BarColumn[] =
    resample === undefined ? datasetOf(key).columns : columnsOfBars(key, resample)
  const volume = columns.find(({ type }) => type === 'quantity')
  if (volume === undefined || !columns.some(({ name }) => name === 'open'))
    throw new UsageError(`${tool} takes klines with volumes, and ${key.dataset} are none`, {
      hint: 'Name klines, or say with --resample to which ones trades are put together.',
    })
  checkInterval(key, tool, resample)
  const names = ['open_time', 'open', 'high', 'low', 'close', volume.name]
  return resample === undefined ? names : [...names, PARTIAL]
}

function checkInterval(key: SeriesKey, tool: Tool, resample: string | undefined): void {
  const { intervals }: ToolForm = TOOL_FORMS[tool]
  const isOfSize = resample !== undefined && parseMeasure(resample).kind !== 'interval'
  const interval = isOfSize || resample === undefined ? key.interval : intervalText(resample)
  if (intervals === undefined) return
  if (!isOfSize && interval !== undefined && intervals.includes(interval)) return
  const asked = quoteText(resample ?? interval ?? '')
  throw new UsageError(`${tool} takes no bars of ${asked}`, {
    hint: `It takes ${intervals.join(', ')}; --resample makes them.`,
  })
}

/** A program's file, and how rows become its rows. */
export type ToolExport = {
  readonly exported: Pick<Exported, 'columns' | 'schema' | 'key'>
  readonly convert: (batch: RecordBatch) => RecordBatch
}

/** @param source - The schema of the batches, which have {@link toolColumns}. */
export function toolExport(tool: Tool, source: Schema): ToolExport {
  const form: ToolForm = TOOL_FORMS[tool]
  const isText = form.format === 'csv'
  const constants = form.constants.map(([name]) => new Field(name, new Utf8()))
  const values = form.values.map((name, index) => {
    const type = source.fields[index + 1]?.type as DataType
    return new Field(name, isText ? type : new Float64())
  })
  const schema = new Schema([new Field(form.time, timeType(form, source)), ...values, ...constants])
  const columns = [
    { name: form.time, type: isText ? ('text' as const) : ('time' as const) },
    ...form.values.map((name) => ({ name, type: 'quantity' as const })),
    ...form.constants.map(([name]) => ({ name, type: 'text' as const })),
  ]
  const convert = (batch: RecordBatch): RecordBatch => {
    const rows = batch.numRows
    const data = [
      timeColumn(form, batch),
      ...form.values.map((_, index) => {
        const column = columnData(batch, index + 1)
        return isText ? column : doubles(column, rows)
      }),
      ...form.constants.map(([, value]) => texts(Array<string>(rows).fill(value))),
    ]
    return batchOf(schema, data, rows)
  }
  return { exported: { columns, schema, key: form.time }, convert }
}

/** Bars of a batch whose last column says that they are partial. */
export function partialBars(batch: RecordBatch): number {
  const index = batch.schema.names.indexOf(PARTIAL)
  if (index < 0) return 0
  const read = valueReader({ type: 'flag' }, columnData(batch, index))
  return Array.from({ length: batch.numRows }, (_, row) => read(row)).filter(
    (text) => text === 'true',
  ).length
}

/** pandas keeps the unit of Feather's times, and freqtrade has milliseconds. */
function timeType({ format }: ToolForm, source: Schema): DataType {
  if (format === 'csv') return new Utf8()
  return format === 'arrow' ? new TimestampMillisecond('UTC') : (source.fields[0]?.type as DataType)
}

function timeColumn({ format }: ToolForm, batch: RecordBatch): Data {
  const times = int64Values(batch, 0)
  if (format === 'csv') return texts(Array.from(times, (time) => timeText(micros(time))))
  if (format === 'parquet') return columnData(batch, 0)
  const millis = times.map((time) => floorDiv(time, 1_000n))
  return columnOf(
    new TimestampMillisecond('UTC'),
    { data: millis },
    { length: batch.numRows, nullCount: 0 },
  )
}

function timeText(time: Micros): string {
  return formatMicros(time).slice(0, 19).replace('T', ' ')
}

function doubles(column: Data, rows: number): Data {
  if (DataType.isFloat(column.type)) return column
  const read = valueReader({ type: 'quantity' }, column)
  const values = Float64Array.from({ length: rows }, (_, row) => Number(read(row)))
  return columnOf(new Float64(), { data: values }, { length: rows, nullCount: 0 })
}

/** Texts of ASCII. */
function texts(values: readonly string[]): Data {
  const offsets = new Int32Array(values.length + 1)
  for (const [row, value] of values.entries()) offsets[row + 1] = (offsets[row] ?? 0) + value.length
  const data = new TextEncoder().encode(values.join(''))
  return columnOf(new Utf8(), { data, offsets }, { length: values.length, nullCount: 0 })
}
