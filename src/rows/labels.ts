/**
 * Files whose labels are texts, and mean the beginning or the end of five minutes: which of the two, only all labels of a
 * file tell. The time of a row is the end, when its stocks were taken.
 *
 * @see binance-public-data, issue 491: daily files have the labels 00:05 to 24:00 by one rule, 00:00 to 23:55 by the other.
 */

import { ArchiveError } from '../base/errors.ts'
import { quoteText } from '../base/text.ts'
import type { Window } from '../base/time.ts'
import { columnIndex, LABEL_STEP, type Dataset } from '../binance/dataset.ts'
import { batchOf, columnData, columnOf, int64Values, pageOf } from './batch.ts'
import { TextSink, type Int64Sink } from './columns.ts'
import type { CsvReader } from './csv-readers.ts'
import { concatBatches } from './order.ts'
import type { Page } from './page.ts'
import type { DataType } from 'apache-arrow'

/** What a label means. */
export type LabelRule = 'start' | 'end' | 'unknown'

const LABEL = /^(\d{4})-(\d{2})-(\d{2}) (\d{2}):(\d{2}):(\d{2})$/
const LABEL_CHARS = 19

/** Reads a label into a time and, as it is, into a text. */
export class LabelReader implements CsvReader {
  readonly #times: Int64Sink
  readonly #texts: TextSink
  readonly #from: number
  readonly #to: number

  /** @param period - Of the rows: a day, from the end of its first five minutes on. */
  constructor(times: Int64Sink, texts: TextSink, { from, to }: Window) {
    this.#times = times
    this.#texts = texts
    this.#from = Number(from - LABEL_STEP)
    this.#to = Number(to - LABEL_STEP)
  }

  read(bytes: Uint8Array, at: number, row: number): number {
    const end = at + LABEL_CHARS
    const time = timeOf(
      Buffer.from(bytes.buffer, bytes.byteOffset + at, LABEL_CHARS).toString('latin1'),
    )
    if (time === undefined || time < this.#from || time > this.#to) return -1
    this.#times.put(row, time)
    this.#texts.put(row, bytes, at, end)
    return end
  }

  problem(text: string): string {
    return timeOf(text) === undefined
      ? 'not a time such as 2024-03-01 00:05:00'
      : "not of the file's own day"
  }
}

/** Microseconds; `undefined` for another text, and for a day that does not exist. */
function timeOf(text: string): number | undefined {
  if (!LABEL.test(text)) return undefined
  const ms = Date.parse(`${text.replace(' ', 'T')}Z`)
  return Number.isNaN(ms) ? undefined : ms * 1000
}

/** The rule of a file, by its labels. @throws ArchiveError when they follow both */
export function ruleOf(labels: BigInt64Array, { from, to }: Window, file: string): LabelRule {
  const isStart = labels.includes(from - LABEL_STEP)
  const isEnd = labels.includes(to - LABEL_STEP)
  if (isStart && isEnd)
    throw new ArchiveError(
      'rows',
      file,
      `${quoteText(file)}: labels from 00:00 to 24:00 follow two rules`,
    )
  return isStart ? 'start' : isEnd ? 'end' : 'unknown'
}

/**
 * The rows of one file with the times that their labels mean. Where the labels do not tell, they are taken for the ends,
 * and the column `label` says so.
 */
export async function* withTimes(
  dataset: Dataset,
  pages: AsyncIterable<Page>,
  { period, file }: { readonly period: Window; readonly file: string },
): AsyncGenerator<Page, void, void> {
  const found: Page[] = []
  for await (const page of pages) found.push(page)
  if (found.length === 0) return
  const { batch } = pageOf(dataset, concatBatches(found.map((page) => page.batch)))
  const [timeAt, labelAt] = [columnIndex(dataset, 'time'), columnIndex(dataset, 'label')]
  const labels = int64Values(batch, timeAt)
  const rule = ruleOf(labels, period, file)
  const times = rule === 'start' ? labels.map((label) => label + LABEL_STEP) : labels.slice()
  const rows = labels.length
  const columns = batch.schema.fields.map((field, index) => {
    const type = field.type as DataType
    if (index === timeAt) return columnOf(type, { data: times }, { length: rows, nullCount: 0 })
    return index === labelAt ? constant(type, rule, rows) : columnData(batch, index)
  })
  yield pageOf(dataset, batchOf(batch.schema, columns, rows))
}

function constant(type: DataType, text: string, rows: number): ReturnType<TextSink['finish']> {
  const bytes = new TextEncoder().encode(text)
  const sink = new TextSink(type)
  sink.reserve(rows)
  for (let row = 0; row < rows; row++) sink.put(row, bytes, 0, bytes.length)
  return sink.finish(rows)
}
