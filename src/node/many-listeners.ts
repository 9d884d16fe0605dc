/** Signals that many listen to. */

import { setMaxListeners } from 'node:events'

/**
 * A signal of a whole run is listened to by each request and each pause that is under way, as many as there are. Node
 * takes more than ten for a leak, and warns on stderr.
 */
export function forMany(signal: AbortSignal | undefined): void {
  if (signal !== undefined) setMaxListeners(0, signal)
}
