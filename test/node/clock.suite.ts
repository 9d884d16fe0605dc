/** What every implementation of the Clock port promises. Nothing here depends on how long anything really takes. */

import { describe, expect, it, onTestFinished } from 'vitest'
import type { Clock } from '../../src/base/ports.ts'

export function clockContract(name: string, make: () => Clock, stop: (clock: Clock) => void): void {
  const newClock = (): Clock => {
    const clock = make()
    onTestFinished(() => {
      stop(clock)
    })
    return clock
  }

  describe(`Clock: ${name}`, () => {
    it.each([0, -5, 0.25, 1, 20])('a sleep of %d ms lasts at least so long', async (ms) => {
      const clock = newClock()
      const before = clock.monotonicMs()
      await clock.sleep(ms)
      expect(clock.monotonicMs() - before).toBeGreaterThanOrEqual(ms)
    })

    it('sleepers wake in the order of their moments', async () => {
      const clock = newClock()
      const woken: number[] = []
      await Promise.all(
        [40, 5, 20].map(async (ms) => {
          await clock.sleep(ms)
          woken.push(ms)
        }),
      )
      expect(woken).toEqual([5, 20, 40])
    })

    it('an aborted sleep rejects with the very reason', async () => {
      const clock = newClock()
      const controller = new AbortController()
      const reason = new Error('enough')
      const sleeping = clock.sleep(1e12, controller.signal)
      controller.abort(reason)
      await expect(sleeping).rejects.toBe(reason)
      await expect(clock.sleep(0, controller.signal)).rejects.toBe(reason)
    })

    it('any number sleep by one signal, and nothing is warned of', async () => {
      const clock = newClock()
      const controller = new AbortController()
      const warnings: Error[] = []
      const warned = (warning: Error): void => void warnings.push(warning)
      process.on('warning', warned)
      onTestFinished(() => void process.off('warning', warned))
      const sleeping = Array.from({ length: 50 }, () => clock.sleep(1e12, controller.signal))
      await new Promise(setImmediate)
      controller.abort(new Error('enough'))
      await Promise.allSettled(sleeping)
      expect(warnings).toEqual([])
    })

    it.each([2 ** 31 - 1, 2 ** 31, 2 ** 32 + 5, 1e15, Infinity])(
      'a sleep of %d ms is not over at once',
      async (ms) => {
        const clock = newClock()
        const controller = new AbortController()
        let isOver = false
        const sleeping = clock.sleep(ms, controller.signal).then(() => {
          isOver = true
        })
        await clock.sleep(15)
        expect(isOver).toBe(false)
        controller.abort(new Error('enough'))
        await expect(sleeping).rejects.toThrow('enough')
      },
    )

    it('refuses to sleep for NaN', async () => {
      await expect(newClock().sleep(Number.NaN)).rejects.toThrow(RangeError)
    })

    it('tells the time in microseconds, and time does not go back', async () => {
      const clock = newClock()
      const [wall, monotonic] = [clock.now(), clock.monotonicMs()]
      expect(wall).toBeGreaterThan(1_700_000_000_000_000n)
      expect(wall).toBeLessThan(4_000_000_000_000_000n)
      await clock.sleep(3)
      expect(clock.monotonicMs()).toBeGreaterThan(monotonic)
    })
  })
}
