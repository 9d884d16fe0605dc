/** What lies on the queue: one series, and what the jobs ask for of it, as the text of a job that any worker can read. */

import { DataError, UsageError } from '../base/errors.ts'
import { formatMicros } from '../base/time.ts'
import { quoteText } from '../base/text.ts'
import type { SeriesKey } from '../binance/series.ts'
import type { DatasetJob, EndMoment, Job, Moment } from '../job/job.ts'
import { parseJob } from '../job/parse.ts'
import type { Options } from '../options.ts'
import { seriesText } from '../query/series-text.ts'
import { accountLabel } from '../session/account.ts'
import { shardFilter } from '../session/shard.ts'
import { seriesOf, type WantWorld } from '../session/wants.ts'

const FORMAT = 1

/** The data of one job on the queue. */
export type SeriesJob = {
  readonly version: number
  /** As `SERIES` of the command line. */
  readonly series: string
  /** Job documents, each about this series alone. */
  readonly jobs: readonly object[]
}

/** The series of `jobs`, each once, in the order of a plan. */
export function seriesJobs(
  jobs: readonly Job[],
  { source, shard }: Pick<Options, 'source' | 'shard'>,
  known: Pick<WantWorld, 'symbols' | 'account'>,
): readonly SeriesJob[] {
  const found = new Map<string, object[]>()
  const isOurs = shardFilter(shard)
  for (const { name, datasets } of jobs)
    for (const dataset of datasets)
      for (const key of seriesOf(dataset, known).filter(isOurs)) {
        const series = seriesText(key)
        const documents = found.get(series) ?? []
        documents.push(documentOf(name, key, { ...dataset, source: source ?? dataset.source }))
        found.set(series, documents)
      }
  return [...found].map(([series, documents]) => ({ version: FORMAT, series, jobs: documents }))
}

function documentOf(name: string, key: SeriesKey, dataset: DatasetJob): object {
  const { kind, market, from, to, source, numbers, compression, settle, partition } = dataset
  return {
    version: 1,
    name,
    symbols: [key.symbol],
    from: momentText(from),
    to: momentText(to),
    market,
    source,
    numbers,
    compression,
    settle: secondsText(settle),
    ...(partition === undefined ? {} : { partition }),
    datasets: [
      {
        kind,
        ...(key.interval === undefined ? {} : { intervals: [key.interval] }),
        ...(key.contract === undefined ? {} : { contracts: [key.contract] }),
      },
    ],
  }
}

function momentText(moment: Moment | EndMoment): string {
  if (moment.kind === 'at') return formatMicros(moment.time)
  return moment.kind === 'ago' ? secondsText(moment.micros) : moment.kind
}

function secondsText(micros: bigint): string {
  return `${micros / 1_000_000n}s`
}

/**
 * Reads what lies on the queue, which any program may have written.
 *
 * @throws UsageError when a newer version wrote it, or this machine would take it for another series.
 */
export function readSeriesJob(value: unknown): { readonly series: string; readonly jobs: Job[] } {
  const { version, series, jobs } = (value ?? {}) as Partial<SeriesJob>
  if (typeof version === 'number' && version > FORMAT)
    throw new UsageError('a newer version put this on the queue', {
      hint: 'Upgrade binance-backfill on this worker.',
    })
  if (version !== FORMAT || typeof series !== 'string' || !Array.isArray(jobs) || jobs.length === 0)
    throw new DataError('what lies on the queue is no series')
  const parsed = jobs.map((job) => parseJob(JSON.stringify(job), 'queue'))
  const known = { symbols: [], account: accountLabel(parsed) }
  const named = parsed.flatMap(({ datasets }) => datasets.flatMap((one) => seriesOf(one, known)))
  const other = named.map(seriesText).find((text) => text !== series)
  if (other !== undefined)
    throw new UsageError(`${quoteText(series)} would be ${quoteText(other)} here`, {
      hint: 'Set BINANCE_ACCOUNT_LABEL as it was when the jobs were put on the queue.',
    })
  return { series, jobs: parsed }
}
