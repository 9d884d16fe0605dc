/** Rows that come to a partition take its file with them: what is new and what is written again are told apart. */

import { expect, it } from 'vitest'
import { makePlan } from '../../src/index.ts'
import { parseJob } from '../../src/job/parse.ts'
import { Exchange } from '../../src/simulator/index.ts'
import { attempt, lakeOf, virtualWorld } from '../support/virtual.ts'

const job = (to: string, partition: string): string => `
version: 1
source: rest
from: 2026-03-01
to: ${to}
partition: ${partition}
datasets: [{kind: klines, symbols: [BTCUSDT], intervals: [1m]}]
`

const NOTHING = { partitions: 0, rows: 0, bytes: 0 }

it.each([
  ['month', 2 * 1440 + 720],
  ['day', 720],
])('an hour more of a %s: 60 rows, and the file that they come to', async (partition, held) => {
  const world = virtualWorld(new Exchange({ symbols: [{ symbol: 'BTCUSDT' }] }))
  const first = await attempt(job('2026-03-03T12:00', partition), { world })
  expect(first.summary).toMatchObject({ rows: 2 * 1440 + 720, rewritten: NOTHING })
  const sizes = Object.entries(await lakeOf(world.files)).flatMap(([path, { length }]) =>
    path.endsWith('.parquet') ? [length] : [],
  )
  const rewritten = { partitions: 1, rows: held, bytes: sizes.at(-1) }
  const next = job('2026-03-03T13:00', partition)
  const plan = await makePlan([parseJob(next, 'job.yaml')], { world })
  expect(plan.total).toMatchObject({ rows: 60, rewritten })
  expect(plan.series).toMatchObject([{ rewritten }])
  const { summary } = await attempt(next, { world })
  expect(summary).toMatchObject({ rows: 60, partitions: 1, rewritten, series: [{ rewritten }] })
  const again = await attempt(next, { world })
  expect(again.summary).toMatchObject({ rows: 0, partitions: 0, rewritten: NOTHING })
})

it('a file that a run writes more than once counts with what it held before the run', async () => {
  const world = virtualWorld(new Exchange({ symbols: [{ symbol: 'BTCUSDT' }] }))
  await attempt(job('2026-03-01T01:00', 'month'), { world })
  const from = (moment: string, to: string): string =>
    job(to, 'month').replace('2026-03-01\n', `${moment}\n`)
  const both = [
    from('2026-03-01T02:00', '2026-03-01T03:00'),
    from('2026-03-01T04:00', '2026-03-01T05:00'),
  ]
  const { summary } = await attempt(both, { world })
  expect(summary).toMatchObject({
    ...{ rows: 120, partitions: 1 },
    rewritten: { partitions: 1, rows: 60 },
  })
})
