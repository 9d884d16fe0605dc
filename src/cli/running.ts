/** A run on a terminal or in a pipe: progress to the views, the summary to stdout, signals to the library. */

import {
  stopOnSignals,
  watchedBackfill,
  type Job,
  type Options,
  type Summary,
  type WatchOptions,
} from '../index.ts'
import type { Call } from './commands.ts'
import { lineView, type View } from './lines.ts'
import { progressDocument } from './shape.ts'
import { summaryText } from './summary.ts'
import { Tally } from './tally.ts'
import { unfinishedRun } from './unfinished.ts'

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
  call: Pick<Call, 'values' | 'io' | 'print'>,
): Promise<number> {
  const stop = stopOnSignals()
  const signal = AbortSignal.any([stop.signal, call.io.gone])
  try {
    const summary = await follow(jobs, { ...options, signal }, call)
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
  call: Pick<Call, 'values' | 'io' | 'print'>,
): Promise<Summary> {
  const { values, io, print } = call
  const { ticker } = io
  const tally = new Tally(ticker.nowMs())
  const view = await viewOf(tally, call)
  let summary: Summary | undefined
  try {
    for await (const item of watchedBackfill(jobs, { ...options, ...watchOf(values) })) {
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

function watchOf(values: Call['values']): WatchOptions {
  const { 'metrics-file': metricsFile, 'heartbeat-url': heartbeatUrl } = values
  return {
    ...(metricsFile === undefined ? {} : { metricsFile }),
    ...(heartbeatUrl === undefined ? {} : { heartbeatUrl }),
  }
}

async function viewOf(
  tally: Tally,
  { values, io, print }: Pick<Call, 'values' | 'io' | 'print'>,
): Promise<View> {
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
