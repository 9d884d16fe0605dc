/** `status`: prints what the lake holds. */

import { flatKey } from '../print.ts'
import type { RevisionEntry, SeriesStatus, StatusReport, WindowText } from '../../index.ts'
import type { Call, Command } from '../command.ts'
import { jobsFromFiles } from '../jobs.ts'
import { age, bytes, count, counted, instant, span, spans } from '../human.ts'
import { fit, padded, table, type Row } from '../table.ts'
import { damagedSeries } from '../failure.ts'
import type { Flags } from '../flags.ts'
import { library } from '../library.ts'
import { shardField, shardLine } from '../shard.ts'

const flags = {
  revisions: { describe: 'list the rows that changed since they were first stored' },
} satisfies Flags

/** @see {@link Command} */
export const command: Command = {
  name: 'status',
  operands: '[JOB...]',
  describe: 'print what the lake holds',
  long: [
    'For each series what is covered, what is missing of what the jobs ask for, known gaps with their reason, rows, files and bytes, its newest row, and when a run last asked for all that was missing of it and was answered. Without jobs: every series in the lake. Reads no data file.',
  ],
  flags,
  takesLake: true,
  isSharded: true,
  examples: [
    { line: 'status', does: 'everything in ./data' },
    { line: 'status jobs/majors.yaml --json', does: 'what one job still lacks, as JSON' },
    { line: 'status --revisions', does: 'with the rows that changed after they were stored' },
  ],
  execute,
}

async function execute({ values, options, operands, print }: Call<typeof flags>): Promise<number> {
  const report = await library.status(await jobsFromFiles(operands), options)
  const withRevisions = values.revisions === true
  const { shard } = options
  if (values.json === true)
    await print.json({ ...statusDocument(report, withRevisions), ...shardField(shard) })
  else await print.result(`${statusTable(report, withRevisions)}${shardLine(shard)}`)
  const damage = damagedSeries(
    report.series.flatMap(({ error }) => (error === undefined ? [] : [error])),
  )
  if (damage !== undefined) await print.error(damage)
  return damage?.exit ?? 0
}

const NAME_WIDTH = 30
/** `2024-03-01T12:34:56`. */
const SECOND_CHARS = 19

/** `status` as text of at most 80 columns, but for values of revisions. */
export function statusTable({ series, now }: StatusReport, withRevisions: boolean): string {
  if (series.length === 0) return 'The lake holds no series.\n'
  const rows = series.flatMap((one) => entry(one, now, withRevisions))
  const total = series.reduce((sum, one) => sum + one.rows, 0)
  const size = series.reduce((sum, one) => sum + one.bytes, 0)
  const files = series.reduce((sum, one) => sum + one.partitions, 0)
  return [
    table(['SERIES', 'ROWS', 'FILES', 'SIZE', 'VERDICT'], 'lrrrl', rows),
    '\n',
    `${counted(series.length, 'series', 'series')}, ${counted(total, 'row')}, ${counted(files, 'file')}, ${bytes(size)}.\n`,
  ].join('')
}

function entry(one: SeriesStatus, now: string, withRevisions: boolean): readonly Row[] {
  const name = fit(library.quoteText(library.seriesName(one)), NAME_WIDTH)
  const verdict = library.quoteText(one.verdict)
  const [word = ''] = verdict.split(/[: ]/)
  return [
    [padded(name, NAME_WIDTH), count(one.rows), count(one.partitions), bytes(one.bytes), word],
    // Missing windows and gaps have lines of their own; what the proofs say and what is damaged has none.
    ...(one.error !== undefined || (word === 'incomplete' && one.missing.length === 0)
      ? [verdict]
      : []),
    ...covered(one),
    ...(one.newest === undefined
      ? []
      : [`newest  ${instant(one.newest)}, ${age(one.newest, now)} old`]),
    ...(one.asked === undefined ? [] : [asked(one.asked, now)]),
    ...spans(one.missing).map((text) => `missing ${text}`),
    ...gaps(one),
    ...(withRevisions ? one.revisions.flatMap(revision) : revisionCount(one)),
  ]
}

function asked(at: string, now: string): string {
  return `asked   ${instant(at.slice(0, SECOND_CHARS))}, ${age(at, now)} ago`
}

/** What is covered before a listing has no rows, and tells nobody anything but when that was. */
function covered({ covered: all, listed }: SeriesStatus): readonly string[] {
  const [first, ...others] = all
  if (listed === undefined || first === undefined || first.to <= listed)
    return spans(all).map((text) => `covered ${text}`)
  const [since = '', ...rest] = spans([{ ...first, from: listed }, ...others])
  return [`covered ${since} (since listing)`, ...rest.map((text) => `covered ${text}`)]
}

const GAPS_MAX = 6

function gaps({ gaps: known, listed }: SeriesStatus): readonly string[] {
  const all = known.filter(({ reason: why, to }) => why !== 'before-listing' || to !== listed)
  const lines = all.slice(0, GAPS_MAX).map((gap) => `gap     ${span(gap)} (${reason(gap.reason)})`)
  const rest = all.length - lines.length
  return rest === 0 ? lines : [...lines, `gap     and ${count(rest)} more; --json lists them all`]
}

/** A gap's reason in words: `before listing`. */
export function reason(code: string): string {
  return library.quoteText(code.replaceAll('-', ' '))
}

function revisionCount({ revisions }: SeriesStatus): readonly string[] {
  if (revisions.length === 0) return []
  return [`${counted(revisions.length, 'row')} changed after being stored; see --revisions`]
}

function revision({ key, time, old, new: now }: RevisionEntry): readonly string[] {
  const changed = Object.keys({ ...old, ...now }).filter((name) => old[name] !== now[name])
  const changes = changed.map((name) => `${name} ${old[name] ?? '-'} -> ${now[name] ?? '-'}`)
  return [library.quoteText(`changed ${instant(time)} (${key}): ${changes.join(', ')}`, 1000)]
}

/** `status --json`. */
export function statusDocument({ series }: StatusReport, withRevisions: boolean): object {
  return {
    series: series.map(({ revisions, wanted, ...rest }) => ({
      ...flatKey(rest),
      ...(wanted === undefined ? {} : { wanted: windows(wanted) }),
      covered: windows(rest.covered),
      missing: windows(rest.missing),
      unconfirmed: windows(rest.unconfirmed),
      gaps: rest.gaps.map(({ from, to, reason }) => ({ from, to, reason })),
      rows: rest.rows,
      partitions: rest.partitions,
      bytes: rest.bytes,
      ...(rest.listed === undefined ? {} : { listed: rest.listed }),
      ...(rest.newest === undefined ? {} : { newest: rest.newest }),
      ...(rest.asked === undefined ? {} : { asked: rest.asked }),
      verdict: rest.verdict,
      ...(rest.error === undefined ? {} : { error: rest.error }),
      ...(withRevisions ? { revisions } : {}),
    })),
  }
}

function windows(list: readonly WindowText[]): readonly WindowText[] {
  return list.map(({ from, to }) => ({ from, to }))
}
