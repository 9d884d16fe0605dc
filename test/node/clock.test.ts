import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, it, vi } from 'vitest'
import { nodeClock } from '../../src/node/clock.ts'
import { nodeProcess } from '../../src/node/process.ts'
import { nodeRandom } from '../../src/node/random.ts'
import { stopOnSignals } from '../../src/node/signals.ts'
import { simClock, type SimClock } from '../support/sim-clock.ts'
import { newActivity, seededRandom } from '../support/sim-world.ts'
import { clockContract } from './clock.suite.ts'

clockContract('of this machine', nodeClock, () => undefined)
clockContract('virtual', simClock, (clock) => {
  ;(clock as SimClock).stop()
})

describe('the virtual clock', () => {
  it('jumps over a month at once, and the wall clock with it', async () => {
    const clock = simClock()
    const start = clock.now()
    await clock.sleep(30 * 86_400_000)
    expect(clock.now() - start).toBe(30n * 86_400_000_000n)
  })

  it('waits while something real is in flight', async () => {
    const activity = newActivity()
    const clock = simClock({ isIdle: activity.isIdle })
    const order: string[] = []
    const real = activity.track(async () => {
      for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve))
      order.push('real')
    })
    const virtual = clock.sleep(1).then(() => order.push('virtual'))
    await Promise.all([real, virtual])
    expect(order).toEqual(['real', 'virtual'])
  })

  it('its wall clock can be set without time passing', () => {
    const clock = simClock()
    const [wall, monotonic] = [clock.now(), clock.monotonicMs()]
    clock.setBack(3_600_000)
    expect(clock.now() - wall).toBe(-3_600_000_000n)
    expect(clock.monotonicMs()).toBe(monotonic)
  })
})

describe('chance', () => {
  it.each([
    ['of this machine', nodeRandom()],
    ['seeded', seededRandom(7)],
  ])('%s is in [0, 1) and does not repeat itself', (_, random) => {
    const numbers = Array.from({ length: 1000 }, () => random.next())
    expect(Math.min(...numbers)).toBeGreaterThanOrEqual(0)
    expect(Math.max(...numbers)).toBeLessThan(1)
    expect(new Set(numbers).size).toBeGreaterThan(990)
  })

  it('seeded, is the same again', () => {
    const draw = (seed: number): number[] => {
      const random = seededRandom(seed)
      return [random.next(), random.next(), random.next()]
    }
    expect(draw(1)).toEqual(draw(1))
    expect(draw(1)).not.toEqual(draw(2))
  })
})

describe('processes of this machine', () => {
  const self = nodeProcess()

  it('this one lives, also as another instance sees it', () => {
    expect(nodeProcess().isAlive(self)).toBe(true)
  })

  it('one that ended is dead', async () => {
    const child = spawn(process.execPath, ['-e', ''])
    const pid = child.pid!
    await once(child, 'exit')
    expect(self.isAlive({ ...self, pid })).toBe(false)
  })

  it.runIf(process.platform === 'linux')(
    'one that ended and was never waited for is dead',
    async () => {
      // `sleep` takes the place of the shell and does not know of the child that it has.
      const shell = spawn('sh', ['-c', 'true & echo $!; exec sleep 60'])
      try {
        const [line] = (await once(shell.stdout, 'data')) as [Buffer]
        const [namespace = ''] = self.startedAt.split('@')
        const zombie = { ...self, pid: Number(line.toString()), startedAt: `${namespace}@` }
        for (let turn = 0; turn < 100_000 && self.isAlive(zombie) === true; turn++)
          await new Promise((resolve) => setImmediate(resolve))
        expect(self.isAlive(zombie)).toBe(false)
      } finally {
        shell.kill('SIGKILL')
      }
    },
  )

  it.runIf(process.platform === 'linux')('a pid that was given to another process is dead', () => {
    const [namespace = ''] = self.startedAt.split('@')
    expect(self.isAlive({ ...self, startedAt: `${namespace}@12345` })).toBe(false)
  })

  it('of another host, boot or pid namespace nothing is known', () => {
    expect(self.isAlive({ ...self, host: 'elsewhere' })).toBeUndefined()
    expect(self.isAlive({ ...self, bootId: 'another' })).toBeUndefined()
    expect(self.isAlive({ ...self, startedAt: 'pid:[1]@5' })).toBeUndefined()
  })
})

describe('the wish to stop', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s aborts at first, and ends the process when it comes again', (name, exit) => {
    const before = process.listenerCount(name)
    const leave = vi.spyOn(process, 'exit').mockImplementation(() => undefined as never)
    const wish = stopOnSignals()
    try {
      expect(wish.signal.aborted).toBe(false)
      process.emit(name, name)
      expect(wish.signal.reason).toMatchObject({ code: 'E_STOPPED', exit })
      expect(leave).not.toHaveBeenCalled()
      process.emit(name, name)
      expect(leave).toHaveBeenCalledExactlyOnceWith(exit)
    } finally {
      wish.dispose()
      leave.mockRestore()
    }
    expect(process.listenerCount(name)).toBe(before)
  })

  it.each([
    [['SIGHUP', 'SIGHUP', 'SIGCONT', 'SIGHUP'], 129, undefined],
    [['SIGHUP', 'SIGTERM'], 129, undefined],
    [['SIGTERM', 'SIGHUP'], 143, undefined],
    [['SIGHUP', 'SIGTERM', 'SIGINT'], 129, 130],
  ] as const)('%j: a hangup is never the second wish', (names, reason, left) => {
    const leave = vi.spyOn(process, 'exit').mockImplementation(() => undefined as never)
    const wish = stopOnSignals()
    try {
      for (const name of names) process.emit(name, name)
      expect(wish.signal.reason).toMatchObject({ code: 'E_STOPPED', exit: reason })
      expect(leave.mock.calls).toEqual(left === undefined ? [] : [[left]])
    } finally {
      wish.dispose()
      leave.mockRestore()
    }
  })
})
