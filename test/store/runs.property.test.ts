/** Records of runs: many writers, few records, and none that is half there. */

import fc from 'fast-check'
import { expect, it } from 'vitest'
import { micros } from '../../src/base/time.ts'
import { nodeFiles } from '../../src/node/files.ts'
import {
  formatRunRecord,
  parseRunRecord,
  runId,
  type RunRecord,
} from '../../src/store/run-record.ts'
import { listRuns, readRunRecords, RUNS_MAX, runPath, writeRun } from '../../src/store/runs.ts'
import { faultyCalls } from '../support/faulty-files.ts'
import { memFiles } from '../support/mem-files.ts'
import { NOON, recordAt } from '../support/run-records.ts'
import { simDisk } from '../support/sim-disk.ts'
import { seededRandom } from '../support/sim-world.ts'

it('writers at the same moment, with the same chance, each leave their record; ids sort by start', async () => {
  const writers = fc.array(fc.record({ at: fc.nat(3), seed: fc.nat(1) }), { maxLength: 12 })
  await fc.assert(
    fc.asyncProperty(writers, fc.nat(5), async (starts, older) => {
      const files = memFiles()
      // Of one machine each, so that none reads a number that another has drawn.
      await Promise.all(
        starts.map(({ at, seed }, index) => {
          const random = seededRandom(seed * 100 + (index % 4))
          for (let drawn = 0; drawn < index >> 2; drawn++) random.next()
          return writeRun(files, recordAt(NOON + at, { rows: index }), random)
        }),
      )
      const ids = await listRuns(files)
      const { runs, problems } = await readRunRecords(files, ids)
      expect(problems).toEqual([])
      expect(runs.map(({ rows }) => rows).toSorted((a, b) => a - b)).toEqual([...starts.keys()])
      const times = runs.map(({ started }) => started)
      expect(times).toEqual(times.toSorted().reverse())
      expect(new Set(ids).size).toBe(starts.length)
      // Who comes with a slow clock keeps its record too.
      const late = await writeRun(files, recordAt(NOON - 1 - older), seededRandom(7))
      expect((await listRuns(files)).at(-1)).toBe(late)
    }),
  )
})

it(`the newest ${RUNS_MAX} are kept, whoever writes; what else lies there is left alone`, async () => {
  const files = memFiles()
  await files.replace('_runs/notes.txt', new Uint8Array(1), 'absent')
  const [a, b] = [seededRandom(1), seededRandom(2)]
  for (let run = 0; run < RUNS_MAX + 5; run++)
    await writeRun(files, recordAt(NOON + run), run % 2 === 0 ? a : b)
  const ids = await listRuns(files)
  expect(ids).toHaveLength(RUNS_MAX)
  expect(ids[0]?.slice(0, 23)).toBe(
    runId(micros(BigInt(NOON + RUNS_MAX + 4) * 1000n), 0).slice(0, 23),
  )
  expect([...files.contents.keys()]).toHaveLength(RUNS_MAX + 1)
  // One whose clock is behind removes others, never its own.
  const late = await writeRun(files, recordAt(NOON - 1), a)
  expect(await listRuns(files)).toContain(late)
})

it('a writer that is killed at any step leaves no record, or a whole one', async () => {
  const calm = faultyCalls(simDisk().calls)
  const before = recordAt(NOON)
  await writeRun(nodeFiles('/lake', calm.calls), before, seededRandom(1))
  expect(calm.steps()).toBeGreaterThan(5)
  const found: number[] = []
  for (const kind of ['crash', 'crashAfter', 'tear'])
    for (let at = 1; at <= calm.steps(); at++)
      for (const survival of ['all', 'synced'] as const) {
        const disk = simDisk()
        const dying = nodeFiles('/lake', faultyCalls(disk.calls, { at, kind }).calls)
        await writeRun(dying, before, seededRandom(1)).catch(() => undefined)
        disk.crash(survival)
        const files = nodeFiles('/lake', disk.calls)
        const { runs, problems } = await readRunRecords(files, await listRuns(files))
        expect(problems).toEqual([])
        found.push(runs.length)
        for (const run of runs) expect(run).toEqual({ ...before, id: run.id })
      }
  expect(new Set(found)).toEqual(new Set([0, 1]))
})

it('what is written reads back; what is torn, or of a newer version, is named', () => {
  const words = fc.string({ unit: 'binary', maxLength: 40 })
  const parts = fc.record({
    job: words,
    exit: fc.constantFrom(0, 1, 3, 4, 5, 129, 130, 143),
    rows: fc.maxSafeNat(),
    waits: fc.constantFrom({}, { budget: { count: 2, ms: 61_000 } }),
    symbols: fc.dictionary(fc.constantFrom('spot', 'um'), fc.array(words, { maxLength: 4 })),
    moreMissing: fc.nat(),
  })
  fc.assert(
    fc.property(
      parts,
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (part, cut) => {
        const id = runId(micros(BigInt(NOON) * 1000n), cut)
        const record: RunRecord = { ...recordAt(NOON, part), id }
        const text = new TextDecoder().decode(formatRunRecord(record))
        expect(parseRunRecord(text, id)).toEqual(record)
        // Without its last line feed it is still whole.
        const torn = text.slice(0, Math.floor(cut * (text.length - 1)))
        expect(() => parseRunRecord(torn, id)).toThrow(`run ${id} cannot be read`)
        expect(() => parseRunRecord(text.replace('"format": 1', '"format": 2'), id)).toThrow(
          'newer',
        )
      },
    ),
  )
})

it.each([
  ['a torn record', '{"format": 1,', /torn/],
  ['nothing', '', /torn/],
  ['a record of another kind', '{"format":1,"rows":"many"}', /torn/],
  ['one of a newer version', '{"format":7}', /format 7, newer/],
])('%s does not hide the others', async (_, text, words) => {
  const files = memFiles()
  const id = await writeRun(files, recordAt(NOON), seededRandom(1))
  const odd = runId(micros(BigInt(NOON + 1) * 1000n), 0.5)
  await files.replace(runPath(odd), new TextEncoder().encode(text), 'absent')
  const { runs, problems } = await readRunRecords(files, await listRuns(files))
  expect(runs.map((run) => run.id)).toEqual([id])
  expect(problems).toEqual([{ id: odd, message: expect.stringMatching(words) as string }])
})
