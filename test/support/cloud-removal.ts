/** Removing from a bucket, and mending there, while somebody else writes to the very series. */

import { afterAll, beforeAll, expect } from 'vitest'
import type { Files } from '../../src/base/ports.ts'
import { removeSeries, type RemoveOptions } from '../../src/index.ts'
import { Exchange } from '../../src/simulator/index.ts'
import { verify, type Finding } from '../../src/verify/verify.ts'
import { expectSameLake } from './chaos.ts'
import { calmLake, runAt, WHOLE } from './cloud-faults.ts'
import { lakeIn } from './cloud.ts'
import { startS3, type S3Object, type S3Request, type S3Server } from './s3-server.ts'
import { virtualWorld } from './virtual.ts'

const MORE = WHOLE.replace('2026-03-02T12', '2026-03-02T18')
const UNTRIED = { probe: async (): Promise<void> => undefined }
const lakeAt = (door: S3Server): Files => lakeIn(door, UNTRIED)
const MANIFEST = 'lake/a/b/spot/klines/interval=1h/symbol=BTCUSDT/_series.json'

let before: ReadonlyMap<string, S3Object>
let calm: Readonly<Record<string, Uint8Array>>
/** Two doors of one store. */
let mine: S3Server
let theirs: S3Server

/** Opens the store before the tests of this file. Call outside of any test. */
export function twoDoors(): void {
  beforeAll(async () => {
    mine = await startS3()
    theirs = await startS3(['lake'], {}, mine.objects)
    expect(await runAt(WHOLE, lakeAt(mine))).toMatchObject({ exit: 0 })
    before = new Map(mine.objects)
    calm = await calmLake(MORE)
  })
  afterAll(() => Promise.all([mine.close(), theirs.close()]))
}

const worldAt = (door: S3Server): ReturnType<typeof virtualWorld> =>
  virtualWorld(new Exchange({ symbols: [] }), { files: lakeAt(door), seed: 2 })

async function remove(range: RemoveOptions): Promise<void> {
  await removeSeries('klines/BTCUSDT/1h', { ...range, world: worldAt(mine) })
}

async function rebuild(): Promise<void> {
  const world = worldAt(mine)
  for await (const step of verify([], { world, rebuild: true }))
    if (step.kind === 'finding') expect(step.finding.severity).not.toBe('damage')
}

/** The last day goes as a whole; half of the first; both; all. */
export const RANGES: Readonly<Record<string, RemoveOptions>> = {
  'a file': { from: '2026-03-02' },
  'a part of a file': { to: '2026-03-01T12:00:00Z' },
  'a file and a part of one': { from: '2026-03-01T20:00:00Z' },
  'a series': {},
}

/** The requests of `work` where nobody else is. */
async function requestsOf({ work, lost }: Work): Promise<readonly S3Request[]> {
  reset(lost)
  await work()
  return [...mine.log]
}

/** Something that is done, and what was lost before it. */
export type Work = { readonly work: () => Promise<void>; readonly lost?: string }

function reset(lost?: string): void {
  mine.objects.clear()
  for (const [key, object] of before) if (key !== lost) mine.objects.set(key, object)
  mine.log.splice(0)
  for (const door of [mine, theirs]) door.behaviour = {}
}

function later<T>(): { readonly told: Promise<T>; readonly is: (value: T) => void } {
  let is: (value: T) => void = () => undefined
  const told = new Promise<T>((resolve) => {
    is = resolve
  })
  return { told, is }
}

/**
 * Before a request of `work`, a run that wants more begins; before it puts something for the `frozenAt`-th time, it is
 * frozen until the work is done.
 *
 * @returns whether it put as much.
 */
async function meet({ work, lost }: Work, at: number, frozenAt: number): Promise<boolean> {
  reset(lost)
  let ended: ReturnType<typeof runAt> | undefined
  const done = later<undefined>()
  const frozen = later<boolean>()
  let [asked, puts] = [0, 0]
  theirs.behaviour = {
    fault: ({ kind }) => {
      if (kind !== 'put' || puts++ !== frozenAt) return undefined
      frozen.is(true)
      return done.told
    },
  }
  mine.behaviour = {
    fault: async () => {
      if (asked++ !== at) return undefined
      ended = runAt(MORE, lakeAt(theirs))
      await Promise.race([frozen.told, ended])
      return undefined
    },
  }
  try {
    await work()
  } finally {
    done.is(undefined)
    frozen.is(false)
  }
  const { exit, summary } = (await ended)!
  // What is removed before the run's eyes is missing, and that is no failure of it.
  const [{ error, missing } = {}] = summary?.series ?? []
  expect([exit, error]).toEqual([missing?.length === 0 ? 0 : 3, undefined])
  return frozen.told
}

/** What the lake says is true, and the next run has all of it. */
async function expectHonest(about: string): Promise<void> {
  const findings: Finding[] = []
  for await (const step of verify([], { world: worldAt(mine) }))
    if (step.kind === 'finding' && step.finding.code !== 'not-recorded') findings.push(step.finding)
  expect(findings, about).toEqual([])
  expect(await runAt(MORE, lakeAt(mine)), about).toMatchObject({ exit: 0 })
  expectSameLake(lakeOf(mine), calm, about)
}

function lakeOf({ objects }: S3Server): Record<string, Uint8Array> {
  return Object.fromEntries(
    [...objects].flatMap(([key, { bytes }]) =>
      key.startsWith('lake/a/b/spot/') ? [[key.replace('lake/a/b/', ''), bytes]] : [],
    ),
  )
}

/** Removes a range of {@link RANGES}. */
export function removal(name: string): Work {
  return { work: () => remove(RANGES[name]!) }
}

/** Writes a lost manifest anew. */
export const REBUILD: Work = { work: rebuild, lost: MANIFEST }

/** A run comes between, and is frozen before whatever it puts, at each request of some work that `isChosen`. */
export async function expectMet(
  work: Work,
  isChosen: (request: S3Request) => boolean,
): Promise<void> {
  const requests = await requestsOf(work)
  for (const [at, request] of requests.entries())
    for (let [frozenAt, wasFrozen] = [0, isChosen(request)]; wasFrozen; frozenAt++) {
      wasFrozen = await meet(work, at, frozenAt)
      await expectHonest(
        `${request.kind} ${request.key} (${at}) meets a run before put ${frozenAt}`,
      )
    }
}
