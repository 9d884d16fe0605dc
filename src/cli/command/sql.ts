/** `sql`: asks the lake with SQL. */

import { readFile } from 'node:fs/promises'
import type { Fetch, SqlAnswer, SqlValue } from '../../index.ts'
import type { Call, Command } from '../command.ts'
import { Misuse } from '../failure.ts'
import { LAKE_FLAGS, type Flags } from '../flags.ts'
import type { Io } from '../io.ts'
import { library } from '../library.ts'
import { bytes, counted } from '../human.ts'
import { readInteger, readText } from '../read.ts'
import { sqlShell } from '../sql-shell.ts'
import { plainText, writeTable } from '../sql-table.ts'

/** Far more than anybody writes; a query is held in memory. */
const QUERY_BYTES_MAX = 1 << 20

const flags = {
  file: {
    describe: 'take the query from this file',
    value: 'FILE',
    read: readText,
  },
  csv: { describe: 'all rows as CSV on stdout, with a head', conflicts: ['json'] },
  'data-dir': LAKE_FLAGS['data-dir'],
  'cache-max': {
    describe:
      'of a lake in a bucket: the most megabytes of its files that are kept on this machine',
    value: 'MB',
    default: '20000',
    read: readInteger(1, 1e9),
  },
} satisfies Flags

/** @see {@link Command} */
export const command: Command = {
  name: 'sql',
  operands: '[QUERY]',
  describe: 'ask the lake with SQL',
  long: [
    'Runs one SELECT with DuckDB over the lake, which it cannot change. Each dataset is a view of its name: klines, aggTrades and so on, um_klines and cm_klines for futures, with the columns of docs/FORMAT.md and those of the paths: symbol, contract, "interval" (in quotes: it is a word of SQL), period. Needs the optional package @duckdb/node-api.',
    'The query is an argument, a file with --file, or stdin with - or without a terminal. At a terminal without a query there is a prompt, where a query ends with a semicolon and .help tells the rest.',
    "Of a lake in a bucket, the files of the datasets that the query names are fetched first, and kept in the user's cache directory for the next query.",
    'Prints a table of the first 100 rows, of as many columns as the terminal is wide; --csv and --json print all. Times are UTC; --json writes whole numbers above 2^53 and decimals as text.',
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
    { line: 'sql --file returns.sql --json', does: 'a query that is kept in a file' },
    { line: 'sql', does: 'a prompt' },
  ],
  execute,
}

async function execute(call: Call<typeof flags>): Promise<number> {
  const { values, operands, io } = call
  const query = await queryOf({ file: values.file, operand: operands[0] }, io)
  const { 'data-dir': dataDir, 'cache-max': cacheMax } = values
  const options = {
    ...(dataDir === undefined ? {} : { dataDir }),
    ...(cacheMax === undefined ? {} : { cacheMaxBytes: cacheMax * 1e6 }),
    onFetch: (fetch: Fetch) =>
      void call.print.say(`fetching ${counted(fetch.files, 'file')}, ${bytes(fetch.bytes)}`),
  }
  const ask = (text: string): Promise<SqlAnswer> => library.sql(text, options)
  if (query === undefined) return sqlShell(ask, call)
  const answer = await ask(query)
  try {
    if (values.csv === true) await writeAll(csvPieces(answer, call), call)
    else if (values.json === true) await writeAll(jsonPieces(answer), call)
    else await writeTable(answer, call)
  } finally {
    answer.close()
  }
  return 0
}

/**
 * The query: an argument, a file, or stdin for `-` and where stdin is no terminal.
 *
 * @returns `undefined` where there is none and a person can be asked for it.
 * @throws Misuse when there are two, or the file cannot be read.
 */
async function queryOf(
  { file, operand }: { readonly file: string | undefined; readonly operand: string | undefined },
  { stdin }: Io,
): Promise<string | undefined> {
  if (file !== undefined && operand !== undefined)
    throw new Misuse('--file cannot stand beside a query')
  if (file !== undefined) return fromFile(file)
  if (operand !== undefined && operand !== '-') return operand
  return operand === undefined && stdin.isTerminal ? undefined : fromStream(stdin.stream)
}

async function fromFile(path: string): Promise<string> {
  const bytes = await readFile(path).catch((error: unknown) => {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException
    throw new Misuse(`--file: ${library.quoteText(path)} cannot be read (${code})`)
  })
  return checked(bytes)
}

async function fromStream(stream: NodeJS.ReadableStream): Promise<string> {
  const pieces: Buffer[] = []
  let size = 0
  for await (const piece of stream) {
    pieces.push(Buffer.from(piece))
    size += pieces.at(-1)?.length ?? 0
    if (size > QUERY_BYTES_MAX) break
  }
  return checked(Buffer.concat(pieces))
}

function checked(bytes: Buffer): string {
  if (bytes.length <= QUERY_BYTES_MAX) return bytes.toString('utf8')
  throw new Misuse('the query is longer than 1 MiB')
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

/** A line of CSV as RFC 4180 has it, but ended by a line feed alone; null is an empty field. */
export function csvLine(values: readonly SqlValue[]): string {
  return `${values.map(csvField).join(',')}\n`
}

function csvField(value: SqlValue): string {
  if (value === null) return ''
  const text = plainText(value)
  const isQuoted = text === '' || /[",\r\n]/.test(text)
  return isQuoted ? `"${text.replaceAll('"', '""')}"` : text
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
