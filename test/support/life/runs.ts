/** Runs of a life: jobs made of wishes, run to their end, whatever that is. */

import { backfill } from '../../../src/backfill/run.ts'
import { BackfillError } from '../../../src/base/errors.ts'
import { formatMicros } from '../../../src/base/time.ts'
import type { Numbers } from '../../../src/binance/dataset.ts'
import { parseJob } from '../../../src/job/parse.ts'
import type { Options } from '../../../src/options.ts'
import type { Summary } from '../../../src/progress.ts'
import type { RunAction, Wish } from './actions.ts'
import { ARCHIVE_URL, REST_URL, type Booted } from './machine.ts'
import { FILES_FIRST, PAGES_FIRST, SOME_OF_BOTH } from '../speeds.ts'
import type { SeriesTruth } from './truth.ts'

/** How the series of a life are stored. */
export type Storing = { readonly numbers: Numbers; readonly partition: 'day' | 'month' }

/** What is faster must not change what is stored. */
const SPEEDS = [FILES_FIRST, PAGES_FIRST, SOME_OF_BOTH]

/** How a run ended. */
export type Ended = {
  readonly exit: number
  readonly error: unknown
  readonly summary: Summary | undefined
}

/** What a run is about. */
export type RunOf = {
  readonly series: readonly SeriesTruth[]
  readonly storing: Storing
  readonly wishes: readonly Wish[]
  readonly action: Pick<RunAction, 'source' | 'recheck' | 'isRefresh'> & {
    readonly seed?: number
  }
}

/** Runs to the end. @param onPlan - Called once the run knows what to do */
export async function runToEnd(
  { series, storing, wishes, action }: RunOf,
  { world }: Booted,
  onPlan: () => Promise<void> = async () => undefined,
): Promise<Ended> {
  const { source, recheck, isRefresh = false, seed = 0 } = action
  const options: Options = {
    world,
    source,
    baseUrls: [REST_URL],
    archiveUrl: ARCHIVE_URL,
    refreshArchives: isRefresh,
    speed: SPEEDS[seed % SPEEDS.length] ?? {},
    ...(recheck === undefined ? {} : { recheck }),
  }
  let summary: Summary | undefined
  try {
    const jobs = wishes.map((wish) => parseJob(jobText(wish, series, storing), 'life.yaml'))
    for await (const event of backfill(jobs, options)) {
      if (event.kind === 'summary') summary = event
      if (event.kind === 'plan') await onPlan()
    }
  } catch (error) {
    return { exit: error instanceof BackfillError ? error.exit : 1, error, summary }
  }
  return { exit: summary?.exit ?? 1, error: undefined, summary }
}

/** A wish as a job file; not compressed, so that no thread takes real time. */
function jobText(
  wish: Wish,
  series: readonly SeriesTruth[],
  { numbers, partition }: Storing,
): string {
  const entries = wish.series.flatMap((index) => {
    const key = series[index]?.key
    if (key === undefined) return []
    const own = key.interval === undefined ? '' : `, intervals: [${key.interval}]`
    return [`  - {kind: ${key.dataset}, symbols: [${key.symbol}]${own}, partition: ${partition}}`]
  })
  const lines = [
    'version: 1',
    'compression: none',
    `numbers: ${numbers}`,
    `from: ${wish.from === undefined ? 'listing' : formatMicros(wish.from)}`,
    ...(wish.to === undefined ? [] : [`to: ${formatMicros(wish.to)}`]),
    'datasets:',
    ...entries,
  ]
  return `${lines.join('\n')}\n`
}
