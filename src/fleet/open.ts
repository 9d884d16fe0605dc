/** Opens what `enqueue` and workers need alike: the machine, the lake, and the queue that serves it. */

import { checkEgresses } from '../base/egress.ts'
import type { World } from '../base/ports.ts'
import { closeWorld, worldOf } from '../session/world.ts'
import { openQueue, refusalOf, type OpenQueue } from './engine.ts'
import { checkShared, claimQueue, type FleetOptions } from './lake-mark.ts'
import { readQueueUrl } from './queue-url.ts'

/** Open until it is closed. */
export type Fleet = {
  readonly world: World
  readonly open: OpenQueue
  readonly close: () => Promise<void>
}

/**
 * Opens the queue of the lake that the options name.
 *
 * @param timeoutMs - How long the queue may take to be reached.
 * @throws UsageError when the lake cannot be shared, or the queue serves another; QueueError when it is not reached.
 */
export async function openFleet(options: FleetOptions, timeoutMs: number): Promise<Fleet> {
  readQueueUrl(options.queue)
  const world = worldOf(options)
  let open: OpenQueue | undefined
  const close = async (): Promise<void> => {
    await open?.close()
    await closeWorld(world, options)
  }
  try {
    await checkEgresses(world)
    checkShared(world, options)
    const { signal } = options
    open = await openQueue(options.queue, { clock: world.clock, timeoutMs, signal })
    await claimQueue(open, world, options)
    return { world, open, close }
  } catch (error) {
    await close()
    throw (open && refusalOf(error, open.name)) ?? error
  }
}
