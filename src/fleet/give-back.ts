/** The end of a worker: it gives back what it holds, to a queue that may be away. */

import type { World } from '../base/ports.ts'
import type { OpenQueue } from './engine.ts'

/** How long the queue may take to take back what a worker gives back; and how long when it is away. */
const CLOSE_MS = 60_000
const AWAY_MS = 10_000
const POLL_MS = 500

/** What is let go of. */
type Held = {
  readonly world: World
  /** Ends the worker's own connections. */
  readonly cut: () => void
  readonly open: OpenQueue
}

/** Waits until all was given back, or cannot be: the leases run out by themselves then. */
export async function givenBack(closing: Promise<unknown>, held: Held): Promise<void> {
  const over = new AbortController()
  const done = closing.finally(() => {
    over.abort()
  })
  await Promise.race([done, isInVain(held, over.signal)])
  if (over.signal.aborted) return
  done.catch(() => undefined)
  held.open.redis.disconnect()
  held.cut()
}

async function isInVain({ world, open }: Held, signal: AbortSignal): Promise<void> {
  try {
    for (let ms = 0, awayMs = 0; ms < CLOSE_MS && awayMs < AWAY_MS; ms += POLL_MS) {
      await world.clock.sleep(POLL_MS, signal)
      awayMs = open.redis.status === 'ready' ? 0 : awayMs + POLL_MS
    }
  } catch (error) {
    if (!signal.aborted) throw error
  }
}
