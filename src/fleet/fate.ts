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
}

/** A lease that was lost to another worker. */
export class LeaseLost extends BackfillError {
  readonly code = 'E_LEASE_LOST'
  readonly exit = 3
}

/** How long a series that another process holds, or writes to, is left alone. */
const HELD_MS = 2_000
/** How long, at most, one is left alone that this worker may not ask for now: others may. */
const BAN_MS_MAX = 60_000
/** Trying again comes to the same, whoever tries. */
const HOPELESS: ReadonlySet<string> = new Set([
  'E_UNKNOWN_SYMBOL',
  'E_REJECTED',
  'E_DATA_REFUSED',
  'E_DAMAGED',
  'E_USAGE',
  'E_JOB_INVALID',
  'E_STORE_CORRUPT',
])

/** The fate of a series whose run ended with `error`. */
export function fateOf(error: unknown): Fate {
  const reason = error instanceof Error ? error.message : String(error)
  const fate = { reason, delayMs: 0 }
  if (error instanceof StoppedError || error instanceof LeaseLost) return { ...fate, kind: 'back' }
  if (error instanceof LockedError) return { ...fate, kind: 'back', delayMs: HELD_MS }
  if (error instanceof BannedError)
    return { ...fate, kind: 'back', delayMs: Math.min(error.retryAfterMs ?? Infinity, BAN_MS_MAX) }
  if (isChanged(error) || isFenced(error)) return { ...fate, kind: 'back', delayMs: HELD_MS }
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
  return { kind: 'failed', reason, delayMs: 0 }
}

function isFenced(error: unknown): boolean {
  return error instanceof StoreError && error.code === 'E_STORE_FENCED'
}

function fateOfEntry({ code, message }: ErrorEntry): Fate {
  const kind = HOPELESS.has(code) ? 'hopeless' : 'failed'
  return { kind, reason: message, delayMs: 0 }
}

/** The fate of a series that can do nothing for its end. */
export function backBy(reason: unknown): Fate {
  return { kind: 'back', reason: String((reason as { message?: unknown }).message), delayMs: 0 }
}
