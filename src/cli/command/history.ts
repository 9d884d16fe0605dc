/** `history`: prints the runs that the lake remembers. */

import type { History, RunLack, RunRecord } from '../../index.ts'
import type { Call, Command } from '../command.ts'
import { Misuse } from '../failure.ts'
import type { Flags } from '../flags.ts'
import { bytes, count, counted, duration, instant, spans } from '../human.ts'
import { failure } from '../lines.ts'
import { library } from '../library.ts'
import { readInteger } from '../read.ts'
import { fit, table, type Row } from '../table.ts'

/** Runs that are printed for people, unless they say how many. */
const SHOWN = 20

const flags = {
  limit: {
    describe: 'the newest so many runs',
    value: 'N',
    default: '20; with --json all that are kept, 200 at most',
    read: readInteger(1),
  },
} satisfies Flags

/** @see {@link Command} */
export const command: Command = {
  name: 'history',
  operands: '[RUN]',
  describe: 'print the last runs, or one of them whole',
  long: [
    'Each run leaves a small record in the lake, whatever it came to: when, which job, the exit code, how many rows, and what was missing and why. The newest 200 are kept. A run that ended with 2 or 6 did not touch the lake, and leaves none.',
    'RUN is the id of a run, or as much of its beginning as no other has.',
  ],
  flags,
  takesLake: true,
  examples: [
    { line: 'history', does: 'the last 20 runs of ./data, newest first' },
    { line: 'history 2024-03-01T02', does: 'the run of that hour, whole' },
    { line: 'history --limit 1 --json', does: 'the last run, as JSON' },
  ],
  execute,
}

async function execute({ values, options, operands, print }: Call<typeof flags>): Promise<number> {
  const [name] = operands
  if (name !== undefined) {
    if (values.limit !== undefined) throw new Misuse('--limit cannot stand beside one run')
    const run = await library.readRun(name, options)
    if (values.json === true) await print.json(run)
    else await print.result(runText(run))
    return 0
  }
  const limit = values.limit ?? (values.json === true ? undefined : SHOWN)
  const history = await library.readRuns({
    ...options,
    ...(limit === undefined ? {} : { limit }),
  })
  if (values.json === true) await print.json(historyDocument(history))
  else await print.result(historyTable(history))
  for (const { message } of history.problems)
    await print.say(`warning: ${library.quoteText(message)}`)
  return 0
}

/** `history --json`. */
export function historyDocument({ runs, problems, more }: History): object {
  return {
    runs: runs.map((run) => ({
      id: run.id,
      job: run.job,
      ...(run.shard === undefined ? {} : { shard: run.shard }),
      started: run.started,
      finished: run.finished,
      exit: run.exit,
      rows: run.rows,
      requests: run.requests,
      weight: run.weight,
      missing: run.missing,
      moreMissing: run.moreMissing,
      version: run.version,
    })),
    problems,
    more,
  }
}

const JOB_WIDTH = 22
/** Enough of an id to name a run, as a rule: its second. */
const ID_CHARS = 19

/** The last runs as text of at most 80 columns. */
export function historyTable({ runs, problems, more }: History): string {
  if (runs.length === 0 && problems.length === 0) return 'The lake remembers no run.\n'
  const rows = runs.flatMap((run): readonly Row[] => [
    [
      shortId(run, runs),
      fit(library.quoteText(jobOf(run)), JOB_WIDTH),
      String(run.exit),
      count(run.rows),
      duration(seconds(run)),
    ],
    ...why(run),
  ])
  const older = more === 0 ? '' : `${counted(more, 'older run')} not shown; see --limit.\n`
  return [
    table(['RUN', 'JOB', 'EXIT', 'ROWS', 'TOOK'], 'llrrr', rows),
    '\n',
    `${counted(runs.length, 'run')}, newest first. Times are UTC; \`history RUN\` prints one whole.\n`,
    older,
  ].join('')
}

/** The job, and which part of it the run was. */
function jobOf({ job, shard }: RunRecord): string {
  return shard === undefined ? job : `${job} ${shard}`
}

/** As much of the id as tells a run from the others. */
function shortId({ id }: RunRecord, runs: readonly RunRecord[]): string {
  const short = id.slice(0, ID_CHARS)
  return runs.some((other) => other.id !== id && other.id.startsWith(short)) ? id : short
}

function seconds({ started, finished }: RunRecord): number {
  // A clock that was put back meanwhile makes no negative time.
  return Math.max(0, (Date.parse(finished) - Date.parse(started)) / 1000)
}

