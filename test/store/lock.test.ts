import { describe, expect, it, onTestFinished } from 'vitest'
import { LockedError, StoreError } from '../../src/base/errors.ts'
import type { Files } from '../../src/base/ports.ts'
import { formatMicros, micros } from '../../src/base/time.ts'
import { nodeFiles } from '../../src/node/files.ts'
import type { FsCalls } from '../../src/node/fs-calls.ts'
import { formatLockRecord, lockPath, type LockRecord } from '../../src/store/lock-record.ts'
import {
  acquireLock,
  HEARTBEAT_MS,
  OBSERVE_MS,
  type LakeLock,
  type LockWorld,
} from '../../src/store/lock.ts'
import { faultyCalls, SimulatedCrash } from '../support/faulty-files.ts'
import { memFiles } from '../support/mem-files.ts'
import { simClock, type SimClock } from '../support/sim-clock.ts'
import { simDisk, systemError } from '../support/sim-disk.ts'
import { seededRandom, simProcesses, type SimProcess } from '../support/sim-world.ts'
import { bytesOf, put } from '../support/put.ts'

type Lake = {
  readonly files: Files
  readonly clock: SimClock
  /** Another starter on the same lake. */
  readonly starter: (where?: {
    host?: string
    bootId?: string
    files?: Files
  }) => LockWorld & { readonly process: SimProcess }
}

function newLake(files: Files = memFiles()): Lake {
  const clock = simClock()
  onTestFinished(clock.stop)
  const processes = simProcesses()
  let seed = 0
  return {
    files,
    clock,
    starter: (where = {}) => ({
      clock,
      files: where.files ?? files,
      random: seededRandom(++seed),
      process: processes.spawn(where),
    }),
  }
}

const isHeld = (lock: LakeLock): Promise<boolean> =>
  lock.assertHeld().then(
    () => true,
    () => false,
  )
const fenced = { code: 'E_STORE_FENCED' }

describe('one holder at a time', () => {
  it('a second starter is told who holds the lake', async () => {
    const { starter } = newLake()
    const first = starter()
    const lock = await acquireLock(first)
    const error: unknown = await acquireLock(starter()).catch((e: unknown) => e)
    expect(error).toBeInstanceOf(LockedError)
    expect(error).toMatchObject({ exit: 6, hint: expect.any(String) as string })
    expect(String(error)).toContain(`pid ${first.process.pid} on here, since 2026-06-01T00:00:00`)
    await lock.assertHeld()
    await lock.release()
  })

  it('a released lake is free at once, and epochs grow', async () => {
    const { starter, files } = newLake()
    const epochs: number[] = []
    for (let run = 0; run < 3; run++) {
      const lock = await acquireLock(starter())
      epochs.push(lock.epoch)
      await lock.release()
      await lock.release()
      await expect(lock.assertHeld()).rejects.toMatchObject(fenced)
    }
    expect(epochs).toEqual([1, 2, 3])
    expect(await files.list('_lock')).toHaveLength(1)
  })

  it('the same process cannot take the lake twice', async () => {
    const { starter } = newLake()
    const world = starter()
    const lock = await acquireLock(world)
    await expect(acquireLock(world)).rejects.toBeInstanceOf(LockedError)
    await lock.release()
  })

  it('waits as long as it is told to', async () => {
    const { starter, clock } = newLake()
    const lock = await acquireLock(starter())
    const before = clock.monotonicMs()
    await expect(acquireLock(starter(), { waitMs: 5_500 })).rejects.toBeInstanceOf(LockedError)
    expect(clock.monotonicMs() - before).toBeGreaterThanOrEqual(5_500)
    const waiting = acquireLock(starter(), { waitMs: 60_000 })
    await clock.sleep(20_000)
    await lock.release()
    await (await waiting).release()
  })

  it('a wait can be stopped', async () => {
    const { starter } = newLake()
    const lock = await acquireLock(starter())
    const controller = new AbortController()
    const waiting = acquireLock(starter(), { waitMs: 1e9, signal: controller.signal })
    const reason = new Error('enough')
    controller.abort(reason)
    await expect(waiting).rejects.toBe(reason)
    await lock.release()
  })
})

