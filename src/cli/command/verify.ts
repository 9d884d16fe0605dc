/** `verify`: reads the lake back. */

import type {
  CrossCheck,
  Finding,
  VerifyOptions,
  VerifyProgress,
  VerifyReport,
} from '../../index.ts'
import type { Call, Command } from '../command.ts'
import { flatKey } from '../print.ts'
import type { Flags } from '../flags.ts'
import { DAMAGED, INCOMPLETE, Unfinished } from '../failure.ts'
import { bytes, count, counted, duration, spans } from '../human.ts'
import { jobsFromFiles } from '../jobs.ts'
import { readSubset } from '../read.ts'
import { shardField, shardLine } from '../shard.ts'
import { fit, padded, table, type Row } from '../table.ts'
import { library } from '../library.ts'

const flags = {
  subset: {
    describe: 'check the I-th of N parts only, so that N runs check everything',
    value: 'I/N',
    read: readSubset,
    conflicts: ['rebuild'],
  },
  remote: { describe: 'also read the checksums of the archives again' },
  cross: {
    describe:
      'also hold series that say the same against each other: klines, trades, funding, open interest',
    conflicts: ['subset'],
  },
  rebuild: { describe: 'write lost or damaged manifests anew from the Parquet files' },
} satisfies Flags

/** @see {@link Command} */
export const command: Command = {
  name: 'verify',
  operands: '[JOB...]',
  describe: 'read the Parquet back and check it against its manifests',
  long: [
    "Checks order, duplicate keys, hashes, footers, coverage and gaps. Ends with 4 when it finds damage. With jobs: the series that they want, judged by the range that they want, as far as the lake and this machine's clock can tell; what is missing is no damage. Without: every series in the lake.",
    "With --cross, what two series say of the time that both cover must be the same: each kline against the shorter ones in it, or where these do not reach against aggTrades or trades; every trade in exactly one aggregate; settlements of funding against klines of the mark price, and steps of open interest against what was traded. A series that is held against none is named. What differs is listed with both values and how far the exchange's rules let them be apart, what only one side has as an omission of the other; then it ends with 4.",
  ],
  flags,
  takesLake: true,
  isSharded: true,
  examples: [
    { line: 'verify', does: 'everything in ./data' },
    { line: 'verify --subset 1/7', does: 'a seventh of it: one part for each day of the week' },
    { line: 'verify jobs/majors.yaml --remote', does: "also against the archives' checksums" },
    {
      line: 'verify --cross',
      does: 'klines against shorter ones and trades, aggregates against trades',
    },
    { line: 'verify --rebuild', does: 'after manifests were lost' },
  ],
  execute,
}

async function execute(call: Call<typeof flags>): Promise<number> {
  const { values, operands, print } = call
  const jobs = await jobsFromFiles(operands)
  const stop = library.stopOnSignals()
  try {
    const report = await follow(library.verify(jobs, verifyOptions(call, stop.signal)), call)
    const { shard } = call.options
    if (values.json === true) await print.json({ ...verifyDocument(report), ...shardField(shard) })
    else await print.result(`${findingsText(report)}${shardLine(shard)}`)
    const problem = report.ok ? uncomparedArchives(report) : damagedLake(report)
    if (problem === undefined) return 0
    await print.error(problem)
    return problem.exit
  } finally {
    stop.dispose()
  }
}

function verifyOptions(
  { values, options }: Call<typeof flags>,
  signal: AbortSignal,
): VerifyOptions {
  const { subset, remote = false, rebuild = false, cross = false } = values
  const part = subset === undefined ? {} : { subset }
  return { ...options, signal, ...part, remote, rebuild, cross }
}

async function follow(
  steps: AsyncIterable<VerifyProgress>,
  { values, io, print }: Call,
): Promise<VerifyReport> {
  let files = 0
  let rows = 0
  let damaged = 0
  let report: VerifyReport | undefined
  const isTerse = values['no-progress'] === true
  const beat = (): void =>
    void print.say(
      `checked ${counted(files, 'file')}, ${counted(rows, 'row')}${damaged === 0 ? '' : `; damage in ${counted(damaged, 'place')}`}`,
    )
  const stopBeat = isTerse
    ? () => undefined
    : io.ticker.every(values.verbose === true ? 10_000 : 30_000, beat)
  try {
    for await (const step of steps) {
      if (step.kind === 'checked') {
        files += 1
        rows += step.rows
      } else if (step.kind === 'report') report = step
      else if (step.finding.severity === 'damage') damaged += 1
    }
  } finally {
    stopBeat()
  }
  if (report === undefined) throw new Error('the verification ended without a report')
  return report
}

