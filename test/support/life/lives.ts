/** Many lives, one after the other; the first that breaks the law is told, shortened. */

import { tempDir } from '../lake.ts'
import { lookForeign } from './foreign.ts'
import { Life } from './life.ts'
import type { LifeCount } from './lived-lake.ts'
import { Violation } from './law.ts'
import { planOf, shortened, switchesOf, WORDS, type LifePlan } from './plan.ts'

/** What is counted of all lives. */
type Counts = Record<keyof LifeCount | 'foreign', number>

/** Every so many lives the lake is read by DuckDB in the end. */
const FOREIGN_EVERY = 25

/**
 * Lives the lives of the seeds from 1 on, or from `LIFE_FROM` on. `LIFE_SEED=7` lives that one alone. `LIFE_WITH=lag,kills`
 * turns on these things alone, `LIFE_WITH=` nothing. `LIFE_GO_ON=1` goes on after one that fails, and tells all of them.
 *
 * @throws Error that tells a life that broke the law, or all of them
 */
export async function liveAll(lives: number): Promise<void> {
  const { LIFE_SEED: one, LIFE_WITH: words, LIFE_FROM: first, LIFE_GO_ON: isPatient } = process.env
  const switches = switchesOf(words?.split(',').filter((word) => word !== '') ?? WORDS)
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
  const failures: string[] = []
  for (const seed of seeds) {
    const plan = planOf(seed, switches)
    const life = new Life(plan)
    try {
      const count = await life.live()
      for (const name of Object.keys(count) as (keyof LifeCount)[]) counts[name] += count[name]
      if (seed % FOREIGN_EVERY === 0 || one !== undefined)
        counts.foreign += await lookForeign(await tempDir(), life.foreign)
    } catch (error) {
      failures.push(await toldShort(plan, error))
      if (isPatient === undefined) break
    }
  }
  const seconds = (process.cpuUsage(used).user / 1e6).toFixed(1)
  const told = Object.entries(counts).map(([name, count]) => `${count} ${name}`)
  console.log(`${seeds.length} lives in ${seconds} s of a core: ${told.join(', ')}`)
  if (failures.length > 0)
    throw new Error(`${failures.length} lives fail\n${failures.join('\n\n')}`)
}

/** A life that fails, with all left out that the failure does not need. */
async function toldShort(plan: LifePlan, error: unknown): Promise<string> {
  const shorter = await shortened(plan, async (other) => (await failureOf(other)) !== undefined)
  const lines: string[] = []
  const last = (await failureOf(shorter, (line) => lines.push(line))) ?? error
  const { pageRows, partition, numbers } = plan
  const words =
    last instanceof Error ? (last instanceof Violation ? last.message : last.stack) : last
  return [
    `LIFE_SEED=${plan.seed} (pages of ${pageRows}, a file a ${partition}, ${numbers}):`,
    ...lines,
    `=> ${String(words)}`,
  ].join('\n')
}

async function failureOf(plan: LifePlan, tell?: (line: string) => void): Promise<unknown> {
  try {
    await new Life(plan, tell).live()
  } catch (error) {
    return error
  }
  return undefined
}