const LACKS_SHOWN = 2

/** Why a run was not complete, in a line or few. */
function why({ missing, moreMissing, error, exit }: RunRecord): readonly string[] {
  if (exit === 0 && missing.length === 0) return []
  const shown = missing.slice(0, LACKS_SHOWN).map((lack) => cut(`${nameOf(lack)}: ${short(lack)}`))
  const rest = missing.length - shown.length + moreMissing
  if (shown.length === 0 && error !== undefined) return [cut(failure(error))]
  return rest === 0 ? shown : [...shown, `and ${counted(rest, 'more series', 'more series')}`]
}

/** Words without those that a line has no room for. */
function cut(words: string): string {
  return library.quoteText(words, 75)
}

function short({ error, windows }: RunLack): string {
  if (error !== undefined) return library.quoteText(error.message)
  return `missing ${spans(windows, 1).join(' ')}`
}

function nameOf({ market, account, dataset, symbol, contract, interval }: RunLack): string {
  const where = market === 'spot' ? [] : [market]
  const parts = [...where, account, dataset, symbol, contract, interval]
  return library.quoteText(parts.filter((part) => part !== undefined).join(' '))
}

const SYMBOLS_SHOWN = 10
/** `2024-03-01T12:34:56`. */
const SECOND_CHARS = 19

/** One run as text. */
export function runText(run: RunRecord): string {
  const symbols = Object.values(run.symbols).flat()
  const lines = [
    run.id,
    ...facts({
      job: library.quoteText(run.job),
      shard: run.shard === undefined ? undefined : library.quoteText(run.shard),
      started: `${instant(run.started.slice(0, SECOND_CHARS))} UTC`,
      took: duration(seconds(run)),
      exit: `${run.exit}${run.error === undefined ? '' : `: ${failure(run.error)}`}`,
      stored: `${counted(run.rows, 'row')}; ${counted(run.partitions, 'file')} written (${bytes(run.bytes)})`,
      changed: run.revisions === 0 ? undefined : counted(run.revisions, 'stored row'),
      asked: `${counted(run.requests, 'request')}, weight ${count(run.weight)}`,
      waited: waits(run),
      symbols: someOf(symbols, symbols.length + run.moreSymbols),
      version: library.quoteText(run.version),
    }),
    ...missingLines(run),
  ]
  return lines.map((line) => `${line}\n`).join('')
}

function facts(values: Readonly<Record<string, string | undefined>>): readonly string[] {
  return Object.entries(values).flatMap(([name, value]) =>
    value === undefined ? [] : [`  ${name.padEnd(8)} ${value}`],
  )
}

const REASONS: Readonly<Record<string, string>> = {
  budget: 'for our own share of the limits',
  limit: 'since the limit was reached',
  ban: 'for a ban',
  overload: 'while the exchange did not answer',
}

function waits({ waits: all }: RunRecord): string | undefined {
  const parts = Object.entries(all).map(
    ([reason, { count: times, ms }]) =>
      `${duration(ms / 1000)} ${REASONS[reason] ?? library.quoteText(reason)} (${counted(times, 'wait')})`,
  )
  return parts.length === 0 ? undefined : parts.join(', ')
}

function someOf(names: readonly string[], total: number): string | undefined {
  if (total === 0) return undefined
  const shown = names.slice(0, SYMBOLS_SHOWN)
  const rest = total - shown.length
  const text = shown.map((name) => library.quoteText(name)).join(', ')
  return rest === 0 ? text : `${text} and ${count(rest)} more; --json lists them`
}

function missingLines({ missing, moreMissing, series }: RunRecord): readonly string[] {
  const total = missing.length + moreMissing
  if (total === 0) return [`  missing  nothing of ${counted(series, 'series', 'series')}`]
  return [
    `  missing  ${count(total)} of ${counted(series, 'series', 'series')}`,
    ...missing.flatMap((lack) => [
      `    ${nameOf(lack)}`,
      ...(lack.error === undefined ? [] : [`      ${failure(lack.error)}`]),
      ...spans(lack.windows).map((text) => `      ${text}`),
      ...(lack.moreWindows === 0
        ? []
        : [`      and ${counted(lack.moreWindows, 'more window')}, not kept`]),
    ]),
    ...(moreMissing === 0 ? [] : [`    and ${counted(moreMissing, 'more series', 'more series')}`]),
  ]
}
