/** `export`: rows of one series for other programs. */

import { extname } from 'node:path'
import type { Export, ExportFormat } from '../../index.ts'
import type { Call, Command } from '../command.ts'
import { INCOMPLETE, Misuse, Unfinished } from '../failure.ts'
import { LAKE_FLAGS, type Flags } from '../flags.ts'
import { bytes, counted, spans } from '../human.ts'
import { library } from '../library.ts'
import { readChoice, readMoment, readText } from '../read.ts'

const FORMATS = ['csv', 'jsonl', 'arrow', 'parquet'] as const
const NAMES = { csv: 'CSV', jsonl: 'JSON Lines', arrow: 'Arrow', parquet: 'Parquet' } as const

const PROGRAMS = ['freqtrade', 'vectorbt', 'backtrader', 'zipline'] as const
const BINARY: ReadonlySet<ExportFormat> = new Set(['arrow', 'parquet'])

/** Flags that name a part of a series. */
export const RANGE_FLAGS = {
  from: {
    describe: 'the start, UTC: a date or a date-time',
    value: 'TIME',
    default: 'the first row',
    read: readMoment,
  },
  to: {
    describe: 'the end, exclusive',
    value: 'TIME',
    default: 'the last row',
    read: readMoment,
  },
} satisfies Flags

const flags = {
  format: {
    describe: 'csv, jsonl, arrow or parquet',
    value: 'FORMAT',
    default: "by --out's ending, else csv; jsonl with --json",
    read: readChoice(FORMATS),
  },
  for: {
    describe:
      'klines as a program for backtests loads them: freqtrade, vectorbt, backtrader or zipline',
    value: 'PROGRAM',
    read: readChoice(PROGRAMS),
    conflicts: ['format'],
  },
  out: {
    describe: 'the file to write, whole or not at all; replaced when it is there',
    value: 'FILE',
    default: 'stdout',
    read: readText,
  },
  ...RANGE_FLAGS,
  resample: {
    describe:
      "klines of another interval, one of Binance's or such as 7m or 90m; of trades also bars such as 1000tick, 100volume or 1e6dollar",
    value: 'INTERVAL',
    read: readText,
  },
  'allow-incomplete': { describe: 'end with 0 although a part of the range is not covered' },
  'data-dir': LAKE_FLAGS['data-dir'],
} satisfies Flags

/** @see {@link Command} */
export const command: Command = {
  name: 'export',
  operands: 'SERIES',
  describe: 'write the rows of a series as CSV, JSON Lines, Arrow or Parquet',
  long: [
    'SERIES is [MARKET/]DATASET/SYMBOL[/CONTRACT][/INTERVAL], such as klines/BTCUSDT/1h or cm/basis/BTCUSD/PERPETUAL/5m. Times are ISO 8601 UTC with microseconds, and numbers are exactly as the lake stores them; JSON Lines write decimals, and integers above 2^53, as text. Arrow is the file format of Arrow IPC.',
    'A range that is not covered is named on stderr, and the exit code is 3; the rows that are there are written all the same.',
    'With --for, klines get the names, times and columns that the program documents, and nothing else: docs/READING.md has how each loads them.',
    'With --resample, klines are put together to longer ones, and aggTrades or trades to klines, with exact sums of volumes; those that open in the range, each whole. The column partial is true where a part of the time is not covered, or has no rows of klines. Weeks begin on Monday, months with their first day; 3d klines lie as the exchange has them, which takes one of the symbol in the lake; all others count from 1970. Tick, volume and dollar bars of trades end with the trade that fills them.',
  ],
  flags,
  examples: [
    { line: 'export klines/BTCUSDT/1h > btc.csv', does: 'all rows, as CSV' },
    {
      line: 'export aggTrades/BTCUSDT --from 2024-03-01 --to 2024-03-02 --out trades.parquet',
      does: 'a day of trades, as one Parquet file',
    },
    {
      line: 'export klines/BTCUSDT/1m --resample 90m --format jsonl',
      does: 'klines of 90 minutes, made of those of one',
    },
    {
      line: 'export klines/BTCUSDT/1h --for freqtrade --out BTC_USDT-1h.feather',
      does: 'klines as freqtrade reads them',
    },
    {
      line: 'export aggTrades/BTCUSDT --resample 1e6dollar --out bars.parquet',
      does: 'a bar for each million that was paid',
    },
  ],
  execute,
}

