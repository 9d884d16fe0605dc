/** A small job on an object store of which requests go wrong, one by one. */

import { expect } from 'vitest'
import type { Files } from '../../src/base/ports.ts'
import { parseMicros } from '../../src/base/time.ts'
import { Exchange } from '../../src/simulator/index.ts'
import { lakeIn } from './cloud.ts'
import { expectSameLake } from './chaos.ts'
import { memFiles } from './mem-files.ts'
import { startS3, type S3Fault, type S3Object, type S3Request, type S3Server } from './s3-server.ts'
import { attempt, lakeOf, virtualWorld, type Ended } from './virtual.ts'

const job = (to: string): string => `
version: 1
compression: none
source: rest
symbols: [BTCUSDT]
from: 2026-03-01
to: ${to}
datasets:
  - {kind: klines, intervals: [1h], partition: day}
`
/** Half of a day, and a day and a half: two partitions, of which the first is there in part. */
export const [HALF, WHOLE]: readonly [string, string] = [
  job('2026-03-01T12:00:00Z'),
  job('2026-03-02T12:00:00Z'),
]

/** Runs a job in a lake. */
export function runAt(yaml: string, files: Files, seed = 1): Promise<Ended> {
  const exchange = new Exchange({
    symbols: [{ symbol: 'BTCUSDT', listedAt: parseMicros('2026-02-01') }],
  })
  return attempt(yaml, { world: virtualWorld(exchange, { files, seed }) })
}

type Lake = Readonly<Record<string, Uint8Array>>

/** The lake of a job when nothing goes wrong. */
export async function calmLake(yaml: string): Promise<Lake> {
  const files = memFiles()
  expect(await runAt(yaml, files)).toMatchObject({ exit: 0 })
  return lakeOf(files)
}

/** Where faults happen, and what a store holds before. */
export type Bench = {
  readonly store: S3Server
  readonly before: ReadonlyMap<string, S3Object>
  /** The requests of a run without faults. */
  readonly calm: readonly S3Request[]
  readonly lake: Lake
}

/** A store that holds half of the job. */
export async function newBench(): Promise<Bench> {
  const store = await startS3()
  expect(await runAt(HALF, lakeIn(store))).toMatchObject({ exit: 0 })
  const before = new Map(store.objects)
  store.log.splice(0)
  expect(await runAt(WHOLE, lakeIn(store))).toMatchObject({ exit: 0 })
  return { store, before, calm: [...store.log], lake: await calmLake(WHOLE) }
}

/** The probe has tests of its own, and half of the requests. */
const UNTRIED = { probe: async (): Promise<void> => undefined }

/** Runs the whole job on the half, with `fault` told the number of each request, from 0. */
export async function runWith(
  { store, before }: Bench,
  fault: (number: number, request: S3Request) => S3Fault | undefined,
): Promise<Ended> {
  store.objects.clear()
  for (const [key, object] of before) store.objects.set(key, object)
  let number = 0
  store.behaviour = { fault: (request) => fault(number++, request) }
  try {
    return await runAt(WHOLE, lakeIn(store, UNTRIED))
  } finally {
    store.behaviour = {}
  }
}

/** Everything that may befall a request once, and of which another try is enough. */
export const ONCE: readonly S3Fault[] = [
  'cut',
  'lost',
  'half',
  { status: 409, code: 'ConditionalRequestConflict' },
  { status: 500 },
  { status: 503, code: 'SlowDown' },
  { after: 500 },
]

/** One request goes wrong once: nobody notices. */
export async function expectMended(bench: Bench, at: number, fault: S3Fault): Promise<void> {
  const about = `request ${at} (${JSON.stringify(bench.calm[at])}): ${JSON.stringify(fault)}`
  const { exit, error } = await runWith(bench, (number) => (number === at ? fault : undefined))
  expect([exit, error], about).toEqual([0, undefined])
  expectSameLake(await lakeOf(lakeIn(bench.store)), bench.lake, about)
}

/** From one request on nothing goes through any more, as if the machine had died: the next run goes on. */
export async function expectKept(bench: Bench, at: number, isDone: boolean): Promise<void> {
  const about = `dead from request ${at} on, ${isDone ? 'which was done' : 'which was not done'}`
  const { exit } = await runWith(bench, (number) => {
    if (number < at) return undefined
    return number === at && isDone ? 'lost' : 'cut'
  })
  // The record of the run comes last, and is a warning.
  expect([0, 3], about).toContain(exit)
  expect(await runAt(WHOLE, lakeIn(bench.store, UNTRIED)), about).toMatchObject({ exit: 0 })
  expectSameLake(await lakeOf(lakeIn(bench.store)), bench.lake, about)
}