const NAME_WIDTH = 40
const RANKS: Readonly<Record<Finding['severity'], number>> = { damage: 0, warning: 1, note: 2 }

/** `verify` as text. */
export function findingsText(report: VerifyReport): string {
  const sorted = [...report.findings].sort((a, b) => RANKS[a.severity] - RANKS[b.severity])
  const list = sorted.flatMap(findingLines).map((line) => `${line}\n`)
  const rows = report.series.flatMap(({ key, verdict, missing, partitions, rows: n }): Row[] => [
    [
      padded(fit(library.quoteText(library.seriesName(key)), NAME_WIDTH), NAME_WIDTH),
      count(n),
      count(partitions),
    ],
    library.quoteText(verdict),
    ...spans(missing).map((text) => `missing ${text}`),
  ])
  const body = rows.length === 0 ? '' : `${table(['SERIES', 'ROWS', 'FILES'], 'lrr', rows)}\n`
  const checks = (report.cross ?? []).map((check) => `${crossLine(check)}\n`).join('')
  return `${list.join('')}${list.length > 0 ? '\n' : ''}${body}${checks}${conclusion(report)}\n`
}

function crossLine({ series, rows, differences, compared, note }: CrossCheck): string {
  const names = series.map((name) => library.quoteText(name)).join(' against ')
  const outcome = differences === 0 ? 'the same' : counted(differences, 'difference')
  const words = rows === 0 ? [] : [`${counted(rows, 'row')}, ${outcome}`, ...spans(compared)]
  return `${names}: ${[...words, ...(note === undefined ? [] : [library.quoteText(note)])].join('; ')}`
}

/** One finding: what is wrong, where, and the next step. */
function findingLines({ severity, code, path, message, hint }: Finding): readonly string[] {
  const first = `${severity}: ${library.quoteText(path)}: ${library.quoteText(message)} [${library.quoteText(code)}]`
  return hint === undefined ? [first] : [first, `  ${library.quoteText(hint)}`]
}

function conclusion(report: VerifyReport): string {
  const { findings, partitions, rows, seconds } = report
  const damaged = findings.filter(({ severity }) => severity === 'damage').length
  const read = `${counted(partitions, 'file')}, ${counted(rows, 'row')}, ${bytes(report.bytes)} in ${duration(seconds)}`
  if (report.ok && partitions === 0)
    return 'Nothing was checked: the lake holds no file of what was asked for.'
  if (report.ok) return `No damage: ${read}.`
  if (findings.every(({ severity, code }) => severity !== 'damage' || code === 'cross-difference'))
    return `DIFFERENT in ${counted(damaged, 'place')}, sound in itself: ${read}.`
  return `DAMAGED: ${counted(damaged, 'finding')}; ${read}.`
}

/** What to say of a lake in which `verify` found damage. */
function damagedLake({ findings }: VerifyReport): Unfinished {
  const damage = findings.filter(({ severity }: Finding) => severity === 'damage')
  const [first] = damage
  const where = first === undefined ? '' : `: ${first.path}: ${first.message}`
  if (damage.every(({ code }: Finding) => code === 'cross-difference'))
    return new Unfinished(
      'E_DIFFERENT',
      `datasets differ in ${counted(damage.length, 'place')}${where}`,
      {
        exit: DAMAGED,
        hint: first?.hint ?? 'binance-backfill verify --cross --json lists all',
      },
    )
  return new Unfinished('E_DAMAGED', `damage found in ${counted(damage.length, 'place')}${where}`, {
    exit: DAMAGED,
    hint: first?.hint ?? 'binance-backfill verify --json lists all',
  })
}

/** What to say when `verify --remote` could not compare all that it was asked to; `undefined` when it could. */
function uncomparedArchives({ findings }: VerifyReport): Unfinished | undefined {
  const unknown = findings.filter(({ code }: Finding) => code === 'archive-unknown')
  const [first] = unknown
  if (first === undefined) return undefined
  const many = counted(unknown.length, 'archive')
  return new Unfinished('E_INCOMPLETE', `${many} could not be compared: ${first.message}`, {
    exit: INCOMPLETE,
    hint: 'run again when the archive can be reached; what the lake holds is sound',
  })
}

/** `verify --json`. */
export function verifyDocument(report: VerifyReport): object {
  const { ok, series, findings, partitions, rows, bytes, seconds, cross } = report
  return {
    ok,
    series: series.map(({ key, ...verdict }) => ({ ...flatKey(key), ...verdict })),
    findings,
    ...(cross === undefined ? {} : { cross }),
    partitions,
    rows,
    bytes,
    seconds,
  }
}