describe('a holder that is dead', () => {
  it('on this machine is replaced at once, and what it left half written goes', async () => {
    const { starter, files, clock } = newLake()
    const dead = starter()
    const lock = await acquireLock(dead)
    await (await files.upload('a/data.parquet')).write(new Uint8Array(3))
    expect(await files.list('_tmp')).toHaveLength(1)
    dead.process.kill()
    const next = await acquireLock(starter())
    expect(clock.monotonicMs()).toBe(0)
    expect(await files.list('_tmp')).toEqual([])
    await expect(lock.assertHeld()).rejects.toMatchObject(fenced)
    await next.release()
  })

  it.each([
    ['on another host, long silent', { host: 'there' }, 300_000, OBSERVE_MS],
    ['before a reboot of this host', { bootId: 'boot-0' }, 1_000, OBSERVE_MS],
  ])('%s is watched first', async (_, where, silentMs, watchMs) => {
    const { starter, files, clock } = newLake()
    await put(files, lockPath(4), recordOf(starter(where).process, clock))
    clock.skip(silentMs)
    const before = clock.monotonicMs()
    const lock = await acquireLock(starter())
    expect(lock.epoch).toBe(5)
    expect(clock.monotonicMs() - before).toBeGreaterThanOrEqual(watchMs)
    await lock.release()
  })

  it('on another host with a fresh heartbeat is not even doubted', async () => {
    const { starter, files, clock } = newLake()
    await put(files, lockPath(1), recordOf(starter({ host: 'there' }).process, clock))
    clock.skip(100_000)
    await expect(acquireLock(starter())).rejects.toBeInstanceOf(LockedError)
    // Whoever may wait sees it grow old, and then watches it.
    await (await acquireLock(starter(), { waitMs: 60_000 })).release()
  })

  it('a heartbeat from the future, by a wrong clock, holds the lake no longer', async () => {
    const { starter, files, clock } = newLake()
    const process = starter({ host: 'there' }).process
    await put(
      files,
      lockPath(1),
      recordOf(process, clock, { heartbeatAt: '2030-01-01T00:00:00.000000Z' }),
    )
    await (await acquireLock(starter())).release()
  })

  it.each([
    ['torn', '{"version":1,"state":"he'],
    ['empty', ''],
    ['of a later version', '{"version":2}'],
    ['of a pid that means a group', null],
  ])('a lock file that is %s is watched, then taken', async (_, content) => {
    const { starter, files, clock } = newLake()
    const torn =
      content === null
        ? recordOf(starter().process, clock, { pid: -1 })
        : new TextEncoder().encode(content)
    await put(files, lockPath(1), torn)
    const lock = await acquireLock(starter())
    expect(clock.monotonicMs()).toBeGreaterThanOrEqual(OBSERVE_MS)
    await lock.release()
  })

  it('names in the lock directory that are none of ours do no harm', async () => {
    const { starter, files } = newLake()
    await put(files, '_lock/README', new Uint8Array())
    await put(files, '_lock/0000000009.json/x', new Uint8Array())
    const lock = await acquireLock(starter())
    expect(lock.epoch).toBe(1)
    await lock.release()
  })
})

