/** The commit paths, stopped at each of their steps; the bounded part. All blows: test/long/commit.test.ts. */

import { expect, it } from 'vitest'
import { deal, fewBlows, measure, SCENARIOS } from '../support/crash.ts'

it.each(SCENARIOS)(
  '$name: stopped at every step',
  async (scenario) => {
    const measured = await measure(scenario)
    const { steps } = measured
    expect(steps.length).toBeGreaterThan(50)
    let points = 0
    for (let at = 1; at <= steps.length; at++)
      for (const blow of fewBlows(steps, at))
        points += Number(await deal(scenario, measured, blow, at))
    console.log(`${scenario.name}: ${steps.length} steps, ${points} points`)
    expect(points).toBeGreaterThan(steps.length)
  },
  600_000,
)
