/**
 * The lake's lock: one writer at a time, and none that lost its lock without noticing.
 *
 * Each holder has a file of its own, `_lock/<epoch>.json`; the highest epoch is the lock. To take the lake is to create
 * the next epoch, which succeeds for one starter only. A holder writes to no file but its own, so a heartbeat that was
 * delayed cannot bring back a lock that another has taken; and the highest file is never removed, so an epoch is never
 * given twice. It takes put-if-absent, put-if-unchanged, list and delete, which object stores have too.
 */

import { LockedError, StoreError } from '../base/errors.ts'
import { TEMP_DIRECTORY, type Files, type ProcessIdentity, type Random } from '../base/ports.ts'
import { quoteText } from '../base/text.ts'
import { formatMicros } from '../base/time.ts'
import {
  EPOCH_MAX,
  formatLockRecord,
  judgeHolder,
  lastEpoch,
  LOCK_DIRECTORY,
  lockPath,
  seriesLockDirectory,
  parseLockRecord,
  type LockRecord,
} from './lock-record.ts'
import { HEARTBEAT_MS, HeldLock, type LakeLock, type LockWorld } from './held-lock.ts'
import { putIfAbsent } from './put-if-absent.ts'

export { HEARTBEAT_MS, type LakeLock, type LockWorld } from './held-lock.ts'

/** A holder that may be dead must write nothing for so long, under our eyes, before its lock is taken. */
export const OBSERVE_MS: number = 3 * HEARTBEAT_MS
const POLL_MS = 1_000

const EVERYBODYS: LakeLock = {
  epoch: 0,
  assertHeld: async () => undefined,
  release: async () => undefined,
}

