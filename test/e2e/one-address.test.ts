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

it.each<[how: string, rule: LimitRule, args: readonly string[]]>([
  ['each with its part of the limit', weightIn(1, 120), ['--weight-share', '0.3']],
  // What others have under way is in no answer yet: it must fit into the tenth that nobody spends.
  ['knowing of each other by the answers alone', weightIn(2, 300), ['--concurrency', '2']],
])(
  `${RUNS} runs at once, %s: no window is over its limit, nobody is turned away`,
  async (_, rule, args) => {
    const watched = await serveHistory({ limits: { rules: [rule] } })
    const lakes = await Promise.all(Array.from({ length: RUNS }, () => processLake()))
    const ended = await Promise.all(lakes.map((lake) => startRun(lake, watched, { args }).done))
    for (const { exit, stderr } of ended) expect(exit, stderr).toBe(0)
    const { log } = watched.simulator
    expect(log.refusals).toEqual({ limited: 0, banned: 0, blocked: 0 })
    expect(log.overLimit()).toEqual([])
    // One window could not hold it: without the limits it would have been over.
    expect(log.weight).toBeGreaterThan(rule.limit)
    for (const { dataDir } of lakes) expect(await contents(dataDir)).toEqual(await calmContents())
  },
)