describe('a holder that lives', () => {
  const elsewhere = [
    ['another host', { host: 'there' }],
    ['another boot of a host by the same name', { bootId: 'boot-2' }],
  ] as const

  it.each(elsewhere)(
    'on %s keeps the lake by its heartbeat, even with its clock an hour off',
    async (_, where) => {
      const { starter, clock } = newLake()
      const owner = starter(where)
      const wrongClock = { ...owner.clock, now: () => micros(owner.clock.now() - 3_600_000_000n) }
      const lock = await acquireLock({ ...owner, clock: wrongClock })
      const rival = acquireLock(starter(), { waitMs: 10 * OBSERVE_MS })
      rival.catch(() => undefined)
      await clock.sleep(5 * OBSERVE_MS)
      await lock.assertHeld()
      await lock.release()
      await (await rival).release()
    },
  )

  it.each(elsewhere)('on %s, with a wrong clock, is told of once it beats', async (_, where) => {
    const { starter, clock } = newLake()
    const owner = starter(where)
    const wrongClock = { ...owner.clock, now: () => micros(owner.clock.now() - 3_600_000_000n) }
    const lock = await acquireLock({ ...owner, clock: wrongClock })
    let told: unknown
    acquireLock(starter()).catch((error: unknown) => (told = error))
    await clock.sleep(OBSERVE_MS)
    expect(told).toBeInstanceOf(LockedError)
    await lock.release()
  })

  it('keeps the lake on this machine however long it is suspended', async () => {
    const { starter, clock } = newLake()
    const lock = await acquireLock(starter())
    clock.skip(86_400_000)
    await expect(acquireLock(starter())).rejects.toBeInstanceOf(LockedError)
    await lock.assertHeld()
    await lock.release()
  })

  it('is fenced once another took the lake, and its heartbeat does not bring it back', async () => {
    const { starter, files, clock } = newLake()
    const frozen = starter({ host: 'there' })
    // Suspended: it neither beats nor notices.
    const { wake, sleep } = suspension()
    const lock = await acquireLock({ ...frozen, clock: { ...clock, sleep } })
    clock.skip(600_000)
    const next = await acquireLock(starter())
    wake()
    await clock.sleep(3 * HEARTBEAT_MS)
    await expect(lock.assertHeld()).rejects.toMatchObject(fenced)
    await lock.release()
    await next.assertHeld()
    expect(await files.list('_lock')).toHaveLength(1)
    await next.release()
  })

  it('is fenced when somebody removes the lock by hand', async () => {
    const { starter, files } = newLake()
    const lock = await acquireLock(starter())
    await files.remove(lockPath(1))
    await expect(lock.assertHeld()).rejects.toMatchObject(fenced)
    const next = await acquireLock(starter())
    expect(next.epoch).toBe(1)
    await expect(lock.assertHeld()).rejects.toMatchObject(fenced)
    await lock.release()
    await next.assertHeld()
    await next.release()
  })

  it('goes on beating after a beat that the disk refused', async () => {
    const disk = simDisk()
    let isFull = false
    const calls: FsCalls = {
      ...disk.calls,
      write: async (...args) => {
        if (isFull) throw systemError('ENOSPC', 'disk')
        return disk.calls.write(...args)
      },
    }
    const { starter, clock, files } = newLake(nodeFiles('/lake', calls))
    const lock = await acquireLock(starter())
    isFull = true
    await clock.sleep(2.5 * HEARTBEAT_MS)
    await lock.assertHeld()
    isFull = false
    await clock.sleep(HEARTBEAT_MS)
    const text = new TextDecoder().decode(await bytesOf(files, lockPath(1)))
    const { since, heartbeatAt } = JSON.parse(text) as LockRecord
    expect(heartbeatAt > since).toBe(true)
    isFull = true
    await lock.release()
  })
})

// A sleep that ends when the test says so.
function suspension(): { readonly wake: () => void; readonly sleep: () => Promise<void> } {
  let wake = (): void => undefined
  const frozen = new Promise<void>((resolve) => {
    wake = resolve
  })
  return { wake, sleep: () => frozen }
}

function recordOf(
  { pid, host, bootId, startedAt }: SimProcess,
  clock: SimClock,
  change: Partial<LockRecord> = {},
): Uint8Array {
  const now = formatMicros(clock.now())
  return formatLockRecord({
    version: 1,
    state: 'held',
    token: 'a token',
    pid,
    host,
    bootId,
    startedAt,
    since: now,
    heartbeatAt: now,
    ...change,
  })
}

