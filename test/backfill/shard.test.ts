/** Runs of shards: together they make the lake of one run, and each is complete by itself. */

import { expect, it } from 'vitest'
import { planJobs } from '../../src/backfill/plan-jobs.ts'
import { parseMicros } from '../../src/base/time.ts'
import { seriesName } from '../../src/binance/series.ts'
import { parseJob } from '../../src/job/parse.ts'
import { readRuns } from '../../src/query/history.ts'
import { status } from '../../src/query/status.ts'
import { Exchange } from '../../src/simulator/index.ts'
import { verify } from '../../src/verify/verify.ts'
import { expectSameLake } from '../support/chaos.ts'
import { bytesOf } from '../support/put.ts'
import { attempt, lakeOf, virtualWorld, type VirtualWorld } from '../support/virtual.ts'

const SYMBOLS = ['BTCUSDT', 'ETHUSDT', 'BNBUSDT', 'SOLUSDT']
const jobOf = (symbols: readonly string[]): string => `
version: 1
source: rest
symbols: [${symbols.join(', ')}]
from: 2026-05-01
to: 2026-05-03
datasets: [{kind: klines, intervals: [1h, 4h]}]
`
const JOB = jobOf(SYMBOLS)
const world = (): VirtualWorld => {
  const exchange = new Exchange({ symbols: SYMBOLS.map((symbol) => ({ symbol })) })
  return virtualWorld(exchange, { start: parseMicros('2026-06-01') })
}
const SHARDS = [1, 2, 3].map((index) => ({ index, count: 3 }))

async function namesIn(here: VirtualWorld, yaml: string | undefined, shard?: (typeof SHARDS)[0]) {
  const jobs = yaml === undefined ? [] : [parseJob(yaml, 'x.yaml')]
  const options = shard === undefined ? { world: here } : { world: here, shard }
  const told = async (): Promise<string[]> => {
    for await (const step of verify(jobs, options))
      if (step.kind === 'report') return step.series.map(({ key }) => seriesName(key))
    return []
  }
  return {
    status: (await status(jobs, options)).series.map(seriesName),
    verify: await told(),
  }
}

it('each ends with 0 when its own series are complete, and together they are one run', async () => {
  const [whole, here] = [world(), world()]
  expect(await attempt(JOB, { world: whole })).toMatchObject({ exit: 0 })
  const ran: string[] = []
  for (const shard of SHARDS) {
    here.clock.skip(1_000)
    const planned = await planJobs([parseJob(JOB, 'x.yaml')], { world: here, shard })
    const { exit, summary } = await attempt(JOB, { world: here, shard })
    expect([exit, summary?.complete, summary?.shard]).toEqual([0, true, shard])
    const names = summary!.series.map(({ key }) => seriesName(key))
    expect(planned.series.map(({ key }) => seriesName(key))).toEqual(names)
    ran.push(...names)
  }
  expect(new Set(ran).size).toBe(ran.length)
  expect(ran).toHaveLength(8)
  expectSameLake(await lakeOf(here.files), await lakeOf(whole.files))
  const { runs } = await readRuns({ world: here })
  expect(runs.map((run) => run.shard)).toEqual(['3/3', '2/3', '1/3'])
  expect(runs.map((run) => run.series).reduce((sum, own) => sum + own)).toBe(8)
  expect((await readRuns({ world: whole })).runs[0]).not.toHaveProperty('shard')

  for (const yaml of [JOB, undefined]) {
    const all = await namesIn(here, yaml)
    const parts = await Promise.all(SHARDS.map((shard) => namesIn(here, yaml, shard)))
    for (const call of ['status', 'verify'] as const)
      expect(parts.flatMap((part) => part[call]).sort()).toEqual([...all[call]].sort())
  }
})

it('their lakes have no series in common, and laid over each other they are the lake of one run', async () => {
  const whole = world()
  await attempt(JOB, { world: whole })
  const mark = await bytesOf(whole.files, '_lake.json')
  const paths: string[] = []
  const together: Record<string, Uint8Array> = {}
  for (const shard of SHARDS) {
    const own = world()
    await attempt(JOB, { world: own, shard })
    expect(await bytesOf(own.files, '_lake.json')).toEqual(mark)
    const files = await lakeOf(own.files)
    paths.push(...Object.keys(files))
    Object.assign(together, files)
  }
  expect(new Set(paths).size).toBe(paths.length)
  expectSameLake(together, await lakeOf(whole.files))
})

it('one to which nothing falls is complete', async () => {
  const one = JOB.replace('[1h, 4h]', '[1h]').replace(/symbols: .*/, 'symbols: [BTCUSDT]')
  const ends = await Promise.all(
    SHARDS.map(async (shard) => (await attempt(one, { world: world(), shard })).summary),
  )
  expect(ends.map((summary) => summary?.series.length).sort()).toEqual([0, 0, 1])
  expect(ends.every((summary) => summary?.exit === 0 && summary.complete)).toBe(true)
})

it('one with none but unknown symbols ends with 3: the job may be right for the others', async () => {
  const yaml = jobOf([...SYMBOLS, 'NOSUCHUSDT'])
  const exits = new Set<number>()
  for (let index = 1; index <= 40; index++) {
    const shard = { index, count: 40 }
    const { exit, summary } = await attempt(yaml, { world: world(), shard })
    exits.add(exit)
    const hasUnknown = summary!.series.some(({ key }) => key.symbol === 'NOSUCHUSDT')
    expect(exit).toBe(hasUnknown ? 3 : 0)
  }
  expect([...exits].sort()).toEqual([0, 3])
  expect(await attempt(jobOf(['NOSUCHUSDT']), { world: world() })).toMatchObject({ exit: 2 })
})
