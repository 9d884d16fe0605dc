/** `plan`: prints what `run` would do. */

import type { Plan, SeriesPlan, Task } from '../../index.ts'
import type { Call, Command } from '../command.ts'
import { jobsFrom } from '../jobs.ts'
import { bytes, count, counted, minutesAbout, spans } from '../human.ts'
import { fit, padded, table, type Row } from '../table.ts'
import { Misuse } from '../failure.ts'
import { JOB_FLAGS, RECHECK_FLAG, type Flags } from '../flags.ts'
import { flatKey } from '../print.ts'
import {
  archiveLine,
  assumptions,
  budget,
  guesses,
  mayUseFiles,
  restLine,
  zipRows,
} from '../plan-sources.ts'
import { library } from '../library.ts'
import { shardField, shardLine } from '../shard.ts'

/** Exit code of `--detailed-exitcode` when there is work. */
const PENDING = 10

const flags = {
  ...JOB_FLAGS,
  ...RECHECK_FLAG,
  tasks: { describe: 'with --json: the pieces of work too, as run executes them' },
  'detailed-exitcode': { describe: 'end with 10 when there is work to do, 0 when there is none' },
} satisfies Flags

/** @see {@link Command} */
export const command: Command = {
  name: 'plan',
  operands: '[JOB...]',
  describe: 'print what run would do, and what it would cost',
  long: [
    'For each series the missing windows, requests, request weight, and about how many rows and bytes; then how many minutes that takes within the rate limit and for downloads. Writes nothing.',
    'A series that cannot be planned, such as one of an unknown symbol, is reported; the others are planned, and the exit code is 3.',
  ],
  flags,
  takesLake: true,
  isSharded: true,
  examples: [
    { line: 'plan jobs/majors.yaml', does: 'what one job would cost' },
    {
      line: 'plan --dataset aggTrades --symbol BTCUSDT --from 7d',
      does: 'the last seven days of one symbol',
    },
    {
      line: 'plan jobs/majors.yaml --json --tasks',
      does: 'each piece of work: its source, window, files and cost',
    },
    {
      line: 'plan jobs/majors.yaml --detailed-exitcode --quiet',
      does: 'for a script: 10 when there is work to do, 0 when there is none',
    },
  ],
  execute,
}

async function execute({ values, options, operands, print }: Call<typeof flags>): Promise<number> {
  if (values.tasks === true && values.json !== true)
    throw new Misuse('--tasks: tasks are printed as JSON', 'Add --json.')
  const plan = await library.makePlan(await jobsFrom(operands, values), options)
  const { shard } = options
  if (values.json === true)
    await print.json({ ...planDocument(plan, values.tasks), ...shardField(shard) })
  else await print.result(`${planText(plan)}${shardLine(shard)}`)
  if (plan.warning !== undefined) await print.say(`warning: ${plan.warning}`)
  for (const { problem } of plan.series) if (problem !== undefined) await print.error(problem)
  return exitOf(plan) ?? (values['detailed-exitcode'] === true && isAnyPending(plan) ? PENDING : 0)
}

/** What a series that could not be planned ends the command with. A slip in some of a job is no refusal of all of it. */
function exitOf({ series }: Plan): number | undefined {
  const exits = series.flatMap(({ problem }) => (problem?.exit === 2 ? 3 : (problem?.exit ?? [])))
  return exits.length === 0 ? undefined : Math.max(...exits)
}

function isAnyPending({ series }: Plan): boolean {
  return series.some(isPending)
}

const NAME_WIDTH = 28

/** Is there anything to ask for? */
export function isPending(plan: SeriesPlan): boolean {
  return !isRefused(plan) && (plan.missing.length > 0 || plan.recheck.length > 0)
}

/** Can nothing of a series be planned? */
function isRefused({ problem, tasks }: SeriesPlan): boolean {
  return problem !== undefined && tasks.length === 0
}

/** `plan` as text of at most 80 columns. */
export function planText(plan: Plan): string {
  const pending = plan.series.filter(isPending)
  const refused = plan.series.filter(isRefused).length
  const covered = plan.series.length - pending.length - refused
  if (pending.length === 0)
    return covered === 0 && refused > 0 ? '' : `Nothing to do: ${allCovered(covered)}.\n`
  const { total } = plan
  const rows = [
    ...pending.flatMap(entry),
    ...(pending.length === 1 ? [] : [['TOTAL', ...figures(total, pending.every(isCounted))]]),
  ]
  const rest =
    covered === 0 ? '' : `${counted(covered, 'more series', 'more series')} covered already.\n`
  return [
    table(['SERIES', 'REQUESTS', 'WEIGHT', 'ROWS', 'SIZE'], 'lrrrr', rows),
    '\n',
    `${counted(pending.length, 'series', 'series')} to fetch: ${minutesAbout(total.minutes)}${budget(plan)}.\n`,
    archiveTotal(pending),
    rewriting(plan),
    rest,
    assumptions(plan),
    ...zipRows(pending),
    ...guesses(pending),
    'Windows are UTC, without their ends. Figures with ~ are estimates.\n',
  ].join('')
}

