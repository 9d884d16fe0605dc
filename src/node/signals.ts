/** The user's wish to stop. */

import { StoppedError, type StopSignal } from '../base/errors.ts'

/** A wish to stop that may come, and the end of listening for it. */
export type StopWish = { readonly signal: AbortSignal; dispose(): void }

const SIGNALS: readonly StopSignal[] = ['SIGHUP', 'SIGINT', 'SIGTERM']

/**
 * Listens for SIGHUP, SIGINT and SIGTERM. The first aborts `signal` with a StoppedError, so that what is whole can be
 * committed; a second SIGINT or SIGTERM ends the process at once with 130 or 143.
 *
 * @param onSecond - Called right before that; what it begins and does not finish at once is lost.
 *
 * A hangup is never impatience: a terminal that closes sends it more than once (the kernel, then the shell), and a
 * session that ends sends SIGTERM right beside it.
 */
export function stopOnSignals(onSecond: () => void = () => undefined): StopWish {
  const controller = new AbortController()
  let isAsked = false
  const stop = (name: StopSignal): void => {
    const stopped = new StoppedError(name)
    controller.abort(stopped)
    if (name === 'SIGHUP') return
    if (isAsked) {
      onSecond()
      process.exit(stopped.exit)
    }
    isAsked = true
  }
  for (const name of SIGNALS) process.on(name, stop)
  return {
    signal: controller.signal,
    dispose: () => {
      for (const name of SIGNALS) process.off(name, stop)
    },
  }
}
