/** A total deadline and the caller's own wish to stop, as one signal. */

import { TransportError } from '../base/errors.ts'
import { forMany } from './many-listeners.ts'

/** The longest that a timer takes. */
const TIMER_MS_MAX = 2 ** 31 - 1

/** What ends a request early. */
export type Deadline = {
  readonly signal: AbortSignal
  /** Stops the clock of silence, while the caller is busy itself. */
  readonly pause: () => void
  /** Starts the clock of silence anew, if there is one. */
  readonly listen: () => void
  /** Stops the clocks. */
  readonly clear: () => void
}

/**
 * Aborts after `timeoutMs` in all, after `silenceMs` of listening in vain, and when `caller` does. Made by hand:
 * `AbortSignal.any` over a signal that lives as long as the run would keep something for every request of it.
 */
export function startDeadline(
  where: string,
  timeoutMs: number,
  caller?: AbortSignal,
  silenceMs?: number,
): Deadline {
  const controller = new AbortController()
  const fail = (why: string): void => {
    controller.abort(new TransportError(`GET ${where}: ${why}`))
  }
  const startTimer = (ms: number, why: string): NodeJS.Timeout =>
    setTimeout(fail, Math.min(ms, TIMER_MS_MAX), why)
  const total = startTimer(timeoutMs, `no whole answer within ${timeoutMs} ms`)
  let silence: NodeJS.Timeout | undefined
  const listen = (): void => {
    clearTimeout(silence)
    if (silenceMs !== undefined) silence = startTimer(silenceMs, `silent for ${silenceMs} ms`)
  }
  listen()
  const follow = (): void => {
    controller.abort(caller?.reason)
  }
  forMany(caller)
  caller?.addEventListener('abort', follow, { once: true })
  return {
    signal: controller.signal,
    pause: () => {
      clearTimeout(silence)
    },
    listen,
    clear: () => {
      clearTimeout(total)
      clearTimeout(silence)
      caller?.removeEventListener('abort', follow)
    },
  }
}
