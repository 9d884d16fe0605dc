/** `kill -9` for real, at phases that the output shows and at random requests; and several processes on one lake. */

import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { contents } from '../support/lake.ts'
import {
  calmContents,
  expectSoundLake,
  goOn,
  processLake,
  serveHistory,
  startRun,
  type Line,
  type Running,
} from '../support/process.ts'
import { seededRandom } from '../support/sim-world.ts'

/** 200 in `npm run test:crash`. */
const KILLS = Number(process.env['KILLS'] ?? 5)
const KILLS_PER_LAKE = 5

/** When to kill: at the n-th line of a kind, or when the n-th request of this process comes in. */
type Moment = { readonly kind: string; readonly nth: number }

const PHASES: readonly Moment[] = [
  { kind: 'request', nth: 1 },
  { kind: 'request', nth: 2 },
  { kind: 'plan', nth: 1 },
  { kind: 'rows', nth: 1 },
  { kind: 'committed', nth: 1 },
  { kind: 'gap', nth: 1 },
  { kind: 'committed', nth: 3 },
  { kind: 'series', nth: 1 },
  { kind: 'committed', nth: 6 },
  { kind: 'summary', nth: 1 },
]

function killAt(
  running: Running,
  watched: { onRequest: (count: number) => void },
  at: Moment,
): void {
  let seen = 0
  const see = (kind: string): void => {
    if (kind === at.kind && ++seen === at.nth) running.child.kill('SIGKILL')
  }
  running.onLine = ({ kind }: Line) => {
    see(kind)
  }
  watched.onRequest = () => {
    see('request')
  }
}

it(`${KILLS} kills: whatever the moment, the lake is sound, and going on gives the bytes of a calm run`, async () => {
  const watched = await serveHistory({}, { latencyMs: 2 })
  const calm = await calmContents()
  const random = seededRandom(5)
  let kills = 0
  let starts = 0
  for (let lakes = 0; kills < KILLS; lakes++) {
    const lake = await processLake()
    for (let round = 0; round < KILLS_PER_LAKE; round++) {
      const phase = PHASES[starts++ % (2 * PHASES.length)]
      const at = phase ?? { kind: 'request', nth: 1 + Math.floor(random.next() * 40) }
      const running = startRun(lake, watched)
      killAt(running, watched, at)
      const { exit, stderr } = await running.done
      watched.onRequest = () => undefined
      const about = `lake ${lakes}, round ${round}, ${at.kind} ${at.nth}: exit ${exit}`
      // It may have ended before there were so many.
      expect([137, 0], `${about} ${stderr}`).toContain(exit)
      if (exit === 137) kills += 1
      await expectSoundLake(lake.dataDir, about)
    }
    const { exit, stderr } = await goOn(lake, watched)
    expect(exit, stderr).toBe(0)
    expect(await contents(lake.dataDir), `lake ${lakes}`).toEqual(calm)
    expect(await readdir(join(lake.dataDir, '_tmp'))).toEqual([])
  }
  console.log(`${kills} kills in ${starts} starts`)
}, 3_600_000)

it('a run that was stopped (SIGSTOP) while another took the lake commits nothing when it goes on', async () => {
  const watched = await serveHistory({}, { latencyMs: 2 })
  const calm = await calmContents()
  const lake = await processLake()
  const stopped = startRun(lake, watched)
  await stopped.line(({ kind }) => kind === 'committed')
  stopped.child.kill('SIGSTOP')
  // It lives, so nobody takes the lake from it.
  const refused = await startRun(lake, watched).done
  expect(refused.exit).toBe(6)
  expect(refused.stderr).toContain(`pid ${stopped.child.pid}`)
  // Until somebody removes the lock by hand.
  await rm(join(lake.dataDir, '_lock'), { recursive: true })
  expect((await startRun(lake, watched).done).exit).toBe(0)
  expect(await contents(lake.dataDir)).toEqual(calm)
  stopped.child.kill('SIGCONT')
  const { exit, stdout } = await stopped.done
  expect(exit).toBe(1)
  expect(stdout).toContain('E_STORE_FENCED')
  expect(await contents(lake.dataDir)).toEqual(calm)
})

it('a run that was stopped for long goes on where it was', async () => {
  const watched = await serveHistory({}, { latencyMs: 2 })
  const lake = await processLake()
  const stopped = startRun(lake, watched)
  await stopped.line(({ kind }) => kind === 'committed')
  stopped.child.kill('SIGSTOP')
  // As long as another one takes to try; how long the clock makes of it is tested in virtual time.
  expect((await startRun(lake, watched).done).exit).toBe(6)
  stopped.child.kill('SIGCONT')
  expect((await stopped.done).exit).toBe(0)
  expect(await contents(lake.dataDir)).toEqual(await calmContents())
})

it('five at once: one works at a time, the others end with 6', async () => {
  const watched = await serveHistory({}, { latencyMs: 2 })
  const lake = await processLake()
  const exits = await Promise.all(
    Array.from({ length: 5 }, async () => (await startRun(lake, watched).done).exit),
  )
  expect(exits).toContain(0)
  expect(exits.every((exit) => exit === 0 || exit === 6)).toBe(true)
  expect(await contents(lake.dataDir)).toEqual(await calmContents())
})

it('two at once, the second waits for the lake and then finds nothing to do', async () => {
  const watched = await serveHistory({}, { latencyMs: 2 })
  const lake = await processLake()
  const first = startRun(lake, watched)
  await first.line(({ kind }) => kind === 'plan')
  const second = startRun(lake, watched, { args: ['--wait-lock', '600'] })
  let pages = 0
  second.onLine = ({ kind }) => {
    if (kind === 'rows') pages += 1
  }
  expect((await first.done).exit).toBe(0)
  expect((await second.done).exit).toBe(0)
  expect(pages).toBe(0)
  expect(await contents(lake.dataDir)).toEqual(await calmContents())
})
