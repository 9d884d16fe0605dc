/** `sql`: asks the lake with SQL. */

import { quoteText, sql, type SqlAnswer, type SqlValue } from '../../index.ts'
import type { Call, Execute } from '../commands.ts'
import { csvLine, isRight, jsonPieces, tableCell } from '../answer.ts'
import { counted } from '../human.ts'
import { table } from '../table.ts'

/** Rows of a table; what is to be counted on needs --csv or --json. */
const TABLE_ROWS_MAX = 100

export const execute: Execute = async (call) => {
  const { values, operands } = call
  const [query = ''] = operands
  const { 'data-dir': dataDir } = values
  const answer = await sql(query, dataDir === undefined ? {} : { dataDir })
  try {
    if (values.csv === true) await writeAll(csvPieces(answer, call), call)
    else if (values.json === true) await writeAll(jsonPieces(answer), call)
    else await writeTable(answer, call)
  } finally {
    answer.close()
  }
  return 0
}

async function writeAll(pieces: AsyncIterable<string>, { io }: Call): Promise<void> {
  for await (const piece of pieces) {
    if (io.gone.aborted) return
    await io.stdout.write(piece)
  }
}

/** Exact for a program, safe for a terminal. */
async function* csvPieces(
  answer: SqlAnswer,
  { io }: Pick<Call, 'io'>,
): AsyncGenerator<string, void, void> {
  const line = io.stdout.isTerminal ? shownLine : csvLine
  yield line(answer.columns.map(({ name }) => name))
  for await (const rows of answer.rows()) yield rows.map(line).join('')
}

function shownLine(values: readonly SqlValue[]): string {
  const text = csvLine(values).slice(0, -1)
  return `${quoteText(text, text.length)}\n`
}

async function writeTable(answer: SqlAnswer, { print }: Call): Promise<void> {
  const shown: string[][] = []
  let hasMore = false
  for await (const rows of answer.rows()) {
    shown.push(...rows.map((row) => row.map(tableCell)))
    hasMore = shown.length > TABLE_ROWS_MAX
    if (hasMore) break
  }
  const aligns = answer.columns.map(({ type }) => (isRight(type) ? 'r' : 'l')).join('')
  const head = answer.columns.map(({ name }) => tableCell(name))
  const rows = shown.slice(0, TABLE_ROWS_MAX)
  await print.result(table(head, aligns, rows))
  await print.say(
    hasMore
      ? `the first ${counted(rows.length, 'row')}; --csv or --json prints all`
      : counted(rows.length, 'row'),
  )
}
