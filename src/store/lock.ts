/**
 * The lake's lock: one writer at a time, and none that lost its lock without noticing.
 *
 * Each holder has a file of its own, `_lock/<epoch>.json`; the highest epoch is the lock. To take the lake is to create
 * the next epoch, which succeeds for one starter only. A holder writes to no file but its own, so a heartbeat that was
 * delayed cannot bring back a lock that another has taken; and the highest file is never removed, so an epoch is never
 * given twice. It takes put-if-absent, put-if-unchanged, list and delete, which object stores have too.
 */

import { LockedError, StoreError } from '../base/errors.ts'
import {
  TEMP_DIRECTORY,
  type Files,
  type ProcessIdentity,
  type Random,
  type Version,
  type World,
} from '../base/ports.ts'
import { quoteText } from '../base/text.ts'
import { formatMicros } from '../base/time.ts'
import {
  EPOCH_MAX,
  formatLockRecord,
  judgeHolder,
  lastEpoch,
  LOCK_DIRECTORY,
  lockPath,
  parseLockRecord,
  type LockRecord,
} from './lock-record.ts'
import { putIfAbsent } from './put-if-absent.ts'

/** How often a holder writes that it lives. */
export const HEARTBEAT_MS = 10_000
/** A holder that may be dead must write nothing for so long, under our eyes, before its lock is taken. */
export const OBSERVE_MS: number = 3 * HEARTBEAT_MS
const POLL_MS = 1_000
/** The lake, held. */
export type LakeLock = {
  /** Grows with every holder. */
  readonly epoch: number
  /**
   * To be called right before every commit.
   *
   * @throws StoreError `E_STORE_FENCED` when another run took the lake, or the lock was removed by hand.
   */
  assertHeld(): Promise<void>
  /** Gives the lake back. Safe to call more than once; the lock of a process that ends is free anyway. */
  release(): Promise<void>
}

const EVERYBODYS: LakeLock = {
  epoch: 0,
  assertHeld: async () => undefined,
  release: async () => undefined,
}

/** What the lock needs of the world. */
export type LockWorld = Pick<World, 'clock' | 'random' | 'files' | 'process'>

