/** Several runs at once on one object store, each by a door of its own, that die at some request or stall. */

import { expect } from 'vitest'
import type { Random } from '../../src/base/ports.ts'
import { CHAOS_JOB, chaosExchange, expectHonest, expectSameLake, type Calm } from './chaos.ts'
import { lakeIn } from './cloud.ts'
import { memFiles } from './mem-files.ts'
import { put } from './put.ts'
import { startS3, type S3Behaviour, type S3Object, type S3Server } from './s3-server.ts'
import { seededRandom } from './sim-world.ts'
import { attempt, lakeOf, virtualWorld, type Ended } from './virtual.ts'

/** A run by a door of its own; `fault` as of a store. */
export async function writerAt(
  objects: Map<string, S3Object>,
  seed: number,
  behaviour: S3Behaviour = {},
): Promise<Ended> {
  const door = await startS3(['lake'], behaviour, objects)
  try {
    const files = lakeIn(door, { writer: `writer ${seed}`, probe: async () => undefined })
    return await attempt(CHAOS_JOB, { world: virtualWorld(chaosExchange(), { files, seed }) })
  } finally {
    await door.close()
  }
}

/** Stalls now and then, and dies at a request that chance chooses, if it dies. */
export function frail(random: Random, isMortal: boolean): S3Behaviour {
  const dies = isMortal ? 20 + Math.floor(random.next() * 60) : Infinity
  let number = 0
  return {
    fault: () => {
      if (++number > dies) return 'cut'
      return random.next() < 0.1 ? { delayMs: random.next() * 30 } : undefined
    },
  }
}

/** Everything that was in the store after each write of a manifest or a partition. */
export function recorded(store: S3Server): readonly ReadonlyMap<string, S3Object>[] {
  const { objects } = store
  const states: ReadonlyMap<string, S3Object>[] = []
  const set = objects.set.bind(objects)
  objects.set = (key, object) => {
    set(key, object)
    if (/_series\.json$|\.parquet$/.test(key)) states.push(new Map(objects))
    return objects
  }
  return states
}

/** A state of the store holds only true rows, and all that it says are covered. */
export async function expectHonestState(
  state: ReadonlyMap<string, S3Object>,
  calm: Calm,
): Promise<void> {
  const files = memFiles()
  for (const [key, { bytes }] of state) await put(files, key.replace('lake/a/b/', ''), bytes)
  await expectHonest(files, calm, undefined)
}

/** Writers at once, some of whom die, then one calm run: the lake is that of the calm run alone. */
export async function writersRound(seed: number, count: number, calm: Calm): Promise<void> {
  const random = seededRandom(seed)
  const store = await startS3()
  const states = recorded(store)
  try {
    const ends = await Promise.all(
      Array.from({ length: count }, (_, index) =>
        writerAt(store.objects, seed * 100 + index, frail(random, index % 2 === 1)),
      ),
    )
    const about = `seed ${seed}: ${ends.map(({ exit, error }) => `${exit} ${String(error)}`).join('; ')}`
    for (const { exit } of ends) expect([0, 3], about).toContain(exit)
    // Some states are enough: each one holds all that the ones before it held.
    for (let at = seed % 7; at < states.length; at += 7) await expectHonestState(states[at]!, calm)
    expect((await writerAt(store.objects, seed)).exit, about).toBe(0)
    expectSameLake(await lakeOf(lakeIn(store)), calm.lake, about)
  } finally {
    await store.close()
  }
}
