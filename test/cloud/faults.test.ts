/** A store whose requests go wrong: once, for good, or by lying about what it does. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { lakeIn } from '../support/cloud.ts'
import {
  calmLake,
  expectKept,
  expectMended,
  newBench,
  ONCE,
  runAt,
  WHOLE,
  type Bench,
} from '../support/cloud-faults.ts'
import { expectSameLake } from '../support/chaos.ts'
import { startS3, type S3Behaviour } from '../support/s3-server.ts'
import { lakeOf } from '../support/virtual.ts'

let bench: Bench
beforeAll(async () => {
  bench = await newBench()
})
afterAll(() => bench.store.close())

/** The requests that commit something; all of them are in the long suite. */
const commits = (): readonly number[] =>
  bench.calm.flatMap(({ kind, key }, at) =>
    kind === 'put' && !/_probe|_runs/.test(key) ? [at] : [],
  )

// The others are in the long suite.
test.each(ONCE.filter((_, index) => index % 2 === 1))(
  '%j of any commit once is mended by another look',
  async (fault) => {
    for (const at of commits()) await expectMended(bench, at, fault)
  },
)

test.each([false, true])('dead at any commit (done: %s): the next run goes on', async (isDone) => {
  for (const at of commits()) await expectKept(bench, at, isDone)
})

describe('a store that', () => {
  test.each<[string, S3Behaviour]>([
    ['ignores conditions', { conditions: 'ignored' }],
    ['checks first and then writes', { conditions: 'check-then-write' }],
    ['finds no version equal to itself', { conditions: 'unmet' }],
    [
      'does not know conditions',
      {
        fault: ({ kind }) => (kind === 'put' ? { status: 501, code: 'NotImplemented' } : undefined),
      },
    ],
    [
      'lets nobody write',
      { fault: ({ kind }) => (kind === 'put' ? { status: 403, code: 'AccessDenied' } : undefined) },
    ],
  ])('%s is refused, with nothing written', async (_, behaviour) => {
    const store = await startS3(['lake'], behaviour)
    const { exit, error } = await runAt(WHOLE, lakeIn(store))
    expect(exit).toBe(2)
    expect(String(error)).toContain('"lake"')
    expect([...store.objects.keys()]).toEqual([])
    await store.close()
  })

  test('finds only unquoted tags equal is served so', async () => {
    const store = await startS3(['lake'], { quoted: false })
    expect(await runAt(WHOLE, lakeIn(store))).toMatchObject({ exit: 0 })
    expectSameLake(await lakeOf(lakeIn(store)), await calmLake(WHOLE))
    await store.close()
  })

  test('lists two keys a page is listed whole', async () => {
    const store = await startS3(['lake'], { pageKeys: 2 })
    expect(await runAt(WHOLE, lakeIn(store))).toMatchObject({ exit: 0 })
    expect(Object.keys(await lakeOf(lakeIn(store)))).toHaveLength(3)
    await store.close()
  })

  // The first one that is refused is the first of all, right after the probe.
  test.each([0, 2])(
    'refuses on the way, after %i writes, ends the run with 3; what is whole is kept',
    async (taken) => {
      const store = await startS3()
      let puts = 0
      store.behaviour = {
        fault: ({ kind, key }) =>
          kind === 'put' && !key.includes('_probe') && ++puts > taken
            ? { status: 403, code: 'ExpiredToken' }
            : undefined,
      }
      const { exit, error } = await runAt(WHOLE, lakeIn(store))
      store.behaviour = {}
      expect([exit, error]).toMatchObject([3, { code: 'E_STORE_AWAY' }])
      expect(store.objects.size).toBe(taken)
      expect(await runAt(WHOLE, lakeIn(store))).toMatchObject({ exit: 0 })
      expectSameLake(await lakeOf(lakeIn(store)), bench.lake)
      await store.close()
    },
  )
})
