/**
 * The commit paths, stopped at their steps: a sample of all points, or all of them with `CRASH_POINTS=all`, as
 * `npm run test:crash` has it.
 */

import { afterAll, expect, it } from 'vitest'
import { everyPoint, measure, somePoints, strike } from '../support/crash.ts'
import { SCENARIOS } from '../support/crash-scenarios.ts'

const pointsOf = process.env['CRASH_POINTS'] === 'all' ? everyPoint : somePoints

let total = 0
afterAll(() => {
  console.log(`${total} points in ${SCENARIOS.length} commit paths`)
})

it.each(SCENARIOS)('$name', async (scenario) => {
  const measured = await measure(scenario)
  const { steps } = measured
  expect(steps.length).toBeGreaterThan(50)
  const points = pointsOf(steps)
  expect(points.length).toBeGreaterThan(steps.length / 5)
  for (const point of points) await strike(scenario, measured, point)
  console.log(`${scenario.name}: ${steps.length} steps, ${points.length} points`)
  total += points.length
})
