/** A store that was not made by us: the probe, and the same bytes. */

import { expect, test } from 'vitest'
import { expectSameLake } from '../support/chaos.ts'
import { calmLake, runAt, WHOLE } from '../support/cloud-faults.ts'
import { lakeIn } from '../support/cloud.ts'
import { hasMoto, startMoto } from '../support/moto.ts'
import { lakeOf } from '../support/virtual.ts'

test('two runs at once leave the same bytes on moto, where it is, as elsewhere', async () => {
  const calm = await calmLake(WHOLE)
  if (!hasMoto()) {
    console.log('NOT RUN on moto: python3 has no moto.server')
    return
  }
  const moto = await startMoto()
  try {
    const ends = await Promise.all([1, 2].map((seed) => runAt(WHOLE, lakeIn(moto), seed)))
    expect(ends.map(({ exit }) => exit)).toEqual([0, 0])
    expectSameLake(await lakeOf(lakeIn(moto)), calm)
  } finally {
    await moto.close()
  }
})
