/** The law of a lake, over random lives: what is covered is there, what is there is true, and calm brings all of it. */

import { test } from 'vitest'
import { liveAll } from '../support/life/lives.ts'

/** More with `LIVES`, as the long suite does; one alone with `LIFE_SEED`. */
const LIVES = Number(process.env['LIVES'] ?? 20)

test(`${LIVES} lives of a lake`, async () => {
  await liveAll(LIVES)
})
