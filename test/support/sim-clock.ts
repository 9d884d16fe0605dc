/**
 * A clock that runs as fast as the program lets it: when nothing is in flight and everybody sleeps, it jumps to the
 * moment that the first sleeper waits for.
 */

import { setMaxListeners } from 'node:events'
import type { Clock } from '../../src/base/ports.ts'
import { micros, parseMicros, type Micros } from '../../src/base/time.ts'

/** A virtual clock. */
export type SimClock = Clock & {
  /** Moves the wall clock alone, by milliseconds, as when somebody sets it. */
  setBack(ms: number): void
  /** Lets time pass while nobody runs, as when the machine is suspended; sleepers that are due wake after. */
  skip(ms: number): void
  /** How many sleep. */
  sleeping(): number
  /** Stops for good: whoever sleeps, sleeps on. For the end of a test that leaves sleepers behind. */
  readonly stop: () => void
}

/** How a clock starts and when it may jump. */
export type SimClockOptions = {
  readonly start?: Micros
  /** Is nothing in flight that takes real time (sockets, files)? Default: always. */
  readonly isIdle?: () => boolean
  /** For how many turns of the event loop in a row `isIdle` must hold before a jump. */
  readonly idleTurns?: number
}

type Sleeper = { readonly dueMs: number; readonly wake: () => void }

const IDLE_TURNS = 5

/** A clock at `start`, by default 2026-06-01T00:00:00Z. */
export function simClock({
  start = parseMicros('2026-06-01'),
  isIdle = () => true,
  idleTurns = IDLE_TURNS,
}: SimClockOptions = {}): SimClock {
  const sleepers = new Set<Sleeper>()
  let elapsedMs = 0
  let wallOffsetMs = 0
  let isPumping = false
  let isStopped = false

  async function pump(): Promise<void> {
    if (isPumping) return
    isPumping = true
    for (let quiet = 0; sleepers.size > 0 && !isStopped;) {
      const isQuiet = isIdle()
      await (isQuiet ? turn() : shortPoll())
      quiet = isQuiet && isIdle() ? quiet + 1 : 0
      // The last sleeper may have been called off meanwhile.
      if (quiet < idleTurns || sleepers.size === 0) continue
      quiet = 0
      wakeFirst()
    }
    isPumping = false
  }

  function wakeFirst(): void {
    const dueMs = Math.min(...[...sleepers].map((sleeper) => sleeper.dueMs))
    elapsedMs = Math.max(elapsedMs, dueMs)
    // In the order in which they lay down: a Set keeps it.
    for (const sleeper of [...sleepers]) {
      if (sleeper.dueMs > dueMs) continue
      sleepers.delete(sleeper)
      sleeper.wake()
    }
  }

  return {
    now: () => micros(start + BigInt(Math.round((elapsedMs + wallOffsetMs) * 1000))),
    monotonicMs: () => elapsedMs,
    sleep: (ms, signal) =>
      new Promise<void>((resolve, reject) => {
        if (Number.isNaN(ms)) throw new RangeError('cannot sleep for NaN milliseconds')
        signal?.throwIfAborted()
        const abort = (): void => {
          sleepers.delete(sleeper)
          reject(signal?.reason as Error)
        }
        const wake = (): void => {
          signal?.removeEventListener('abort', abort)
          resolve()
        }
        const sleeper = { dueMs: elapsedMs + Math.max(0, ms), wake }
        if (signal !== undefined) setMaxListeners(0, signal)
        signal?.addEventListener('abort', abort, { once: true })
        sleepers.add(sleeper)
        void pump()
      }),
    setBack: (ms) => {
      wallOffsetMs -= ms
    },
    skip: (ms) => {
      elapsedMs += ms
    },
    sleeping: () => sleepers.size,
    stop: () => {
      isStopped = true
    },
  }
}

async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
}

// Something real is in flight; looking again at once would take the processor from it.
async function shortPoll(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 1))
}
