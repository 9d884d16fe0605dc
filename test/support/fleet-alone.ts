/** A worker that reaches no queue, on a clock of its own. */

import { workQueue } from '../../src/fleet/worker.ts'
import { simWorld } from './sim-world.ts'

/** How such a worker ends, and after how many minutes of its clock. */
export async function workerOf(
  queue: string,
): Promise<{ readonly error: unknown; readonly minutes: number }> {
  const world = simWorld()
  let error: unknown
  try {
    await workQueue({ queue, world, lakeIsShared: true }).next()
  } catch (thrown) {
    error = thrown
  }
  return { error, minutes: world.clock.monotonicMs() / 60_000 }
}
