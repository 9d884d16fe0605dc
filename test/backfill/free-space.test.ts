import { expect, test } from 'vitest'
import { planJobs } from '../../src/backfill/plan-jobs.ts'
import { parseJob } from '../../src/job/parse.ts'
import { nodeFiles } from '../../src/node/files.ts'
import { Exchange } from '../../src/simulator/index.ts'
import { tempDir } from '../support/lake.ts'
import { memFiles, type MemFiles } from '../support/mem-files.ts'
import { attempt, virtualWorld, type VirtualWorld } from '../support/virtual.ts'

const JOB = `{version: 1, source: rest, symbols: [BTCUSDT], from: 2024-01-01, to: 2024-03-01, datasets: [{kind: klines, intervals: [1m]}]}`
const WORDS = /^about 4 MB will be written, and the disk has 1 MB left: free space first$/

/** A world whose disk has room for so many bytes. */
function worldWith(freeBytes: number): VirtualWorld {
  const files: MemFiles = { ...memFiles(), freeBytes: async () => freeBytes }
  return virtualWorld(new Exchange({ symbols: [{ symbol: 'BTCUSDT' }] }), { files })
}

test('plan and run warn where the disk has less left than the plan needs, and go on', async () => {
  expect((await planJobs([parseJob(JOB, 'x')], { world: worldWith(1e6) })).warning).toMatch(WORDS)
  const { exit, events } = await attempt(JOB, { world: worldWith(1e6) })
  expect(exit).toBe(0)
  expect(events).toContainEqual({
    kind: 'warning',
    message: expect.stringMatching(WORDS) as string,
  })
})

test('and say nothing where it is enough', async () => {
  expect((await planJobs([parseJob(JOB, 'x')], { world: worldWith(1e9) })).warning).toBeUndefined()
})

test('a disk tells what it has left, also of a directory that is not there yet', async () => {
  const directory = await tempDir()
  const free = await nodeFiles(`${directory}/a/b`).freeBytes()
  expect(free).toBeGreaterThan(0)
})
