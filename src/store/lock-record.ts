/** What a lock file says, and what follows from it. Pure. */

import type { FileEntry, ProcessIdentity } from '../base/ports.ts'
import { formatMicros, parseMicros, type Micros } from '../base/time.ts'

/** The directory of lock files in the lake. */
export const LOCK_DIRECTORY = '_lock'

/** The last epoch that has a name: a hundred years of taking the lake three times a second. */
export const EPOCH_MAX = 9_999_999_999

/** How far a heartbeat of another host may lie from our clock before it is doubted. */
const HEARTBEAT_TRUSTED_MICROS = 120_000_000n

/** One holder of the lake. */
export type LockRecord = {
  readonly version: 1
  readonly state: 'held' | 'released'
  /** Tells this holder from all others. */
  readonly token: string
  readonly pid: number
  readonly host: string
  readonly bootId: string
  readonly startedAt: string
  /** When the lake was taken, by the holder's wall clock. */
  readonly since: string
  /** When the holder last wrote that it lives, by its wall clock. */
  readonly heartbeatAt: string
}

const TEXTS = ['token', 'host', 'bootId', 'startedAt', 'since', 'heartbeatAt'] as const

/** The file of an epoch; names sort as epochs do. */
export function lockPath(epoch: number, directory: string = LOCK_DIRECTORY): string {
  return `${directory}/${String(epoch).padStart(10, '0')}.json`
}

/** The directory of the lock of one series; its name is a hash, since any symbol may be part of the series' name. */
export function seriesLockDirectory(hash: string): string {
  return `${LOCK_DIRECTORY}/${hash}`
}

/** The highest epoch among the files of the lock directory; `undefined` when nobody ever held the lake. */
export function lastEpoch(entries: readonly FileEntry[]): number | undefined {
  const epochs = entries.flatMap(({ name, kind }) => {
    const digits = kind === 'file' ? /^(\d{10})\.json$/.exec(name)?.[1] : undefined
    return digits === undefined ? [] : [Number(digits)]
  })
  return epochs.length === 0 ? undefined : Math.max(...epochs)
}

/** The bytes of a lock file. */
export function formatLockRecord(record: LockRecord): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(record, null, 2)}\n`)
}

/** Reads a lock file; `undefined` when it is torn, foreign, or of a version that is not known. */
export function parseLockRecord(text: string): LockRecord | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isLockRecord(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isLockRecord(value: unknown): value is LockRecord {
  if (typeof value !== 'object' || value === null) return false
  const record = value as Record<string, unknown>
  const { version, state, pid, heartbeatAt } = record
  // Zero and negative pids mean groups of processes.
  if (version !== 1 || !Number.isSafeInteger(pid) || Number(pid) <= 0) return false
  if (state !== 'held' && state !== 'released') return false
  return TEXTS.every((name) => typeof record[name] === 'string') && isMoment(String(heartbeatAt))
}

function isMoment(text: string): boolean {
  try {
    return formatMicros(parseMicros(text)) === text
  } catch {
    return false
  }
}

/**
 * Is the lake free, held, or held by someone who may be dead? A record that cannot be read is doubtful: a holder that
 * lives writes it anew with its next heartbeat.
 */
export function judgeHolder(
  record: LockRecord | undefined,
  process: ProcessIdentity,
  now: Micros,
): 'free' | 'held' | 'doubtful' {
  if (record === undefined) return 'doubtful'
  if (record.state === 'released') return 'free'
  const isAlive = process.isAlive(record)
  if (isAlive !== undefined) return isAlive ? 'held' : 'free'
  // This machine after a reboot, or another one by the same name.
  if (record.host === process.host && record.bootId !== process.bootId) return 'doubtful'
  const age = now - parseMicros(record.heartbeatAt)
  // A heartbeat from the future comes from a wrong clock and says nothing either.
  const isTrusted = -HEARTBEAT_TRUSTED_MICROS < age && age < HEARTBEAT_TRUSTED_MICROS
  return isTrusted ? 'held' : 'doubtful'
}
