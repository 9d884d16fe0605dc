/** Several runs at once on one object store, each by a door of its own, that die at some request or stall. */

import { expect } from 'vitest'
import type { Random } from '../../src/base/ports.ts'
import { formatMicros, micros } from '../../src/base/time.ts'
import {
  CHAOS_JOB,
  CHAOS_WINDOW,
  chaosExchange,
  expectHonest,
  expectSameLake,
  type Calm,
} from './chaos.ts'
import { lakeIn } from './cloud.ts'
import { memFiles } from './mem-files.ts'
import { put } from './put.ts'
import { startS3, type S3Behaviour, type S3Object, type S3Server } from './s3-server.ts'
import { seededRandom } from './sim-world.ts'
import { attempt, lakeOf, virtualWorld, type Ended } from './virtual.ts'

/** How a writer ended, and how often it was too late for a commit. */
type Written = Ended & { readonly losses: number }

const HOUR = 3_600_000_000n
const COMMIT = /_series\.json$|\.parquet$/

/** A run, and how its door behaves. */
type Writer = { readonly seed: number; readonly job: string; readonly behaviour: S3Behaviour }

/** A run by a door of its own. */
async function writerAt(
  objects: Map<string, S3Object>,
  { seed, job, behaviour }: Writer,
): Promise<Written> {
  const door = await startS3(['lake'], behaviour, objects)
  try {
    const files = lakeIn(door, { writer: `writer ${seed}`, probe: async () => undefined })
    const world = virtualWorld(chaosExchange(), { files, seed })
    const ended = await attempt(job, { world })
    return { ...ended, losses: door.unmet.filter((key) => COMMIT.test(key)).length }
  } finally {
    await door.close()
  }
}

/** Hours of the job: what several writers fetch differs, so that whoever overwrites another takes rows away. */
function partOfJob(random: Random): string {
  const hours = (CHAOS_WINDOW.to - CHAOS_WINDOW.from) / HOUR
  const from = BigInt(Math.floor(random.next() * Number(hours - 8n)))
  const to = from + 8n + BigInt(Math.floor(random.next() * Number(hours - from - 8n)))
  const at = (hour: bigint): string => formatMicros(micros(CHAOS_WINDOW.from + hour * HOUR))
  return CHAOS_JOB.replace('from: 2026-04-30', `from: ${at(from)}`).replace(
    'to: 2026-05-02',
    `to: ${at(to)}`,
  )
}

/** Stalls now and then, and dies at a request that chance chooses, if it dies. */
function frail(random: Random, isMortal: boolean): Pick<S3Behaviour, 'fault'> {
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
function recorded(store: S3Server): readonly ReadonlyMap<string, S3Object>[] {
  const { objects } = store
  const states: ReadonlyMap<string, S3Object>[] = []
  const set = objects.set.bind(objects)
  objects.set = (key, object) => {
    set(key, object)
    if (COMMIT.test(key)) states.push(new Map(objects))
    return objects
  }
  return states
}

/** A state of the store holds only true rows, and all that it says are covered. */
async function expectHonestState(state: ReadonlyMap<string, S3Object>, calm: Calm): Promise<void> {
  const files = memFiles()
  for (const [key, { bytes }] of state) await put(files, key.replace('lake/a/b/', ''), bytes)
  await expectHonest(files, calm, undefined)
}

/** Who writes. */
export type WritersRound = {
  readonly seed: number
  readonly count: number
  readonly calm: Calm
  readonly conditions?: 'atomic' | 'ignored'
}

/**
 * Writers at once, some of whom die, then one calm run: the lake is that of the calm run alone.
 *
 * @returns how often one of them was too late for a commit.
 */
export async function writersRound({
  seed,
  count,
  calm,
  conditions = 'atomic',
}: WritersRound): Promise<number> {
  const random = seededRandom(seed)
  const store = await startS3()
  const states = recorded(store)
  try {
    const ends = await Promise.all(
      Array.from({ length: count }, (_, index) =>
        writerAt(store.objects, {
          seed: seed * 100 + index,
          job: partOfJob(random),
          behaviour: { ...frail(random, index % 2 === 1), conditions },
        }),
      ),
    )
    const about = `seed ${seed}: ${ends.map(({ exit, error }) => `${exit} ${String(error)}`).join('; ')}`
    for (const { exit } of ends) expect([0, 3], about).toContain(exit)
    // Some states are enough: each one holds all that the ones before it held.
    for (let at = seed % 7; at < states.length; at += 7) await expectHonestState(states[at]!, calm)
    expect(
      (await writerAt(store.objects, { seed, job: CHAOS_JOB, behaviour: {} })).exit,
      about,
    ).toBe(0)
    expectSameLake(await lakeOf(lakeIn(store)), calm.lake, about)
    return ends.reduce((sum, { losses }) => sum + losses, 0)
  } finally {
    await store.close()
  }
}
