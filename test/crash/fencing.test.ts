/** A run that is stopped, at every one of its system calls, while another takes the lake: it commits nothing more. */

import { expect, it } from 'vitest'
import { freeze, measure } from '../support/crash.ts'
import { SCENARIOS } from '../support/crash-scenarios.ts'

/** Every so many calls; all of them in `npm run test:crash`. */
const STRIDE = Number(process.env['STRIDE'] ?? 97)

// One that is stopped for good has no clock to sit a ban out by.
it.each(SCENARIOS.filter(({ name }) => name !== 'ban'))('$name', async (scenario) => {
  const measured = await measure(scenario)
  let points = 0
  for (let at = 1; await freeze(scenario, measured, at); at += STRIDE) points += 1
  console.log(`${scenario.name}: stopped at ${points} calls`)
  expect(points * STRIDE).toBeGreaterThan(2 * measured.steps.length)
})
