/** What a process that works at one series after the other keeps open between them. */

import type PQueue from 'p-queue'
import type { World } from '../base/ports.ts'
import type { LakeLock } from '../store/lock.ts'
import type { Exchanges } from '../walk/exchanges.ts'
import type { RunNotes } from './recorder.ts'
import type { Speedometer } from './speedometer.ts'

/** Open, and left open. */
export type Kept = {
  readonly world: World
  /** Open to the market of the jobs, as far as they need it. */
  readonly exchange: Exchanges
  readonly meter: Speedometer
  /** Where requests of the archive wait for their turn. */
  readonly places: PQueue
  /** Holds what the jobs write. */
  readonly lock: LakeLock
  /** Where it is written down, with what else the process does. */
  readonly notes: RunNotes
}
