/**
 * The crown law: for any schedule of faults and any number of kills, running again until done gives the same bytes as
 * one calm run, and asks for nothing that was covered.
 */

import { expect, it } from 'vitest'
import { nodeFiles } from '../../src/node/files.ts'
import {
  askedAgain,
  atRandom,
  calmRun,
  CHAOS_JOB,
  chaosExchange,
  coverageOf,
  expectSameLake,
} from '../support/chaos.ts'
import { BLOWS, expectWhole, type Blow } from '../support/crash.ts'
import { machineWith, ROOT } from '../support/crash-machine.ts'
import { faultyCalls } from '../support/faulty-files.ts'
import { seededRandom } from '../support/sim-world.ts'
import { attempt, lakeOf } from '../support/virtual.ts'

/** More with `FUZZ_RUNS`, as the long suites do. */
const RUNS = Math.ceil(Number(process.env['FUZZ_RUNS'] ?? 50) / 5)
const BLOWS_MAX = 8
const STEPS_MAX = 260

it(`${RUNS} lives of a lake: kills, full disks and a network of 30 % faults, until it is done`, async () => {
  const calm = await calmRun()
  let kills = 0
  for (let seed = 1; seed <= RUNS; seed++) {
    const random = seededRandom(seed)
    const draw = <T>(list: readonly T[]): T => list[Math.floor(random.next() * list.length)]!
    const exchange = chaosExchange({ faults: atRandom(seed, 0.3) })
    const machine = await machineWith(new Map(), () => exchange)
    const files = nodeFiles(ROOT, machine.disk.calls)
    for (let life = 1; ; life++) {
      const about = `seed ${seed}, life ${life}`
      expect(life, about).toBeLessThan(BLOWS_MAX + 30)
      const covered = await coverageOf(files)
      const since = exchange.log.count
      const blow: Blow | undefined = life <= BLOWS_MAX ? draw(BLOWS) : undefined
      const { kind = 'none', lasting = false } = blow ?? {}
      const at = 1 + Math.floor(random.next() * STEPS_MAX)
      const faulty = faultyCalls(machine.disk.calls, blow && { kind, lasting, at })
      const { world, end } = machine.boot(faulty.calls, '2026-06-01T00:00')
      const { exit } = await attempt(CHAOS_JOB, { world })
      end()
      if (faulty.hasFired()) kills += 1
      if (faulty.hasFired() && blow?.survival !== undefined) machine.disk.crash(blow.survival)
      await expectWhole(machine.disk, about)
      expect(askedAgain(covered, exchange, since), about).toEqual([])
      if (exit === 0) break
    }
    expectSameLake(await lakeOf(files), calm.lake, `seed ${seed}`)
  }
  console.log(`${RUNS} lives, ${kills} blows`)
  expect(kills).toBeGreaterThan(RUNS)
})
