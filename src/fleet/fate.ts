/** What becomes of a series on the queue after a worker was at it. */

import {
  BackfillError,
  BannedError,
  describeError,
  isChanged,
  LockedError,
  StoppedError,
  StoreError,
  type ErrorEntry,
} from '../base/errors.ts'
import type { Summary } from '../progress.ts'
import { formatWindow } from '../base/time.ts'

/**
 * - `failed`: tried again, a limited number of times
 * - `hopeless`: another try would come to the same
 * - `back`: not its own failure: another worker may take it, or this one later
 */
export type Fate = {
  readonly kind: 'failed' | 'hopeless' | 'back'
  readonly reason: string
  /** Before so long nobody takes it again, in milliseconds. */
  readonly delayMs: number
  /** Ends the worker: it could do no other series either. */
  readonly endsWorker: boolean
}

/** A lease that was lost to another worker. */
export class LeaseLost extends BackfillError {
  readonly code = 'E_LEASE_LOST'
  readonly exit = 3
}

/** How long a series that another process holds, or writes to, is left alone. */
const HELD_MS = 2_000
/** Trying again comes to the same, whoever tries. */
const HOPELESS: ReadonlySet<string> = new Set([
  'E_UNKNOWN_SYMBOL',
  'E_REJECTED',
  'E_DATA_REFUSED',
  'E_DAMAGED',
  'E_USAGE',
  'E_JOB_INVALID',
])

/** The fate of a series whose run ended with `error`. */
export function fateOf(error: unknown): Fate {
  const reason = error instanceof Error ? error.message : String(error)
  const fate = { reason, delayMs: 0, endsWorker: false }
  if (error instanceof StoppedError || error instanceof LeaseLost) return { ...fate, kind: 'back' }
  if (error instanceof LockedError) return { ...fate, kind: 'back', delayMs: HELD_MS }
  if (error instanceof BannedError) return { ...fate, kind: 'back', endsWorker: true }
  if (isChanged(error)) return { ...fate, kind: 'back', delayMs: HELD_MS }
  if (error instanceof StoreError) return { ...fate, ...fateByStore(error) }
  if (error instanceof BackfillError) return fateOfEntry(describeError(error))
  return { ...fate, kind: 'failed' }
}

/** The fate of a series by its summary; `undefined` when it is done. */
export function fateOfSummary({ series, complete }: Summary): Fate | undefined {
  const [result] = series
  if (complete) return undefined
  if (result?.error !== undefined) return fateOfEntry(result.error)
  const [window] = result?.missing ?? []
  const reason =
    window === undefined
      ? 'incomplete'
      : `missing ${Object.values(formatWindow(window)).join('..')}`
  return { kind: 'failed', reason, delayMs: 0, endsWorker: false }
}

/** Codes of a store that fails on the way, and may be back. */
const AWAY: ReadonlySet<string> = new Set(['E_STORE_AWAY'])

/** A disk that refuses does so for every series. */
function fateByStore({ code }: StoreError): Pick<Fate, 'kind' | 'delayMs' | 'endsWorker'> {
  if (code === 'E_STORE_FENCED') return { kind: 'back', delayMs: HELD_MS, endsWorker: false }
  const isAway = AWAY.has(code)
  return { kind: isAway ? 'failed' : 'back', delayMs: 0, endsWorker: !isAway }
}

function fateOfEntry({ code, message }: ErrorEntry): Fate {
  const kind = HOPELESS.has(code) ? 'hopeless' : 'failed'
  return { kind, reason: message, delayMs: 0, endsWorker: false }
}
