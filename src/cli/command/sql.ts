/** `sql`: asks the lake with SQL. */

import type { SqlAnswer, SqlValue } from '../../index.ts'
import type { Call, Command } from '../command.ts'
import { LAKE_FLAGS, type Flags } from '../flags.ts'
import { counted } from '../human.ts'
import { fit, table } from '../table.ts'
import { library } from '../library.ts'

/** Rows of a table; what is to be counted on needs --csv or --json. */
const TABLE_ROWS_MAX = 100

const flags = {
  csv: { describe: 'all rows as CSV on stdout, with a head', conflicts: ['json'] },
  'data-dir': LAKE_FLAGS['data-dir'],
} satisfies Flags

/** @see {@link Command} */
export const command: Command = {
  name: 'sql',
  operands: 'QUERY',
  describe: 'ask the lake with SQL',
  long: [
    'Runs one SELECT with DuckDB over the lake, which it cannot change. Each dataset is a view of its name: klines, aggTrades and so on, with the columns of docs/FORMAT.md and those of the paths: symbol, "interval" (in quotes: it is a word of SQL), period. Needs the optional package @duckdb/node-api.',
    'Prints a table of the first 100 rows; --csv and --json print all. Times are UTC; --json writes whole numbers above 2^53 and decimals as text.',
  ],
  flags,
  examples: [
    {
      line: 'sql "SELECT symbol, count(*) FROM klines GROUP BY ALL"',
      does: 'rows of each symbol',
    },
    {
      line: `sql "FROM aggTrades WHERE symbol = 'BTCUSDT' LIMIT 10" --json`,
      does: 'ten trades, as JSON',
    },
    {
      line: 'sql "SELECT open_time, close FROM klines" --csv > closes.csv',
      does: 'all closes, as CSV',
    },
  ],
  execute,
}

async function execute(call: Call<typeof flags>): Promise<number> {
  const { values, operands } = call
  const [query = ''] = operands
  const { 'data-dir': dataDir } = values
  const answer = await library.sql(query, dataDir === undefined ? {} : { dataDir })
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
  return `${library.quoteText(text, text.length)}\n`
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

const CELL_WIDTH = 40

/** A value in a table: on one line, and not too wide. Moments lose what every one of them has. */
export function tableCell(value: SqlValue): string {
  const text = plain(value).replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)\.(\d{6})Z$/, moment)
  return fit(library.quoteText(text), CELL_WIDTH)
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
  yield `{"columns":${library.jsonText(answer.columns)},"rows":[`
  let separator = '\n'
  for await (const rows of answer.rows()) {
    if (rows.length === 0) continue
    yield separator + rows.map((row) => library.jsonText(row)).join(',\n')
    separator = ',\n'
  }
  yield ']}\n'
}