/** How long to wait for the lake. */
export type LockOptions = {
  /** Longest wait for a living holder, in milliseconds. Default 0. */
  readonly waitMs?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Takes the lake, all of its series, and removes what dead runs left half written. Where conditions hold between
 * machines there is nothing to take: each commit replaces only what it was made from.
 *
 * A lock is free when it was released, or its holder is dead on this machine. Where that cannot be known (another
 * host, another boot, a file that cannot be read) the holder is taken for dead after {@link OBSERVE_MS} without a
 * heartbeat, and for alive with the first; a fresh heartbeat of another host is not even doubted.
 *
 * @throws LockedError when another run still holds it after `waitMs`.
 */
export async function acquireLock(world: LockWorld, options: LockOptions = {}): Promise<LakeLock> {
  if (world.files.isShared) return EVERYBODYS
  const lock = await take(world, LOCK_DIRECTORY, options)
  try {
    // Whoever holds one series has looked whether the lake is held after taking it; so one of the two sees the other.
    for (const { name, kind } of await world.files.list(LOCK_DIRECTORY))
      if (kind === 'directory') await fence(world, `${LOCK_DIRECTORY}/${name}`, options)
    await sweepTemp(world.files)
    return lock
  } catch (error) {
    await lock.release()
    throw error
  }
}

/**
 * Takes one series, as one of several writers on a disk that they share. A run that takes the whole lake and a holder of
 * a series keep each other away.
 *
 * @param hash - Of the series' name.
 * @throws LockedError when another holds the series, or the whole lake.
 */
export async function acquireSeriesLock(
  world: LockWorld,
  hash: string,
  options: LockOptions = {},
): Promise<LakeLock> {
  if (world.files.isShared) return EVERYBODYS
  const lock = await take(world, seriesLockDirectory(hash), options)
  try {
    const last = await readLast(world.files, LOCK_DIRECTORY)
    const { state, record } = judgeLast(last, world)
    if (state === 'held') throw lockedBy(record)
    if (state === 'doubtful') await fence(world, LOCK_DIRECTORY, options)
    return lock
  } catch (error) {
    await lock.release()
    throw error
  }
}

/** Makes sure that nobody holds what is locked by `directory`: a holder that only sleeps finds it taken. */
async function fence(world: LockWorld, directory: string, options: LockOptions): Promise<void> {
  if (judgeLast(await readLast(world.files, directory), world).state === 'free') return
  await (await take(world, directory, options)).release()
}

async function take(
  world: LockWorld,
  directory: string,
  { waitMs = 0, signal }: LockOptions,
): Promise<LakeLock> {
  const { clock, files } = world
  const deadline = clock.monotonicMs() + waitMs
  let seen: Observation | undefined
  for (;;) {
    signal?.throwIfAborted()
    const last = await readLast(files, directory)
    const { state, record } = judgeLast(last, world)
    const text = `${last?.epoch} ${last?.text}`
    if (seen?.text !== text)
      seen = { text, sinceMs: clock.monotonicMs(), isWritten: seen !== undefined }
    const isSilent = clock.monotonicMs() - seen.sinceMs >= OBSERVE_MS
    if (state === 'free' || (state === 'doubtful' && isSilent)) {
      const lock = await claim(world, directory, (last?.epoch ?? 0) + 1)
      if (lock !== undefined) return lock
    } else {
      const isAlive = state === 'held' || seen.isWritten
      if (isAlive && clock.monotonicMs() >= deadline) throw lockedBy(record)
      await clock.sleep(POLL_MS, signal)
    }
  }
}

/** What the highest lock file says, and since when. */
type Observation = {
  readonly text: string
  readonly sinceMs: number
  /** Was it written under our eyes? Then its holder lives, whatever its clock and its host say. */
  readonly isWritten: boolean
}

type Last = { readonly epoch: number; readonly text: string }

async function readLast(files: Files, directory: string): Promise<Last | undefined> {
  for (;;) {
    const epoch = lastEpoch(await files.list(directory))
    if (epoch === undefined) return undefined
    const found = await files.read(lockPath(epoch, directory))
    // Gone between the two steps: a later one is there now.
    if (found !== undefined) return { epoch, text: new TextDecoder().decode(found.bytes) }
  }
}

function judgeLast(
  last: Last | undefined,
  { clock, process }: LockWorld,
): { readonly state: 'free' | 'held' | 'doubtful'; readonly record: LockRecord | undefined } {
  if (last === undefined) return { state: 'free', record: undefined }
  const record = parseLockRecord(last.text)
  return { state: judgeHolder(record, process, clock.now()), record }
}

function lockedBy(record: LockRecord | undefined): LockedError {
  const who =
    record === undefined
      ? ''
      : `: pid ${record.pid} on ${quoteText(record.host, 80)}, since ${quoteText(record.since, 40)}`
  return new LockedError(`another run holds the lake${who}`, {
    hint: 'Wait until it ends, or stop it; the lock of a run that died is taken over by itself.',
  })
}

async function claim(
  world: LockWorld,
  directory: string,
  epoch: number,
): Promise<LakeLock | undefined> {
  const { clock, files, process } = world
  if (epoch > EPOCH_MAX) throw usedUp(directory)
  const now = formatMicros(clock.now())
  const { pid, host, bootId, startedAt } = process
  const token = newToken(process, world.random)
  const record: LockRecord = {
    version: 1,
    state: 'held',
    token,
    pid,
    host,
    bootId,
    startedAt,
    since: now,
    heartbeatAt: now,
  }
  const lock = new HeldLock(world, { directory, epoch }, record)
  try {
    const made = await putIfAbsent(files, lockPath(epoch, directory), formatLockRecord(record))
    if (made === undefined) return undefined
    // Seen late, the epoch may have been held and tidied away before; then a higher one is there.
    if (lastEpoch(await files.list(directory)) !== epoch) {
      await files.remove(lockPath(epoch, directory))
      return undefined
    }
    lock.startHeartbeat()
    await tidy(files, directory, epoch)
  } catch (error) {
    await lock.release()
    throw error
  }
  return lock
}

/** No run comes so far by itself: the file was put there. */
function usedUp(directory: string): StoreError {
  return new StoreError(
    'E_STORE_IO',
    `${lockPath(EPOCH_MAX, directory)} leaves no number for the next run`,
    {
      hint: 'While no run works on this lake, delete that file, and run again.',
    },
  )
}

function newToken({ pid }: ProcessIdentity, random: Random): string {
  const word = (): string => Math.floor(random.next() * 2 ** 32).toString(16)
  return `${pid}-${word()}-${word()}-${word()}-${word()}`
}

async function tidy(files: Files, directory: string, epoch: number): Promise<void> {
  for (const { name, kind } of await files.list(directory)) {
    const isFormer = kind === 'file' && (lastEpoch([{ name, kind }]) ?? epoch) < epoch
    if (isFormer) await files.remove(`${directory}/${name}`)
  }
}

/**
 * Removes temporary files that earlier runs left behind; resolves to how many. Only for the lake's holder: nobody else
 * has an upload in flight. A small write of another starter that is swept away starts over by itself.
 */
export async function sweepTemp(files: Files): Promise<number> {
  let count = 0
  for (const { name, kind } of await files.list(TEMP_DIRECTORY)) {
    if (kind !== 'file' || !name.endsWith('.tmp')) continue
    await files.remove(`${TEMP_DIRECTORY}/${name}`)
    count++
  }
  return count
}
