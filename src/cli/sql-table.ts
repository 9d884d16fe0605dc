/** An answer of `sql` as a table for people. */

import type { SqlAnswer, SqlValue } from '../index.ts'
import type { Call } from './command.ts'
import { counted } from './human.ts'
import { library } from './library.ts'
import { fit, table } from './table.ts'

/** Rows of a table; what is to be counted on needs --csv or --json. */
const TABLE_ROWS_MAX = 100
const CELL_WIDTH = 40
/** A text that is narrower says nothing any more. */
const CELL_WIDTH_MIN = 8
const GAP = 2

/** Prints the first rows, and at a terminal as many columns as fit. */
export async function writeTable(
  answer: SqlAnswer,
  { print, io }: Pick<Call, 'print' | 'io'>,
): Promise<void> {
  const shown: string[][] = []
  let hasMore = false
  for await (const rows of answer.rows()) {
    shown.push(...rows.map((row) => row.map(tableCell)))
    hasMore = shown.length > TABLE_ROWS_MAX
    if (hasMore) break
  }
  const aligns = answer.columns.map(({ type }) => (isRight(type) ? 'r' : 'l'))
  const head = answer.columns.map(({ name }) => tableCell(name))
  const all = [head, ...shown.slice(0, TABLE_ROWS_MAX)]
  const texts = answer.columns.map(({ type }) => isText(type))
  const widths = fittingWidths(all, texts, io.stdout.isTerminal ? io.stdout.columns : Infinity)
  const [first = [], ...rows] = all.map((row) => cut(row, widths))
  const kept = aligns.filter((_, index) => widths[index] !== undefined)
  await print.result(table(first, kept.join(''), rows))
  const left = kept.length < aligns.length ? `, ${kept.length} of ${aligns.length} columns` : ''
  const all100 = hasMore ? `the first ${counted(rows.length, 'row')}` : counted(rows.length, 'row')
  await print.say(hasMore || left !== '' ? `${all100}${left}; --csv or --json prints all` : all100)
}

/**
 * The width of each column in a table of at most `width`: texts become narrower first, then columns in the middle are
 * left out (`undefined`). Numbers and times are never cut.
 */
export function fittingWidths(
  rows: readonly (readonly string[])[],
  isText: readonly boolean[],
  width: number,
): readonly (number | undefined)[] {
  const widths: (number | undefined)[] = isText.map((_, index) =>
    rows.reduce((most, row) => Math.max(most, library.displayWidth(row[index] ?? '')), 1),
  )
  const kept = (): number[] => widths.filter((one) => one !== undefined)
  const excess = (): number =>
    kept().reduce((sum, one) => sum + one, 0) + GAP * (kept().length - 1) - width
  while (excess() > 0) {
    const widest = widths.reduce<number>(
      (best, one, index) =>
        isText[index] === true && (one ?? 0) > CELL_WIDTH_MIN && (one ?? 0) > (widths[best] ?? 0)
          ? index
          : best,
      -1,
    )
    if (widest >= 0) widths[widest] = (widths[widest] ?? 0) - 1
    else if (!dropMiddle(widths)) break
  }
  return widths
}

/** Leaves out one column; `false` when there is only one. */
function dropMiddle(widths: (number | undefined)[]): boolean {
  const left = [...widths.keys()].filter((index) => widths[index] !== undefined)
  const middle = left[left.length >> 1]
  if (left.length < 2 || middle === undefined) return false
  widths[middle] = undefined
  return true
}

function cut(row: readonly string[], widths: readonly (number | undefined)[]): readonly string[] {
  return row.flatMap((cell, index) => {
    const width = widths[index]
    return width === undefined ? [] : [fit(cell, width)]
  })
}

/** A value in a table: on one line, and not too wide. Moments lose what every one of them has. */
export function tableCell(value: SqlValue): string {
  const text = plainText(value).replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)\.(\d{6})Z$/, moment)
  return fit(library.quoteText(text), CELL_WIDTH)
}

function moment(_: string, day: string, time: string, micros: string): string {
  return micros === '000000' ? `${day} ${time}` : `${day} ${time}.${micros}`
}

/** Are values of this type numbers, to be read from the right? */
function isRight(type: string): boolean {
  return /INT|DOUBLE|FLOAT|DECIMAL|NUMERIC/.test(type)
}

/** May values of this type be cut and still say something? */
function isText(type: string): boolean {
  return !isRight(type) && !/TIME|DATE|BOOLEAN/.test(type)
}

/** A value as text; lists and structs are JSON. */
export function plainText(value: SqlValue): string {
  if (value === null) return 'NULL'
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
