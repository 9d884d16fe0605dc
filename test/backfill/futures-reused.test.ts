/** A ticker that is used again is another contract: the series says where one ended and the other began. */

import { expect, test } from 'vitest'
import { parseMicros } from '../../src/base/time.ts'
import { parseJob } from '../../src/job/parse.ts'
import { status } from '../../src/query/status.ts'
import { Exchange } from '../../src/simulator/index.ts'
import type { FuturesSymbol } from '../../src/simulator/options.ts'
import { memFiles, type MemFiles } from '../support/mem-files.ts'
import { attempt, virtualWorld } from '../support/virtual.ts'

const JOB = `{version: 1, market: um, source: rest, symbols: [LITUSDT], from: 2026-01-01, datasets: [{kind: klines, intervals: [1d]}]}`
const END = parseMicros('2026-02-10')
const AGAIN = parseMicros('2026-04-01')

async function runAt(day: string, files: MemFiles, contract: Partial<FuturesSymbol>) {
  const um = { symbols: [{ symbol: 'LITUSDT', ...contract }] }
  const world = virtualWorld(new Exchange({ symbols: [], um }), { start: parseMicros(day), files })
  const { summary, error } = await attempt(JOB, { world })
  const { series } = await status([parseJob(JOB, 'x.yaml')], { world })
  return { summary, error, gaps: series[0]?.gaps, rows: series[0]?.rows }
}

test('the stretch between two contracts of a name is no outage', async () => {
  const files = memFiles()
  const first = await runAt('2026-02-20T00:10', files, { delistedAt: END })
  expect(first).toMatchObject({ error: undefined, rows: 40, summary: { exit: 0 } })
  expect(first.gaps).toMatchObject([{ reason: 'after-delisting' }])
  const again = { listedAt: AGAIN, outages: [] }
  const second = await runAt('2026-05-01T00:10', files, again)
  expect(second).toMatchObject({ error: undefined, summary: { exit: 0, complete: true } })
  expect(second).toMatchObject({ rows: 70 })
  const between = { reason: 'between-contracts', from: '2026-02-10T00:00:00.000000Z' }
  expect(second.gaps).toMatchObject([{ ...between, to: '2026-04-01T00:00:00.000000Z' }])
  const third = await runAt('2026-05-02T00:10', files, again)
  expect(third).toMatchObject({ rows: 71, summary: { exit: 0 }, gaps: second.gaps })
})

test('a contract that goes on after a halt is the same one', async () => {
  const files = memFiles()
  await runAt('2026-02-20T00:10', files, { delistedAt: END, isFlatAfterEnd: false })
  const outage = { from: END, to: AGAIN }
  const { gaps } = await runAt('2026-05-01T00:10', files, { outages: [outage] })
  expect(gaps).toMatchObject([{ reason: 'outage' }])
})
