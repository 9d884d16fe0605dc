/** One series from the queue, run. */

import { hashOfBytes } from '../base/hash.ts'
import type { World } from '../base/ports.ts'
import { backfillWith } from '../backfill/backfill-with.ts'
import type { Job } from '../job/job.ts'
import type { Options } from '../options.ts'
import type { SeriesResult, Summary } from '../progress.ts'
import { acquireSeriesLock, type LakeLock } from '../store/lock.ts'
import type { Connection } from './connection.ts'
import { fateOfSummary, type Fate } from './fate.ts'
import { readSeriesJob } from './series-job.ts'
import type { WorkProgress } from './work-progress.ts'
import type { WorkRecord } from './work-record.ts'

/** A series that is not done, and what becomes of it. */
export class NotDone extends Error {
  readonly fate: Fate

  constructor(fate: Fate) {
    super(fate.reason)
    this.fate = fate
  }
}

/** What running a series needs. */
export type RunSeriesWorld = {
  readonly world: World
  readonly connection: Connection
  readonly options: Options
  readonly tell: (item: WorkProgress) => void
  readonly record: WorkRecord
  /** Writes the progress on the queue. */
  readonly progress: (rows: number) => Promise<void>
}

/** How often progress is written on the queue, at most. */
const PROGRESS_MS = 5_000

/** Runs what lies on the queue. @throws NotDone, or what ended the run */
export async function runSeries(
  data: unknown,
  how: RunSeriesWorld,
): Promise<SeriesResult | undefined> {
  const { world, connection, options, record } = how
  const { series, jobs } = readSeriesJob(data)
  const lock = await lockOf(series, world, options)
  try {
    const exchange = await connection.to(jobs)
    const { meter, places } = connection
    const kept = { world, exchange, meter, places, lock, notes: record.notes }
    const summary = await followed(backfillWith(kept, jobs, options), jobs, how)
    const fate = summary && fateOfSummary(summary)
    if (fate !== undefined) throw new NotDone(fate)
    return summary?.series[0]
  } finally {
    await lock.release()
  }
}

async function followed(
  run: ReturnType<typeof backfillWith>,
  jobs: readonly Job[],
  { world, tell, progress, record }: RunSeriesWorld,
): Promise<Summary | undefined> {
  let summary: Summary | undefined
  let rows = 0
  let writtenMs = world.clock.monotonicMs()
  for await (const item of run) {
    if (item.kind === 'summary') {
      summary = item
      record.add(jobs, item)
    } else if (item.kind !== 'plan' && item.kind !== 'series') tell(item)
    if (item.kind === 'rows') rows += item.rows
    if (world.clock.monotonicMs() - writtenMs < PROGRESS_MS) continue
    writtenMs = world.clock.monotonicMs()
    // It is for those who watch; the queue may be away.
    progress(rows).catch(() => undefined)
  }
  return summary
}

/** On a disk a series is held by one process at a time; where conditions hold between machines each commit tells. */
async function lockOf(
  series: string,
  world: World,
  { signal }: Pick<Options, 'signal'>,
): Promise<LakeLock> {
  const hash = hashOfBytes(new TextEncoder().encode(series)).slice(0, 16)
  return acquireSeriesLock(world, hash, { signal })
}
