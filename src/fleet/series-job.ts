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
import { checkAlike, seriesOf, type WantWorld } from '../session/wants.ts'

const FORMAT = 1

/** The data of one job on the queue. */
export type SeriesJob = {
  readonly version: number
  /** As `SERIES` of the command line. */
  readonly series: string
  /** Job documents, each about this series alone. */
  readonly jobs: readonly object[]
}

/**
 * The series of `jobs`, each once, in the order of a plan.
 *
 * @throws UsageError when two of them ask for one series with different settings
 */
export function seriesJobs(
  jobs: readonly Job[],
  { source, shard }: Pick<Options, 'source' | 'shard'>,
  known: Pick<WantWorld, 'symbols' | 'account'>,
): readonly SeriesJob[] {
  const found = new Map<string, { readonly first: DatasetJob; readonly documents: object[] }>()
  const isOurs = shardFilter(shard)
  for (const { name, datasets } of jobs)
    for (const one of datasets) {
      const dataset = { ...one, source: source ?? one.source }
      for (const key of seriesOf(dataset, known).filter(isOurs)) {
        const series = seriesText(key)
        const { first, documents } = found.get(series) ?? { first: dataset, documents: [] }
        checkAlike(key, first, dataset)
        documents.push(documentOf(name, key, dataset))
        found.set(series, { first, documents })
      }
    }
  return [...found].map(([series, { documents }]) => {
    return { version: FORMAT, series, jobs: documents }
  })
}

/**
 * What `wanted` asks for of a series, and what jobs of other names asked for before.
 *
 * @param before - What lies on the queue.
 * @throws UsageError when they ask for it with different settings, or a newer version put it on the queue
 */
export function askedToo(before: unknown, wanted: SeriesJob): SeriesJob {
  const names = new Set(wanted.jobs.map(nameOf))
  const others = checkedJob(before).jobs.filter((job) => !names.has(nameOf(job)))
  if (others.length === 0) return wanted
  // In one order, whoever asked last.
  const jobs = [...others, ...wanted.jobs].sort(byName)
  const all = { ...wanted, jobs }
  const read = readSeriesJob(all)
  const [first, ...more] = read.jobs.flatMap(({ datasets }) => datasets)
  for (const other of more) if (first !== undefined) checkAlike(read.key, first, other)
  return all
}

function byName(a: object, b: object): number {
  return Number(nameOf(a) > nameOf(b)) - Number(nameOf(a) < nameOf(b))
}

function nameOf(job: object): string {
  return String((job as { readonly name?: unknown }).name)
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
export function readSeriesJob(value: unknown): {
  readonly series: string
  readonly key: SeriesKey
  readonly jobs: Job[]
} {
  const { series, jobs } = checkedJob(value)
  const parsed = jobs.map((job) => parseJob(JSON.stringify(job), 'queue'))
  const known = { symbols: [], account: accountLabel(parsed) }
  const keys = parsed.flatMap(({ datasets }) => datasets.flatMap((one) => seriesOf(one, known)))
  const other = keys.map(seriesText).find((text) => text !== series)
  if (other !== undefined)
    throw new UsageError(`${quoteText(series)} would be ${quoteText(other)} here`, {
      hint: 'Set BINANCE_ACCOUNT_LABEL as it was when the jobs were put on the queue.',
    })
  const [key] = keys
  if (key === undefined) throw new DataError('what lies on the queue is no series')
  return { series, key, jobs: parsed }
}

function checkedJob(value: unknown): SeriesJob {
  const { version, series, jobs } = (value ?? {}) as Partial<SeriesJob>
  if (typeof version === 'number' && version > FORMAT)
    throw new UsageError('a newer version put this on the queue', {
      hint: 'Upgrade binance-backfill on this machine.',
    })
  const isSeries = version === FORMAT && typeof series === 'string' && Array.isArray(jobs)
  if (
    !isSeries ||
    jobs.length === 0 ||
    !jobs.every((job) => typeof job === 'object' && job !== null)
  )
    throw new DataError('what lies on the queue is no series')
  return { version, series, jobs }
}
