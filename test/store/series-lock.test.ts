/** Locks of single series beside the lake's own. */

import { expect, it, onTestFinished } from 'vitest'
import type { Files } from '../../src/base/ports.ts'
import { acquireLock, acquireSeriesLock, OBSERVE_MS, type LockWorld } from '../../src/store/lock.ts'
import { memFiles } from '../support/mem-files.ts'
import { simClock } from '../support/sim-clock.ts'
import { seededRandom, simProcesses, type SimProcess } from '../support/sim-world.ts'

type Starter = LockWorld & { readonly process: SimProcess }

function lake(files: Files = memFiles()): (host?: string) => Starter {
  const clock = simClock()
  onTestFinished(clock.stop)
  const processes = simProcesses()
  let seed = 0
  return (host = 'here') => ({
    clock,
    files,
    random: seededRandom(++seed),
    process: processes.spawn({ host }),
  })
}
const locked = { code: 'E_LOCKED' }
const fenced = { code: 'E_STORE_FENCED' }

it('two workers hold two series, and not the same one', async () => {
  const starter = lake()
  const first = await acquireSeriesLock(starter(), 'a')
  await expect(acquireSeriesLock(starter(), 'a')).rejects.toMatchObject(locked)
  const second = await acquireSeriesLock(starter(), 'b')
  await Promise.all([first.assertHeld(), second.assertHeld()])
  await first.release()
  await (await acquireSeriesLock(starter(), 'a')).release()
})

it('a run and a worker keep each other away, whoever comes first', async () => {
  const starter = lake()
  const series = await acquireSeriesLock(starter(), 'a')
  await expect(acquireLock(starter())).rejects.toMatchObject(locked)
  await series.assertHeld()
  await series.release()
  const run = await acquireLock(starter())
  await expect(acquireSeriesLock(starter(), 'a')).rejects.toMatchObject(locked)
  await expect(acquireSeriesLock(starter(), 'b')).rejects.toMatchObject(locked)
  await run.release()
  await (await acquireSeriesLock(starter(), 'b')).release()
})

it('of a run and a worker that start at once, at most one goes on', async () => {
  for (let round = 0; round < 20; round++) {
    const starter = lake()
    const ended = await Promise.allSettled([
      acquireLock(starter()),
      acquireSeriesLock(starter(), 'a'),
    ])
    expect(ended.filter(({ status }) => status === 'fulfilled').length).toBeLessThanOrEqual(1)
  }
})

it('the series of a worker that died are free, for workers and for a run', async () => {
  const starter = lake()
  const dead = starter()
  await acquireSeriesLock(dead, 'a')
  dead.process.kill()
  await (await acquireSeriesLock(starter(), 'a')).release()
  const other = starter()
  await acquireSeriesLock(other, 'b')
  other.process.kill()
  await (await acquireLock(starter())).release()
})

it('a worker on another host that is silent is fenced by a run before it may commit', async () => {
  const starter = lake()
  const away = starter('elsewhere')
  const asleep = {
    ...away,
    clock: { ...away.clock, sleep: () => new Promise<never>(() => undefined) },
  }
  const series = await acquireSeriesLock(asleep, 'a')
  await away.clock.sleep(10 * OBSERVE_MS)
  const run = await acquireLock(starter(), { waitMs: 2 * OBSERVE_MS })
  await expect(series.assertHeld()).rejects.toMatchObject(fenced)
  await run.assertHeld()
  await run.release()
})