describe('steps that come late', () => {
  it('an epoch that was seen free long ago is not taken again', async () => {
    const { starter, files } = newLake()
    await (await acquireLock(starter())).release()
    // Sees epoch 1 released, and is suspended right before it makes epoch 2.
    const gate = newGate()
    const late = acquireLock(
      starter({
        files: {
          ...files,
          replace: async (path, bytes, expected) => {
            if (expected === 'absent') await gate.pass()
            return files.replace(path, bytes, expected)
          },
        },
      }),
    )
    late.catch(() => undefined)
    await gate.reached
    await (await acquireLock(starter())).release()
    const holder = await acquireLock(starter())
    expect(holder.epoch).toBe(3)
    expect(await bytesOf(files, lockPath(2))).toBeUndefined()
    gate.open()
    await expect(late).rejects.toBeInstanceOf(LockedError)
    await holder.assertHeld()
    expect(await files.list('_lock')).toHaveLength(1)
    await holder.release()
  })

  it('a heartbeat that is under way when the lake is given back does not take it again', async () => {
    const { starter, files, clock } = newLake()
    const gate = newGate()
    const lock = await acquireLock(
      starter({
        files: {
          ...files,
          replace: async (path, bytes, expected) => {
            const isBeat =
              expected !== 'absent' && new TextDecoder().decode(bytes).includes('"held"')
            if (isBeat) await gate.pass()
            return files.replace(path, bytes, expected)
          },
        },
      }),
    )
    await clock.sleep(HEARTBEAT_MS)
    await gate.reached
    const releasing = lock.release()
    await manyTurns()
    gate.open()
    await releasing
    await manyTurns()
    await (await acquireLock(starter())).release()
  })

  it('a heartbeat file that is brought back after two others had the lake means nothing', async () => {
    const { starter, files, clock } = newLake()
    const { sleep } = suspension()
    const owner = starter({ host: 'there' })
    const lock = await acquireLock({ ...owner, clock: { ...clock, sleep } })
    const own = (await bytesOf(files, lockPath(1)))!
    clock.skip(600_000)
    await (await acquireLock(starter())).release()
    const holder = await acquireLock(starter())
    await put(files, lockPath(1), own)
    await expect(lock.assertHeld()).rejects.toMatchObject(fenced)
    await holder.assertHeld()
    await holder.release()
  })

  it('a list that misses the name being replaced neither fences nor hides a rival', async () => {
    const { starter, files, clock } = newLake()
    let isBlind = false
    const blind: Files = { ...files, list: async (path) => (isBlind ? [] : files.list(path)) }
    const { sleep } = suspension()
    const owner = starter({ host: 'there', files: blind })
    const lock = await acquireLock({ ...owner, clock: { ...clock, sleep } })
    isBlind = true
    await lock.assertHeld()
    clock.skip(600_000)
    // The rival has made its epoch and not yet removed the former.
    await files.replace(lockPath(2), recordOf(starter().process, clock), 'absent')
    await expect(lock.assertHeld()).rejects.toMatchObject(fenced)
  })
})

// Enough for everything in memory that does not wait for the test.
async function manyTurns(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve))
}

/** A step that waits until it is let through. */
function newGate(): {
  readonly reached: Promise<void>
  readonly pass: () => Promise<void>
  readonly open: () => void
} {
  let open = (): void => undefined
  let arrive = (): void => undefined
  const reached = new Promise<void>((resolve) => {
    arrive = resolve
  })
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  const pass = (): Promise<void> => {
    arrive()
    return opened
  }
  return { reached, pass, open }
}

describe('many starters at once', () => {
  // Each system call waits for a number of turns that the seed decides, so that the starters interleave in many ways.
  const jittered = (calls: FsCalls, seed: number): FsCalls => {
    const random = seededRandom(seed)
    const wrapped = Object.entries(calls).map(([name, call]) => [
      name,
      async (...args: unknown[]) => {
        for (let turns = Math.floor(random.next() * 12); turns > 0; turns--) await Promise.resolve()
        return (call as (...args: unknown[]) => Promise<unknown>)(...args)
      },
    ])
    return Object.fromEntries(wrapped) as FsCalls
  }

  it.each([
    ['free', {}],
    ['left by a dead holder', {}],
    ['released', {}],
    ['free, without links', { linkRefusal: 'EISDIR' }],
    ['left by a dead holder, without links', { linkRefusal: 'EISDIR' }],
  ])(
    'exactly one of 6 takes a lake that is %s, for 150 interleavings',
    async (state, diskOptions) => {
      for (let seed = 1; seed <= 150; seed++) {
        const disk = simDisk(diskOptions)
        const lake = newLake(nodeFiles('/lake', disk.calls))
        if (!state.startsWith('free')) {
          const former = lake.starter()
          const lock = await acquireLock(former)
          if (state === 'released') await lock.release()
          former.process.kill()
        }
        const starters = Array.from({ length: 6 }, (_, i) =>
          lake.starter({ files: nodeFiles('/lake', jittered(disk.calls, seed * 100 + i)) }),
        )
        const outcomes = await Promise.allSettled(starters.map((world) => acquireLock(world)))
        const locks = outcomes.flatMap((o) => (o.status === 'fulfilled' ? [o.value] : []))
        expect(locks, `seed ${seed}`).toHaveLength(1)
        for (const outcome of outcomes)
          if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(LockedError)
        await locks[0]!.assertHeld()
        lake.clock.stop()
      }
    },
  )

  it.each([
    ['with links', {}],
    ['without', { linkRefusal: 'EISDIR' }],
  ])('never two hold at once when they come and go at random, %s', async (_, diskOptions) => {
    for (let seed = 1; seed <= 40; seed++) {
      const disk = simDisk(diskOptions)
      const lake = newLake(nodeFiles('/lake', disk.calls))
      const random = seededRandom(seed)
      const holding = new Set<LakeLock>()
      let runs = 0
      const live = async (index: number): Promise<void> => {
        const calls = jittered(disk.calls, seed * 100 + index)
        const world = lake.starter({ files: nodeFiles('/lake', calls) })
        const lock = await acquireLock(world, { waitMs: 1e9 })
        runs++
        holding.add(lock)
        const held = await Promise.all([...holding].map(isHeld))
        expect(held.filter(Boolean), `seed ${seed}`).toHaveLength(1)
        await lake.clock.sleep(random.next() * 60_000)
        await lock.assertHeld()
        holding.delete(lock)
        if (random.next() < 0.5) world.process.kill()
        else await lock.release()
      }
      await Promise.all(Array.from({ length: 5 }, (_, i) => live(i)))
      expect(runs).toBe(5)
      lake.clock.stop()
    }
  })
})

