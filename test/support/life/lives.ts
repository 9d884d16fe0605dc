/** Many lives, one after the other; the first that breaks the law is told, shortened. */

import { tempDir } from '../lake.ts'
import { lookForeign } from './foreign.ts'
import { Life } from './life.ts'
import type { LifeCount } from './lived-lake.ts'
import { planOf, shortened, switchesOf, WORDS, type LifePlan } from './plan.ts'

/** What is counted of all lives. */
type Counts = Record<keyof LifeCount | 'foreign', number>

/** Every so many lives the lake is read by DuckDB in the end. */
const FOREIGN_EVERY = 25

/**
 * Lives the lives of the seeds from 1 on. `LIFE_SEED=7` lives the one alone; `LIFE_WITH=lag,kills` turns on these things
 * alone, `LIFE_WITH=` nothing; `LIFE_FROM=1000` begins with that seed.
 */
export async function liveAll(lives: number): Promise<void> {
  const { LIFE_SEED: one, LIFE_WITH: words, LIFE_FROM: first } = process.env
  const switches = switchesOf(
    words === undefined ? WORDS : words.split(',').filter((word) => word !== ''),
  )
  const from = Number(one ?? first ?? 1)
  const seeds = Array.from({ length: one === undefined ? lives : 1 }, (_, index) => from + index)
  const used = process.cpuUsage()
  const counts: Counts = {
    runs: 0,
    kills: 0,
    faults: 0,
    spoilt: 0,
    looks: 0,
    rows: 0,
    exempt: 0,
    foreign: 0,
  }
  for (const seed of seeds) {
    const { life, count } = await liveOne(planOf(seed, switches))
    for (const name of Object.keys(count) as (keyof LifeCount)[]) counts[name] += count[name]
    if (seed % FOREIGN_EVERY === 0 || one !== undefined)
      counts.foreign += await lookForeign(await tempDir(), life.foreign)
  }
  const seconds = (process.cpuUsage(used).user / 1e6).toFixed(1)
  const told = Object.entries(counts).map(([name, count]) => `${count} ${name}`)
  console.log(`${seeds.length} lives in ${seconds} s of a core: ${told.join(', ')}`)
}

async function liveOne(plan: LifePlan): Promise<{ life: Life; count: LifeCount }> {
  try {
    const life = new Life(plan)
    return { life, count: await life.live() }
  } catch (error) {
    const shorter = await shortened(plan, async (other) => (await failureOf(other)) !== undefined)
    const lines: string[] = []
    const last = await failureOf(shorter, (line) => lines.push(line))
    const words = last instanceof Error ? last.message : String(last)
    const about = `LIFE_SEED=${plan.seed}: ${words}`
    throw new Error(`${about}\n${lines.join('\n')}`, { cause: error })
  }
}

async function failureOf(plan: LifePlan, tell?: (line: string) => void): Promise<unknown> {
  try {
    await new Life(plan, tell).live()
  } catch (error) {
    return error
  }
  return undefined
}
