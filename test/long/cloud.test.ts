/**
 * Object stores, as thoroughly as time allows: every request of a run goes wrong in every way, and many rounds of writers
 * at once, some of whom die (`CLOUD_ROUNDS`, default 100).
 */

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { filesContract } from '../node/files.suite.ts'
import { calmRun } from '../support/chaos.ts'
import { expectKept, expectMended, newBench, ONCE, type Bench } from '../support/cloud-faults.ts'
import { expectMet, RANGES, REBUILD, removal, twoDoors } from '../support/cloud-removal.ts'
import { writersRound } from '../support/cloud-writers.ts'
import { lakeIn } from '../support/cloud.ts'
import { hasMoto, startMoto, type Moto } from '../support/moto.ts'

const ROUNDS = Number(process.env['CLOUD_ROUNDS'] ?? 100)

describe('every request', () => {
  let bench: Bench
  beforeAll(async () => {
    bench = await newBench()
  })
  afterAll(() => bench.store.close())

  test.each(ONCE)('%j of any request once is mended', async (fault) => {
    for (const at of bench.calm.keys()) await expectMended(bench, at, fault)
  })

  test.each([false, true])('dead from any request on (done: %s)', async (isDone) => {
    for (const at of bench.calm.keys()) await expectKept(bench, at, isDone)
  })
})

describe('a removal', () => {
  twoDoors()

  test.each(Object.keys(RANGES))('of %s meets a run at every request', async (name) => {
    await expectMet(removal(name), () => true)
  })

  test('and so does a manifest that is written anew', async () => {
    await expectMet(REBUILD, () => true)
  })
})

test(`${ROUNDS} rounds of two to six writers`, async () => {
  const calm = await calmRun()
  let losses = 0
  for (let seed = 1; seed <= ROUNDS; seed++)
    losses += await writersRound({ seed, count: 2 + (seed % 5), calm })
  console.log(`${ROUNDS} rounds, ${losses} commits that were too late`)
  expect(losses).toBeGreaterThan(ROUNDS)
})

const isThere = hasMoto()
if (!isThere) console.log('NOT RUN on moto: python3 has no moto.server')

describe.runIf(isThere)('on moto', () => {
  let moto: Moto
  let lakes = 0
  beforeAll(async () => {
    moto = await startMoto()
  })
  afterAll(() => moto.close())
  filesContract('on moto', async () => lakeIn(moto, { prefix: `lake-${++lakes}/` }), {
    hasDirectories: false,
  })
})
