/** A backfill by what is open already. */

import type { Job } from '../job/job.ts'
import type { Options } from '../options.ts'
import type { Progress } from '../progress.ts'
import { seriesWorld } from '../session/series.ts'
import type { Kept } from './kept.ts'
import { checkJobs } from './preflight.ts'
import { Run } from './run.ts'

/**
 * As `backfill`, in a process that has the exchange open and holds what the jobs write. What is spent over the open
 * connection is not counted in the summary.
 */
export async function* backfillWith(
  kept: Kept,
  jobs: readonly Job[],
  options: Options,
): AsyncGenerator<Progress, void, void> {
  checkJobs(jobs, options)
  const { world, meter, lock, notes: recorder } = kept
  const lake = seriesWorld(world.files, () => lock.assertHeld())
  const startedMs = world.clock.monotonicMs()
  const seconds = (): number => (world.clock.monotonicMs() - startedMs) / 1_000
  yield* new Run(options, { lake, isMarked: true, meter, recorder, kept }, seconds).go(world, jobs)
}