describe.each([
  ['a starter that fails at any step', {}],
  ['a starter that fails at any step of a disk without links', { linkRefusal: 'EISDIR' }],
])('%s', (_, diskOptions) => {
  const attempt = async (
    at: number,
    kind: string,
  ): Promise<{ steps: number; error: unknown; next: () => Promise<LakeLock> }> => {
    const disk = simDisk(diskOptions)
    const lake = newLake(nodeFiles('/lake', disk.calls))
    const former = lake.starter()
    await acquireLock(former)
    former.process.kill()
    const { calls, steps } = faultyCalls(disk.calls, { at, kind })
    const world = lake.starter({ files: nodeFiles('/lake', calls) })
    const error: unknown = await acquireLock(world).then(
      () => undefined,
      (e: unknown) => e,
    )
    if (kind.startsWith('crash')) {
      world.process.kill()
      disk.crash('synced')
    }
    const next = (): Promise<LakeLock> => acquireLock(lake.starter())
    return { steps: steps(), error, next }
  }

  it.each(['crash', 'crashAfter'])('by a %s leaves a lake that the next can take', async (kind) => {
    const { steps } = await attempt(0, kind)
    expect(steps).toBeGreaterThan(8)
    for (let at = 1; at <= steps; at++) {
      const { error, next } = await attempt(at, kind)
      expect(error).toBeInstanceOf(SimulatedCrash)
      const lock = await next()
      await lock.assertHeld()
    }
  })

  it('by an I/O error says so and does not keep the lake, though its process lives', async () => {
    const { steps } = await attempt(0, 'EIO')
    for (let at = 1; at <= steps; at++) {
      const { error, next } = await attempt(at, 'EIO')
      if (error === undefined) continue
      expect(error).toBeInstanceOf(StoreError)
      await (await next()).assertHeld()
    }
  })
})

describe('names of lock files that no run made', () => {
  it.each(['99999999999999999999.json', '99999999999999999999', '-1.json', '1e9.json'])(
    '%s is no lock',
    async (name) => {
      const { files, starter } = newLake()
      await put(files, `_lock/${name}`, new Uint8Array())
      const lock = await acquireLock(starter())
      expect(lock.epoch).toBe(1)
      await lock.release()
    },
  )

  it('regression: after the last number a run says which file to delete, and does not spin', async () => {
    const { files, starter } = newLake()
    const released = await acquireLock(starter())
    await released.release()
    const record = await bytesOf(files, lockPath(1))
    await put(files, lockPath(9_999_999_999), record!)
    await expect(acquireLock(starter())).rejects.toMatchObject({
      code: 'E_STORE_IO',
      message: expect.stringContaining('_lock/9999999999.json') as string,
      hint: expect.stringContaining('delete that file') as string,
    })
    await files.remove(lockPath(9_999_999_999))
    await expect(acquireLock(starter())).resolves.toMatchObject({ epoch: 2 })
  })
})
