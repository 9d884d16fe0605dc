/** Whole runs on an object store: the same bytes as elsewhere, few requests, and nothing lost whoever else writes. */

import { expect, onTestFinished, test } from 'vitest'
import type { Files } from '../../src/base/ports.ts'
import { CHAOS_JOB, calmRun, chaosExchange, expectSameLake } from '../support/chaos.ts'
import { lakeIn } from '../support/cloud.ts'
import { startS3, type S3Behaviour, type S3Object, type S3Server } from '../support/s3-server.ts'
import { attempt, lakeOf, virtualWorld, type Ended } from '../support/virtual.ts'

async function newStore(behaviour: S3Behaviour = {}): Promise<S3Server> {
  const store = await startS3(['lake'], behaviour)
  onTestFinished(() => store.close())
  return store
}

/** The objects of a store but for records of runs, each as it was put: what is put again is another one. */
function lasting({ objects }: S3Server): ReadonlyMap<string, S3Object> {
  return new Map([...objects].filter(([key]) => !key.includes('/_runs/')))
}

function runIn(files: Files, seed = 1): Promise<Ended> {
  return attempt(CHAOS_JOB, { world: virtualWorld(chaosExchange(), { files, seed }) })
}

test('a job leaves the same bytes in a bucket as elsewhere; again, it reads manifests and nothing else', async () => {
  const store = await newStore()
  const files = lakeIn(store)
  const calm = await calmRun()
  expect(await runIn(files)).toMatchObject({ exit: 0, error: undefined })
  expectSameLake(await lakeOf(files), calm.lake)
  const before = lasting(store)
  store.log.splice(0)
  expect(await runIn(lakeIn(store))).toMatchObject({ exit: 0, summary: { rows: 0 } })
  const after = lasting(store)
  expect([...after.keys()]).toEqual([...before.keys()])
  for (const [key, object] of after) expect(object === before.get(key), key).toBe(true)
  const asked = store.log.map(({ kind, key }) => `${kind} ${key}`)
  const manifests = asked.filter((one) => one.endsWith('/_series.json'))
  // Of each series its manifest and one listing; the mark of the lake, and the record of the run.
  expect(manifests).toHaveLength(5)
  expect(asked.filter((one) => one.startsWith('list a/b/spot/'))).toHaveLength(5)
  expect(asked.filter((one) => one.endsWith('.parquet'))).toEqual([])
  expect(asked.length).toBeLessThan(20)
})
