/** What `verify` says of a lake in a bucket while the store fails, or somebody writes. */

import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Files } from '../../src/base/ports.ts'
import { verify, type Finding } from '../../src/verify/verify.ts'
import { runAt } from '../support/cloud-faults.ts'
import { lakeIn } from '../support/cloud.ts'
import { startS3, type S3Fault, type S3Object, type S3Server } from '../support/s3-server.ts'
import { virtualWorld } from '../support/virtual.ts'
import { Exchange } from '../../src/simulator/index.ts'

/** Minutes, so that a file is longer than what is read of its end. */
const job = (to: string): string => `
version: 1
compression: none
source: rest
symbols: [BTCUSDT]
from: 2026-03-29
to: ${to}
datasets:
  - {kind: klines, intervals: [1m], partition: month}
`
const [PART, WHOLE] = [job('2026-03-31'), job('2026-04-01')]

let store: S3Server
let before: ReadonlyMap<string, S3Object>
beforeAll(async () => {
  store = await startS3()
  expect(await runAt(PART, lakeIn(store))).toMatchObject({ exit: 0 })
  before = new Map(store.objects)
})
beforeEach(() => {
  store.objects.clear()
  for (const [key, object] of before) store.objects.set(key, object)
  store.behaviour = {}
})
afterAll(() => store.close())

async function findingsIn(files: Files): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  const world = virtualWorld(new Exchange({ symbols: [] }), { files })
  for await (const step of verify([], { world }))
    if (step.kind === 'finding') findings.push(step.finding)
  return findings
}

/** Answers of the reads of a partition. */
function reading(answer: (number: number) => S3Fault | undefined | Promise<undefined>): void {
  let number = 0
  store.behaviour = {
    fault: ({ kind, key }) =>
      kind === 'get' && key.endsWith('.parquet') ? answer(++number) : undefined,
  }
}

test('a whole lake has nothing wrong', async () => {
  expect(await findingsIn(lakeIn(store))).toEqual([])
})

test.each<[string, S3Fault, object]>([
  ['a store that is away', { status: 503 }, { code: 'E_STORE_AWAY', exit: 3 }],
  ['credentials that expire', { status: 403, code: 'ExpiredToken' }, { exit: 2 }],
])('%s is no damage, at whichever read', async (_, fault, error) => {
  for (const first of [1, 2]) {
    reading((number) => (number >= first ? fault : undefined))
    await expect(findingsIn(lakeIn(store))).rejects.toMatchObject(error)
  }
})

test('a file that is replaced at whichever read is looked at again, and so is its manifest', async () => {
  for (const at of [1, 2]) {
    store.objects.clear()
    for (const [key, object] of before) store.objects.set(key, object)
    const writer = await startS3(['lake'], {}, store.objects)
    reading(async (number) => {
      if (number === at) expect(await runAt(WHOLE, lakeIn(writer))).toMatchObject({ exit: 0 })
      return undefined
    })
    expect(await findingsIn(lakeIn(store))).toEqual([])
    await writer.close()
  }
})

test('a series that is removed meanwhile is not missed', async () => {
  const isData = (key: string): boolean => key.endsWith('.parquet')
  const [path = ''] = [...store.objects.keys()].filter(isData)
  const other = path.replace('2026-03', '2026-04')
  expect(await runAt(job('2026-04-02'), lakeIn(store))).toMatchObject({ exit: 0 })
  expect(store.objects.has(other)).toBe(true)
  const manifest = path.replace(/period=.*/, '_series.json')
  // While the first is read, a removal takes the second.
  reading(async (number) => {
    if (number !== 1) return undefined
    store.objects.set(manifest, before.get(manifest)!)
    store.objects.delete(other)
    return undefined
  })
  expect((await findingsIn(lakeIn(store))).filter(({ code }) => code === 'file-missing')).toEqual(
    [],
  )
})
