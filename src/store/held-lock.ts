/** A lock that is held: it says that its holder lives, and knows whether another took it. */

import { StoreError } from '../base/errors.ts'
import type { Version, World } from '../base/ports.ts'
import { formatMicros } from '../base/time.ts'
import {
  formatLockRecord,
  lastEpoch,
  lockPath,
  parseLockRecord,
  type LockRecord,
} from './lock-record.ts'

/** How often a holder writes that it lives. */
export const HEARTBEAT_MS = 10_000

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

/** What the lock needs of the world. */
export type LockWorld = Pick<World, 'clock' | 'random' | 'files' | 'process'>

/** Where a lock lies. */
export type LockPlace = { readonly directory: string; readonly epoch: number }

/** A lock of this process. */
export class HeldLock implements LakeLock {
  readonly epoch: number
  readonly #directory: string
  readonly #world: LockWorld
  readonly #record: LockRecord
  readonly #stop = new AbortController()
  #beating: Promise<void> = Promise.resolve()
  #releasing: Promise<void> | undefined

  constructor(world: LockWorld, { directory, epoch }: LockPlace, record: LockRecord) {
    this.#world = world
    this.#directory = directory
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
    const own = await files.read(lockPath(this.epoch, this.#directory))
    if (own === undefined) return undefined
    const record = parseLockRecord(new TextDecoder().decode(own.bytes))
    if (record?.token !== this.#record.token) return undefined
    const next = lockPath(this.epoch + 1, this.#directory)
    if ((await files.size(next)) !== undefined) return undefined
    const last = lastEpoch(await files.list(this.#directory)) ?? 0
    return last <= this.epoch ? own.version : undefined
  }

  /** Not where it was removed meanwhile: it would be brought back. */
  async #write(change: Partial<LockRecord>, mine: Version): Promise<void> {
    const record = { ...this.#record, ...change }
    const path = lockPath(this.epoch, this.#directory)
    await this.#world.files.replace(path, formatLockRecord(record), mine)
  }
}
