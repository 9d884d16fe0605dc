/** The user's wish to stop. */

import { StoppedError } from '../base/errors.ts'

/** A wish to stop that may come, and the end of listening for it. */
export type StopWish = { readonly signal: AbortSignal; dispose(): void }

/**
 * Listens for SIGINT and SIGTERM. The first aborts `signal` with a StoppedError, so that what is whole can be
 * committed; the second ends the process at once with 130 or 143.
 */
export function stopOnSignals(): StopWish {
  const controller = new AbortController()
  const stop = (name: 'SIGINT' | 'SIGTERM'): void => {
    const stopped = new StoppedError(name)
    if (controller.signal.aborted) process.exit(stopped.exit)
    controller.abort(stopped)
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  return {
    signal: controller.signal,
    dispose: () => {
      process.off('SIGINT', stop)
      process.off('SIGTERM', stop)
    },
  }
}