function allCovered(series: number): string {
  if (series === 0) return 'the jobs ask for no series'
  return series === 1 ? 'the series is covered' : `all ${count(series)} series are covered`
}

function entry(plan: SeriesPlan): readonly Row[] {
  const name = library.quoteText(library.seriesName(plan.key))
  return [
    [padded(fit(name, NAME_WIDTH), NAME_WIDTH), ...figures(plan, isCounted(plan))],
    ...archiveLine(plan),
    ...restLine(plan),
    ...spans(plan.missing.map(library.formatWindow)),
    ...spans(plan.recheck.map(library.formatWindow), 1).map((text) => `again: ${text}`),
  ]
}

function archiveTotal(pending: readonly SeriesPlan[]): string {
  const shares = pending.flatMap(({ archive }) => archive ?? [])
  if (shares.length === 0) return ''
  const sum = (of: (share: (typeof shares)[number]) => number): number =>
    shares.reduce((total, share) => total + of(share), 0)
  const loaded = `${counted(
    sum(({ files }) => files),
    'file',
  )}, ${bytes(sum((share) => share.bytes))}`
  return `From the archive: ${loaded}; requests and weight are what REST takes besides.\n`
}

/** What the rows that come take with them. */
function rewriting({ total }: Plan): string {
  const { partitions, rows, bytes: size } = total.rewritten
  if (partitions === 0) return ''
  return `${counted(partitions, 'file')} that the lake has will be written anew: ${counted(rows, 'row')}, ${bytes(size)}.\n`
}

/** Rows on a grid can be counted beforehand, and so the requests for them; so can none. */
function isCounted({ key, requests }: SeriesPlan): boolean {
  return key.interval !== undefined || requests === 0
}

function figures(estimate: Plan['total'] | SeriesPlan, hasCount: boolean): readonly string[] {
  const { requests, weight, rows } = estimate
  const about = hasCount ? '' : '~'
  return [
    `${about}${count(requests)}`,
    `${about}${count(weight)}`,
    `~${count(rows)}`,
    `~${bytes(estimate.bytes)}`,
  ]
}

/** For the first line of a run. */
export function inShort(plan: Plan): string {
  const pending = plan.series.filter(isPending)
  if (pending.length === 0) return `nothing to do: ${allCovered(plan.series.length)}`
  const { total } = plan
  const parts = [
    counted(pending.length, 'series', 'series'),
    `${pending.every(isCounted) ? '' : '~'}${counted(total.requests, 'request')}`,
    ...archivesInShort(pending),
    `~${count(total.rows)} rows`,
    minutesAbout(total.minutes),
  ]
  return `to do: ${parts.join(', ')}`
}

function archivesInShort(pending: readonly SeriesPlan[]): readonly string[] {
  const files = pending.reduce((sum, { archive }) => sum + (archive?.files ?? 0), 0)
  return files === 0 ? [] : [counted(files, 'archive file')]
}

/** `plan --json`; `sources` and `speed` where files are an option, `recheck` when covered windows would be asked again. */
export function planDocument({ series, speed, total }: Plan, withTasks = false): object {
  const { weightPerMinute, pageSeconds, fileSeconds, bytesPerSecond } = speed
  const figures = { weightPerMinute, pageSeconds, fileSeconds, bytesPerSecond }
  const measured = Object.keys(speed.measured)
  return {
    series: series.map(seriesPlan),
    ...(withTasks ? { tasks: series.flatMap(({ tasks }) => tasks).map(taskDocument) } : {}),
    ...(series.some(mayUseFiles) ? { speed: { ...figures, measured } } : {}),
    total: {
      requests: total.requests,
      weight: total.weight,
      minutes: total.minutes,
      rows: total.rows,
      bytes: total.bytes,
      rewritten: total.rewritten,
    },
  }
}

function taskDocument(task: Task): object {
  const { key, source, window } = task
  const { requests, weight, bytes: size, seconds } = task.cost
  const files =
    task.source === 'archive'
      ? { files: task.files.map(({ path, sizeBytes }) => ({ path, bytes: sizeBytes ?? null })) }
      : {}
  return {
    ...flatKey(key),
    source,
    window: library.formatWindow(window),
    ...files,
    requests,
    weight,
    bytes: size,
    seconds,
  }
}

function seriesPlan(plan: SeriesPlan): object {
  const { key, missing, recheck, settings, requests, weight, rows, bytes } = plan
  const { rewritten, archive, sources, problem } = plan
  return {
    ...flatKey(key),
    missing: missing.map(library.formatWindow),
    ...(recheck.length === 0 ? {} : { recheck: recheck.map(library.formatWindow) }),
    source: settings.source,
    ...(mayUseFiles(plan) ? { sources } : {}),
    requests,
    weight,
    rows,
    bytes,
    rewritten,
    ...(archive === undefined ? {} : { archive }),
    ...(problem === undefined ? {} : { error: library.describeError(problem) }),
  }
}
