/** The machine's clocks as the {@link Clock} port. */

import { performance } from 'node:perf_hooks'
import { setTimeout } from 'node:timers/promises'
import type { Clock } from '../base/ports.ts'
import { fromMillis } from '../base/time.ts'
import { forMany } from './many-listeners.ts'

/** The longest that a timer takes; one millisecond more and it fires at once. */
const TIMER_MS_MAX = 2 ** 31 - 1

/** Wall clock, monotonic clock and timers of this process. A sleep keeps the process alive. */
export function nodeClock(): Clock {
  return {
    now: () => fromMillis(Date.now()),
    monotonicMs: () => performance.now(),
    sleep,
  }
}

async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  if (Number.isNaN(ms)) throw new RangeError('cannot sleep for NaN milliseconds')
  const until = performance.now() + ms
  let left = ms
  do {
    await timer(Math.min(Math.max(left, 0), TIMER_MS_MAX), signal)
    // A timer may fire a fraction of a millisecond early.
    left = until - performance.now()
  } while (left > 0)
}

async function timer(ms: number, signal?: AbortSignal): Promise<void> {
  forMany(signal)
  try {
    await setTimeout(ms, undefined, signal === undefined ? {} : { signal })
  } catch (error) {
    // The reason is what callers tell apart, not the AbortError around it.
    signal?.throwIfAborted()
    throw error
  }
}
