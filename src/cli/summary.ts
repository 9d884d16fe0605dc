/** The end of a run, for a tired person: is it complete, what is missing, what to do next. */

import type { SeriesResult, Summary } from '../index.ts'
import { DAMAGED, Unfinished } from './failure.ts'
import { bytes, count, counted, duration, spans } from './human.ts'
import { failure, newOnes } from './lines.ts'
import type { Paint } from './print.ts'
import { library } from './library.ts'
import { shardLine } from './shard.ts'

/** Incomplete series that are described; the others are counted. */
const DESCRIBED_MAX = 20
/** Exit codes of a run that a signal stopped. */
const STOPPED = new Set([129, 130, 143])

/** The summary as text. The first line is the verdict. */
export function summaryText(summary: Summary, paint: Paint): string {
  const incomplete = summary.series.filter(({ complete }) => !complete)
  if (STOPPED.has(summary.exit))
    return `${paint.yellow(stopped(summary, incomplete))}\n${work(summary)}\n${shardLine(summary.shard)}`
  const lines = [
    verdict(summary, incomplete, paint),
    ...described(incomplete.slice(0, DESCRIBED_MAX)),
    ...(incomplete.length > DESCRIBED_MAX
      ? [`  and ${counted(incomplete.length - DESCRIBED_MAX, 'more series', 'more series')}`]
      : []),
    work(summary),
    ...changes(summary),
    ...(summary.complete || summary.exit === 0 ? [] : [`Next: ${nextStep(summary, incomplete)}`]),
  ]
  return `${lines.map((line) => `${line}\n`).join('')}${shardLine(summary.shard)}`
}

function verdict(summary: Summary, incomplete: readonly SeriesResult[], paint: Paint): string {
  const isEmpty = summary.complete && summary.series.length === 0
  if (isEmpty) return paint.green('Complete: no series is asked for.')
  if (summary.complete) return paint.green(`Complete: ${all(summary.series.length)} covered.`)
  if (summary.exit !== 0) return paint.yellow(notComplete(summary, incomplete))
  const of = `${incomplete.length} of ${counted(summary.series.length, 'series', 'series')}`
  return `Up to date: ${of} ${incomplete.length === 1 ? 'has' : 'have'} time without rows that nothing confirms yet; the next run asks again.`
}

function stopped({ series }: Summary, incomplete: readonly SeriesResult[]): string {
  const of = `${incomplete.length} of ${counted(series.length, 'series', 'series')}`
  return `Stopped; ${of} ${incomplete.length === 1 ? 'goes' : 'go'} on with the next run.`
}

function all(series: number): string {
  return series === 1 ? 'the series is' : `all ${counted(series, 'series', 'series')} are`
}

function notComplete({ series }: Summary, incomplete: readonly SeriesResult[]): string {
  const of = `${incomplete.length} of ${counted(series.length, 'series', 'series')}`
  return `NOT complete: ${of} still ${incomplete.length === 1 ? 'lacks' : 'lack'} data.`
}

/** Each with its failure, of equal ones the first, and with what is missing. */
function described(incomplete: readonly SeriesResult[]): readonly string[] {
  const isNew = newOnes()
  return incomplete.flatMap(({ key, missing, upToDate, error }) => [
    `  ${library.quoteText(library.seriesName(key))}`,
    ...(error === undefined || upToDate || !isNew(error.message) ? [] : [`    ${failure(error)}`]),
    ...spans(missing.map(library.formatWindow)).map((text) => `    missing ${text}`),
  ])
}

function work(summary: Summary): string {
  const { complete, rows, partitions, bytes: size, rewritten, requests, weight, seconds } = summary
  if (complete && rows === 0 && partitions === 0) return 'Nothing had to be fetched.'
  const files = `${counted(partitions, 'file')} (${bytes(size)})`
  // Next to what was written again, what is new would else look like little work or much data.
  const stored =
    rewritten.rows === 0
      ? `Stored ${counted(rows, 'row')} in ${files}`
      : `Added ${counted(rows, 'row')}; wrote ${files}, with ${counted(rewritten.rows, 'row')} that they held before`
  return `${stored}; ${counted(requests, 'request')}, weight ${count(weight)}, ${duration(seconds)}.`
}

function changes({ series }: Summary): readonly string[] {
  const revisions = series.reduce((sum, one) => sum + one.revisions, 0)
  if (revisions === 0) return []
  return [
    `${counted(revisions, 'stored row')} changed at the exchange; \`status --revisions\` lists them.`,
  ]
}

function nextStep({ exit }: Summary, incomplete: readonly SeriesResult[]): string {
  if (exit === 4) return 'the exchange sent rows that cannot be true; see above, then run again.'
  if (exit === 5) return 'wait until the limit or ban has passed, then run the same command again.'
  if (exit === 3 && incomplete.every(({ error }) => error?.code === 'E_UNKNOWN_SYMBOL'))
    return 'mend the symbols; all else that was asked for is there.'
  return 'run the same command again; it fetches only what is missing.'
}

/** What to say of a run that ended with the exit code 3 or 4. */
export function unfinishedRun({ series, exit, partitions }: Summary): Unfinished {
  const incomplete = series.filter(({ complete }) => !complete)
  const of = counted(series.length, 'series', 'series')
  const lack = `${incomplete.length} of ${of} ${incomplete.length === 1 ? 'lacks' : 'lack'} data`
  const [first] = incomplete.filter(({ error }) => exit !== DAMAGED || isRefusal(error))
  const code = exit === DAMAGED ? (first?.error?.code ?? 'E_DATA_REFUSED') : 'E_INCOMPLETE'
  const why =
    first?.error === undefined ? '' : `: ${library.seriesName(first.key)}: ${first.error.message}`
  const again = partitions === 0 ? 'run again' : 'run again; what was fetched is kept'
  const hint = first?.error?.hint ?? again
  return new Unfinished(code, `${lack}${why}`, { exit, hint })
}

function isRefusal(error: SeriesResult['error']): boolean {
  return error?.code === 'E_DATA_REFUSED' || error?.code === 'E_DAMAGED'
}
