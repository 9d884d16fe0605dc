/** Several writers of one series: whoever is slow, or dies, takes nothing from the others. */

import { expect, test } from 'vitest'
import { calmRun, expectSameLake } from '../support/chaos.ts'
import { lakeIn } from '../support/cloud.ts'
import { calmLake, HALF, runAt, WHOLE } from '../support/cloud-faults.ts'
import { writersRound } from '../support/cloud-writers.ts'
import { startS3, type S3Behaviour, type S3Object } from '../support/s3-server.ts'
import { lakeOf } from '../support/virtual.ts'

test('two and five at once, every second one of them killed: whoever is too late loses nothing', async () => {
  const calm = await calmRun()
  const two = await writersRound({ seed: 2, count: 2, calm })
  const five = await writersRound({ seed: 5, count: 5, calm })
  expect(two + five).toBeGreaterThan(0)
})

test('without conditions they overwrite each other, and that is seen', async () => {
  const calm = await calmRun()
  const rounds = [1, 2, 3, 4, 5].map((seed) => ({ seed, count: 5, calm }))
  let isSeen = false
  for (const round of rounds)
    isSeen ||= await writersRound({ ...round, conditions: 'ignored' }).then(
      () => false,
      () => true,
    )
  expect(isSeen).toBe(true)
})

const UNTRIED = { probe: async (): Promise<void> => undefined }
const DAY = 'lake/a/b/spot/klines/interval=1h/symbol=BTCUSDT/period=2026-03-01/data.parquet'
const untilData = /period=2026-03-01\/data\.parquet$/

/**
 * One run has merged half of a day and is frozen before it puts the file; another does the whole day; then the frozen one
 * puts its file after all, and dies.
 */
async function zombie(
  conditions: S3Behaviour['conditions'] & string,
): Promise<Map<string, S3Object>> {
  const store = await startS3(['lake'], { conditions })
  let isOver = false
  const door = await startS3(
    ['lake'],
    {
      conditions,
      fault: async ({ kind, key }) => {
        if (isOver) return 'cut'
        if (kind !== 'put' || !untilData.test(key)) return undefined
        isOver = true
        expect(await runAt(WHOLE, lakeIn(store, UNTRIED))).toMatchObject({ exit: 0 })
        return undefined
      },
    },
    store.objects,
  )
  expect((await runAt(HALF, lakeIn(door, UNTRIED), 2)).exit).toBe(3)
  await Promise.all([store.close(), door.close()])
  return store.objects
}

test('a run that was frozen and thawed overwrites nothing', async () => {
  const whole = (await calmLake(WHOLE))[DAY.replace('lake/a/b/', '')]!
  const objects = await zombie('atomic')
  expect(objects.get(DAY)?.bytes.equals(whole)).toBe(true)
  // What shows that this would be seen.
  const spoilt = await zombie('ignored')
  expect(spoilt.get(DAY)?.bytes.equals(whole)).toBe(false)
})

test('a readable file that is not the recorded one is taken for what it says, and its rest is asked for again', async () => {
  const store = await startS3(['lake'], {}, await zombie('ignored'))
  expect(await runAt(WHOLE, lakeIn(store))).toMatchObject({ exit: 0 })
  expectSameLake(await lakeOf(lakeIn(store)), await calmLake(WHOLE))
  await store.close()
})
