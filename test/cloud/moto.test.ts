/** A store that was not made by us: the probe, and the same bytes. */

import { expect, test } from 'vitest'
import { expectSameLake } from '../support/chaos.ts'
import { calmLake, runAt, WHOLE } from '../support/cloud-faults.ts'
import { lakeIn } from '../support/cloud.ts'
import { hasMoto, startMoto } from '../support/moto.ts'
import { lakeOf } from '../support/virtual.ts'

const isThere = hasMoto()
if (!isThere) console.log('NOT RUN on moto: python3 has no moto.server')

test.runIf(isThere)('two runs at once leave the same bytes on moto as elsewhere', async () => {
  const calm = await calmLake(WHOLE)
  const moto = await startMoto()
  try {
    const ends = await Promise.all([1, 2].map((seed) => runAt(WHOLE, lakeIn(moto), seed)))
    expect(ends.map(({ exit, error }) => [exit, error])).toEqual([
      [0, undefined],
      [0, undefined],
    ])
    expectSameLake(await lakeOf(lakeIn(moto)), calm)
  } finally {
    await moto.close()
  }
})
