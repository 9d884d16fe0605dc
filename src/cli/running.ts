/** A run on a terminal or in a pipe: progress to the views, the summary to stdout, signals to the library. */

import { planDocument } from './command/plan.ts'
import type { Job, Options, Progress, SeriesResult, Summary, WatchOptions } from '../index.ts'
import type { Call } from './command.ts'
import { flatKey } from './print.ts'
import type { Flags } from './flags.ts'
import { lineView, type View } from './lines.ts'
import { readChoice, readText } from './read.ts'
import { summaryText, unfinishedRun } from './summary.ts'
import { Tally } from './tally.ts'
import { shardField } from './shard.ts'
import { library } from './library.ts'

/** Flags of how a run is watched. */
export const WATCH_FLAGS = {
  'metrics-file': {
    describe: 'write metrics for Prometheus to this file when the run ends',
    value: 'FILE',
    env: 'BINANCE_BACKFILL_METRICS_FILE',
    read: readText,
  },
  'heartbeat-url': {
    describe:
      'ask this URL when the run succeeded, URL/start when it starts and URL/fail when it fails; https, or http on this machine',
    value: 'URL',
    env: 'BINANCE_BACKFILL_HEARTBEAT_URL',
    read: readText,
  },
  'log-format': {
    describe: 'text, or json: a JSON object a line on stderr, with the id of the run',
    value: 'FORMAT',
    default: 'text',
    read: readChoice(['text', 'json']),
  },
} satisfies Flags

/** A call that shows how a run goes. */
export type Watching = Pick<Call<typeof WATCH_FLAGS>, 'values' | 'io' | 'print'>

const STOPPING = 'stopping: committing what is whole; once more drops what is not committed'
const DROPPED =
  'stopped at once: what was not committed is dropped, and fetched again by the next run'

/** Exit code when whoever read stdout has left: something may be missing, and running again mends it. */
const READER_GONE = 3

/**
 * Runs jobs and shows how they go.
 *
 * @returns the exit code of the summary.
 */
export async function runJobs(
  jobs: readonly Job[],
  options: Options,
  call: Watching,
): Promise<number> {
  const stop = library.stopOnSignals(() => void call.print.say(DROPPED))
  const signal = AbortSignal.any([stop.signal, call.io.gone])
  try {
    const summary = await follow(jobs, { ...options, signal }, { ...call, stop: stop.signal })
    if (summary.exit !== 0) await call.print.error(unfinishedRun(summary))
    return summary.exit
  } catch (error) {
    const { gone } = call.io
    if (gone.aborted && !stop.signal.aborted) return READER_GONE
    // A terminal that closes may refuse words before its SIGHUP comes.
    throw error === gone.reason ? stop.signal.reason : error
  } finally {
    stop.dispose()
  }
}

async function follow(
  jobs: readonly Job[],
  options: Options,
  call: Watching & { readonly stop: AbortSignal },
): Promise<Summary> {
  const { values, io, print, stop } = call
  const { ticker } = io
  const tally = new Tally(ticker.nowMs())
  const view = await viewOf(tally, call)
  stop.addEventListener('abort', () => {
    view.say(STOPPING)
  })
  let summary: Summary | undefined
  try {
    for await (const item of library.watchedBackfill(jobs, { ...options, ...watchOf(values) })) {
      tally.apply(item, ticker.nowMs())
      view.show(item)
      if (values.json === true) await print.json(progressDocument(item))
      if (item.kind === 'summary') summary = item
    }
  } finally {
    view.end()
    // Also when an error follows it: what is stored and what is missing is worth to know then most of all.
    if (summary !== undefined) await print.result(summaryText(summary, print.paint.out))
  }
  if (summary === undefined) throw new Error('the run ended without a summary')
  return summary
}

function watchOf(values: Watching['values']): WatchOptions {
  const { 'metrics-file': metricsFile, 'heartbeat-url': heartbeatUrl } = values
  return {
    ...(metricsFile === undefined ? {} : { metricsFile }),
    ...(heartbeatUrl === undefined ? {} : { heartbeatUrl }),
  }
}

async function viewOf(tally: Tally, { values, io, print }: Watching): Promise<View> {
  const { ticker, stderr, env } = io
  if (values['log-format'] === 'json') {
    const { jsonLogger, logView } = await import('./logs.ts')
    return logView({ logger: jsonLogger(io, values.quiet === true), tally, ticker })
  }
  const isVerbose = values.verbose === true
  const isTerse = values['no-progress'] === true || !print.isSpoken
  const hasCursor = stderr.isTerminal && env['TERM'] !== 'dumb'
  if (hasCursor && !isTerse) {
    const { barView } = await import('./bars.ts')
    return barView({ tally, ticker, sink: stderr, paint: print.paint.err, isVerbose })
  }
  const say = (line: string): void => void print.say(line)
  return lineView({ tally, ticker, isVerbose, isTerse, say })
}

/** One line of `run --json`. */
export function progressDocument(item: Progress): object {
  if (item.kind === 'plan') return { kind: 'plan', ...planDocument(item.plan) }
  if (item.kind === 'series') return { kind: 'series', ...seriesResult(item.result) }
  if (item.kind === 'summary') return summaryDocument(item)
  if (!('key' in item)) return item
  const { kind, key, ...rest } = item
  return { kind, ...flatKey(key), ...rest }
}

/** The last line of `run --json`. */
export function summaryDocument(summary: Summary): object {
  const { kind, complete, rows, requests, weight, partitions, bytes, rewritten, seconds } = summary
  const series = summary.series.map(seriesResult)
  const shard = shardField(summary.shard)
  const totals = { complete, rows, requests, weight, partitions, bytes, rewritten, seconds }
  return { kind, ...totals, ...shard, series, exit: summary.exit }
}

function seriesResult({ key, missing, unconfirmed, ...rest }: SeriesResult): object {
  const windows = {
    missing: missing.map(library.formatWindow),
    unconfirmed: unconfirmed.map(library.formatWindow),
  }
  return { ...flatKey(key), ...rest, ...windows }
}