async function execute(call: Call<typeof flags>): Promise<number> {
  const { values, operands, io, print } = call
  const [series = ''] = operands
  const { 'data-dir': dataDir, from, to, resample, out, for: program } = values
  const ending = endingOf(out)
  const format =
    values.format ?? ending ?? (values.json === true && out === undefined ? 'jsonl' : 'csv')
  const rows = await library.exportSeries(series, {
    ...(program === undefined ? { format } : { for: program }),
    ...(dataDir === undefined ? {} : { dataDir }),
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    ...(resample === undefined ? {} : { resample }),
  })
  checkTerminal(rows, call)
  if (program !== undefined && ending !== undefined && ending !== rows.format)
    throw new Misuse(
      `${program} loads ${NAMES[rows.format]}, and --out names a file of ${NAMES[ending]}`,
      'name a file with another ending, or leave --for away',
    )
  if (out === undefined) await writeOut(rows, call)
  else await writeFile(out, rows, call)
  const partial = rows.partial()
  if (partial > 0) await print.say(library.quoteText(`${series}: ${partialWords(partial)}`))
  if (io.gone.aborted || rows.isComplete) return 0
  if (values['allow-incomplete'] === true) {
    await print.say(library.quoteText(`${series}: ${rows.words}`))
    return 0
  }
  await print.error(incomplete(series, rows))
  return INCOMPLETE
}

/** The format that the ending of a file names. */
function endingOf(out: string | undefined): ExportFormat | undefined {
  const ending = extname(out ?? '').slice(1)
  return FORMATS.find((format) => format === ending.toLowerCase())
}

function partialWords(count: number): string {
  return `${counted(count, 'row')} made of a part of the time, which the form has no column for`
}

function checkTerminal({ format }: Export, { values, io }: Call<typeof flags>): void {
  if (BINARY.has(format) && values.out === undefined && io.stdout.isTerminal)
    throw new Misuse(
      `${NAMES[format]} is not for a terminal`,
      'name a file with --out, or redirect stdout',
    )
}

async function writeOut({ pieces }: Export, { io }: Pick<Call, 'io'>): Promise<void> {
  for await (const piece of pieces()) {
    if (io.gone.aborted) return
    await io.stdout.write(io.stdout.isTerminal ? shown(piece) : piece)
  }
}

/** Lines that are safe for a terminal. */
function shown(piece: Uint8Array): string {
  const lines = new TextDecoder().decode(piece).split('\n')
  return lines.map((line) => library.quoteText(line, line.length)).join('\n')
}

async function writeFile(
  out: string,
  rows: Export,
  { values, print }: Call<typeof flags>,
): Promise<void> {
  const size = await library.writeExport(out, rows)
  const count = rows.rows()
  const { isComplete, missing } = rows
  if (values.json === true)
    await print.json({ path: out, rows: count, bytes: size, complete: isComplete, missing })
  await print.result(`${library.quoteText(out)}: ${counted(count, 'row')}, ${bytes(size)}\n`)
}

function incomplete(series: string, { missing, words }: Export): Unfinished {
  const what = missing.length === 0 ? words : `not covered: ${spans(missing).join(', ')}`
  return new Unfinished('E_INCOMPLETE', library.quoteText(`${series}: ${what}`, 1000), {
    exit: INCOMPLETE,
    hint: 'run its job again, or say --allow-incomplete',
  })
}