/** How long to wait for the lake. */
export type LockOptions = {
  /** Longest wait for a living holder, in milliseconds. Default 0. */
  readonly waitMs?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Takes the lake, and removes what dead runs left half written. Where conditions hold between machines there is nothing
 * to take: each commit replaces only what it was made from.
 *
 * A lock is free when it was released, or its holder is dead on this machine. Where that cannot be known (another
 * host, another boot, a file that cannot be read) the holder is taken for dead after {@link OBSERVE_MS} without a
 * heartbeat, and for alive with the first; a fresh heartbeat of another host is not even doubted.
 *
 * @throws LockedError when another run still holds it after `waitMs`.
 */
export async function acquireLock(
  world: LockWorld,
  { waitMs = 0, signal }: LockOptions = {},
): Promise<LakeLock> {
  const { clock, files } = world
  if (files.isShared) return EVERYBODYS
  const deadline = clock.monotonicMs() + waitMs
  let seen: Observation | undefined
  for (;;) {
    signal?.throwIfAborted()
    const last = await readLast(files)
    const { state, record } = judgeLast(last, world)
    const text = `${last?.epoch} ${last?.text}`
    if (seen?.text !== text)
      seen = { text, sinceMs: clock.monotonicMs(), isWritten: seen !== undefined }
    const isSilent = clock.monotonicMs() - seen.sinceMs >= OBSERVE_MS
    if (state === 'free' || (state === 'doubtful' && isSilent)) {
      const lock = await claim(world, (last?.epoch ?? 0) + 1)
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

async function readLast(files: Files): Promise<Last | undefined> {
  for (;;) {
    const epoch = lastEpoch(await files.list(LOCK_DIRECTORY))
    if (epoch === undefined) return undefined
    const found = await files.read(lockPath(epoch))
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

async function claim(world: LockWorld, epoch: number): Promise<LakeLock | undefined> {
  const { clock, files, process } = world
  if (epoch > EPOCH_MAX) throw usedUp()
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
  const lock = new HeldLock(world, epoch, record)
  try {
    const made = await putIfAbsent(files, lockPath(epoch), formatLockRecord(record))
    if (made === undefined) return undefined
    // Seen late, the epoch may have been held and tidied away before; then a higher one is there.
    if (lastEpoch(await files.list(LOCK_DIRECTORY)) !== epoch) {
      await files.remove(lockPath(epoch))
      return undefined
    }
    lock.startHeartbeat()
    await tidy(files, epoch)
    await sweepTemp(files)
  } catch (error) {
    await lock.release()
    throw error
  }
  return lock
}

/** No run comes so far by itself: the file was put there. */
function usedUp(): StoreError {
  return new StoreError('E_STORE_IO', `${lockPath(EPOCH_MAX)} leaves no number for the next run`, {
    hint: 'While no run works on this lake, delete that file, and run again.',
  })
}

function newToken({ pid }: ProcessIdentity, random: Random): string {
  const word = (): string => Math.floor(random.next() * 2 ** 32).toString(16)
  return `${pid}-${word()}-${word()}-${word()}-${word()}`
}

async function tidy(files: Files, epoch: number): Promise<void> {
  for (const { name, kind } of await files.list(LOCK_DIRECTORY)) {
    const isFormer = kind === 'file' && (lastEpoch([{ name, kind }]) ?? epoch) < epoch
    if (isFormer) await files.remove(`${LOCK_DIRECTORY}/${name}`)
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

class HeldLock implements LakeLock {
  readonly epoch: number
  readonly #world: LockWorld
  readonly #record: LockRecord
  readonly #stop = new AbortController()
  #beating: Promise<void> = Promise.resolve()
  #releasing: Promise<void> | undefined

  constructor(world: LockWorld, epoch: number, record: LockRecord) {
    this.#world = world
    this.epoch = epoch
    this.#record = record
  }

  async assertHeld(): Promise<void> {
    if (this.#releasing === undefined && (await this.#mine()) !== undefined) return
    throw new StoreError('E_STORE_FENCED', 'this run does not hold the lake any more', {
      hint: 'Another run took it, or the lock was removed; nothing was committed over it. Run again.',
    })
  }

  async release(): Promise<void> {
    this.#releasing ??= this.#giveBack()
    await this.#releasing
  }

  startHeartbeat(): void {
    this.#beating = this.#beat()
  }

  async #beat(): Promise<void> {
    const { clock } = this.#world
    while (await this.#pause()) {
      try {
        const mine = await this.#mine()
        if (mine === undefined) return
        await this.#write({ heartbeatAt: formatMicros(clock.now()) }, mine)
      } catch (error) {
        // A disk that refuses now may take the next beat; a commit meanwhile fails by itself.
        if (!(error instanceof StoreError)) return
      }
    }
  }

  async #pause(): Promise<boolean> {
    const { signal } = this.#stop
    try {
      await this.#world.clock.sleep(HEARTBEAT_MS, signal)
    } catch (error) {
      if (!signal.aborted) throw error
    }
    return !signal.aborted
  }

  async #giveBack(): Promise<void> {
    this.#stop.abort()
    // A beat that came after would say that the lake is held.
    await this.#beating
    try {
      const mine = await this.#mine()
      if (mine !== undefined) await this.#write({ state: 'released' }, mine)
    } catch (error) {
      // Whoever comes next finds the holder dead; the work is done and must not fail for this.
      if (!(error instanceof StoreError)) throw error
    }
  }

  // Which version of the own file is there, as long as this run holds the lake.
  //
  // Not by the list alone: on some file systems it may miss a name that is being replaced at that moment. Looked up by
  // name, one of the two always tells: whoever took the lake made the next epoch, and removes ours before that one.
  async #mine(): Promise<Version | undefined> {
    const { files } = this.#world
    const own = await files.read(lockPath(this.epoch))
    if (own === undefined) return undefined
    const record = parseLockRecord(new TextDecoder().decode(own.bytes))
    if (record?.token !== this.#record.token) return undefined
    if ((await files.size(lockPath(this.epoch + 1))) !== undefined) return undefined
    const last = lastEpoch(await files.list(LOCK_DIRECTORY)) ?? 0
    return last <= this.epoch ? own.version : undefined
  }

  /** Not where it was removed meanwhile: it would be brought back. */
  async #write(change: Partial<LockRecord>, mine: Version): Promise<void> {
    const record = { ...this.#record, ...change }
    await this.#world.files.replace(lockPath(this.epoch), formatLockRecord(record), mine)
  }
}
