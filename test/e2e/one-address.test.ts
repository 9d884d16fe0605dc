/** Several runs behind one address: each keeps to the limits that all of them share. */

import { expect, it } from 'vitest'
import type { LimitRule } from '../../src/simulator/index.ts'
import { contents } from '../support/lake.ts'
import { calmContents, processLake, serveHistory, startRun } from '../support/process.ts'

const RUNS = 3

const weightIn = (intervalNum: number, limit: number): LimitRule => ({
  rateLimitType: 'REQUEST_WEIGHT',
  interval: 'SECOND',
  intervalNum,
  limit,
})

it.each<[how: string, rule: LimitRule, argsOf: (run: number) => readonly string[]]>([
  ['with one budget for all', weightIn(1, 120), () => []],
  [
    'with one budget, of which each may spend a part',
    weightIn(1, 120),
    () => ['--weight-share', '0.3'],
  ],
  // What others have under way is in no answer yet: it must fit into the tenth that nobody spends.
  [
    'knowing of each other by the answers alone',
    weightIn(2, 300),
    (run) => ['--concurrency', '2', '--egress', `run-${run}`],
  ],
])(
  `${RUNS} runs at once, %s: no window is over its limit, nobody is turned away`,
  async (_, rule, argsOf) => {
    const watched = await serveHistory({ limits: { rules: [rule] } })
    const lakes = await Promise.all(Array.from({ length: RUNS }, () => processLake()))
    const ended = await Promise.all(
      lakes.map((lake, run) => startRun(lake, watched, { args: argsOf(run) }).done),
    )
    for (const { exit, stderr } of ended) expect(exit, stderr).toBe(0)
    const { log } = watched.simulator
    expect(log.refusals).toEqual({ limited: 0, banned: 0, blocked: 0 })
    expect(log.overLimit()).toEqual([])
    // One window could not hold it: without the limits it would have been over.
    expect(log.weight).toBeGreaterThan(rule.limit)
    for (const { dataDir } of lakes) expect(await contents(dataDir)).toEqual(await calmContents())
  },
)

it('runs go on within the limit when the one that keeps the budget is killed', async () => {
  const rule = weightIn(2, 300)
  const watched = await serveHistory({ limits: { rules: [rule] } })
  const lakes = await Promise.all(Array.from({ length: RUNS }, () => processLake()))
  const [first, ...others] = lakes
  // What it has under way when it is killed nobody knows: it must fit into the tenth that nobody spends.
  const keeper = startRun(first!, watched, { args: ['--concurrency', '2'] })
  // It asked the exchange before the others began: it keeps the budget.
  await keeper.line(({ kind }) => kind === 'committed')
  const running = others.map((lake) => startRun(lake, watched))
  await Promise.all(running.map((run) => run.line(({ kind }) => kind === 'committed')))
  keeper.child.kill('SIGKILL')
  for (const { done } of running) expect((await done).exit).toBe(0)
  const { log } = watched.simulator
  expect(log.refusals).toEqual({ limited: 0, banned: 0, blocked: 0 })
  expect(log.overLimit()).toEqual([])
  expect((await startRun(first!, watched).done).exit).toBe(0)
  for (const { dataDir } of lakes) expect(await contents(dataDir)).toEqual(await calmContents())
})
