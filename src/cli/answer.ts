/** Answers of `sql` as cells of a table, as CSV and as one JSON document, piece by piece. */

import { jsonText, quoteText, type SqlAnswer, type SqlValue } from '../index.ts'
import { fit } from './table.ts'

const CELL_WIDTH = 40

/** A value in a table: on one line, and not too wide. Moments lose what every one of them has. */
export function tableCell(value: SqlValue): string {
  const text = plain(value).replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)\.(\d{6})Z$/, moment)
  return fit(quoteText(text), CELL_WIDTH)
}

function moment(_: string, day: string, time: string, micros: string): string {
  return micros === '000000' ? `${day} ${time}` : `${day} ${time}.${micros}`
}

/** Are values of this type numbers, to be read from the right? */
export function isRight(type: string): boolean {
  return /INT|DOUBLE|FLOAT|DECIMAL|NUMERIC/.test(type)
}

/** A line of CSV as RFC 4180 has it, but ended by a line feed alone; null is an empty field. */
export function csvLine(values: readonly SqlValue[]): string {
  return `${values.map(csvField).join(',')}\n`
}

function csvField(value: SqlValue): string {
  if (value === null) return ''
  const text = plain(value)
  const isQuoted = text === '' || /[",\r\n]/.test(text)
  return isQuoted ? `"${text.replaceAll('"', '""')}"` : text
}

function plain(value: SqlValue): string {
  if (value === null) return 'NULL'
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

/** `{"columns":[{"name","type"}],"rows":[[...]]}`, a row a line. */
export async function* jsonPieces(answer: SqlAnswer): AsyncGenerator<string, void, void> {
  yield `{"columns":${jsonText(answer.columns)},"rows":[`
  let separator = '\n'
  for await (const rows of answer.rows()) {
    if (rows.length === 0) continue
    yield separator + rows.map((row) => jsonText(row)).join(',\n')
    separator = ',\n'
  }
  yield ']}\n'
}
