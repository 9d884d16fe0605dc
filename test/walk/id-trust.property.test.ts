/**
 * The law of walks by id: nothing is covered that lacks a row, whatever answers are empty and however far a host lags
 * behind its clock; and sound runs later make the lake whole, also where times go back.
 */

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { clip, covers } from '../../src/base/coverage.ts'
import { micros, periodOf, type Micros, type Window } from '../../src/base/time.ts'
import { verify } from '../../src/verify/verify.ts'
import { aggTradeAt } from '../support/histories.ts'
import { lakeOf, runOnce, type Placed } from '../support/id-exchange.ts'
import { memFiles, type MemFiles } from '../support/mem-files.ts'
import { simWorld } from '../support/sim-world.ts'

const RUNS = Number(process.env['WALK_RUNS'] ?? 150)
const HOUR = 3_600_000_000n
const BEGIN = micros(20_514n * 24n * HOUR)
const END = micros(BEGIN + 4n * 24n * HOUR)
const WANTED: Window = { from: BEGIN, to: END }
const SOUND = { now: micros(END + 9n * 24n * HOUR) }

/** Rows in bursts, from before the window to after it; `jitter` moves their times. */
function histories(jitter: fc.Arbitrary<bigint>): fc.Arbitrary<readonly Placed[]> {
  const pause = fc.constantFrom(
    0n,
    0n,
    0n,
    1n,
    999n,
    1_000n,
    3_000_000n,
    HOUR,
    5n * HOUR,
    26n * HOUR,
  )
  const lead = fc.constantFrom(-2n * HOUR, -5_000_000n, -1n, 0n, 1n, HOUR)
  return fc
    .tuple(lead, fc.array(fc.tuple(pause, jitter), { minLength: 1, maxLength: 40 }))
    .map(([begin, steps]) => {
      let place = micros(BEGIN + begin)
      return steps.map(([wait, distance], row) => {
        place = micros(place + wait)
        return { ...aggTradeAt(BigInt(row), micros(place - distance)), place }
      })
    })
}

const meetings = fc.array(
  fc.record({
    hours: fc.integer({ min: 0, max: 130 }),
    lag: fc.constantFrom(0n, 1_000_000n, HOUR, 24n * HOUR),
    pageRows: fc.integer({ min: 1, max: 9 }),
    empty: fc.array(fc.tuple(fc.integer({ min: 0, max: 30 }), fc.constantFrom(1, 2, 3, 8, 1_000)), {
      maxLength: 3,
    }),
  }),
  { maxLength: 4 },
)

const isIn = ({ from, to }: Window, { time }: Placed): boolean => from <= time && time < to

function truthOf(rows: readonly Placed[]): Record<string, bigint[]> {
  const truth: Record<string, bigint[]> = {}
  for (const row of rows)
    if (isIn(WANTED, row)) (truth[periodOf(row.time, 'day')] ??= []).push(row.id)
  return truth
}

/** What `verify` finds, and the verdict of `status`, where it is not as it should be. */
async function foundIn(files: MemFiles): Promise<readonly string[]> {
  const world = simWorld({ files })
  const found: string[] = []
  for await (const event of verify([], { world }))
    if (event.kind === 'report') {
      found.push(...event.findings.map(({ code, message }) => `${code}: ${message}`))
      for (const { verdict } of event.series)
        if (!verdict.startsWith('complete')) found.push(verdict)
    }
  return found
}

test('nothing that lacks a row is ever covered, and later sound runs make it whole', async () => {
  await fc.assert(
    fc.asyncProperty(histories(fc.constant(0n)), meetings, async (rows, plans) => {
      const files = memFiles()
      let now = BEGIN
      for (const { hours, lag, pageRows, empty } of plans) {
        now = micros(now + BigInt(hours) * HOUR + 1n)
        const isEmpty = (request: number): boolean =>
          empty.some(([first, count]) => first <= request && request < first + count)
        const wanted = { from: BEGIN, to: now < END ? now : END }
        await runOnce(files, wanted, rows, { now, lag, pageRows, isEmpty })
        const { ids, manifest } = await lakeOf(files)
        const stored = new Set(Object.values(ids).flat())
        for (const row of rows)
          if (covers(manifest.coverage, { from: row.time, to: micros(row.time + 1n) }))
            expect(stored.has(row.id), `id ${row.id}`).toBe(true)
      }
      await runOnce(files, WANTED, rows, SOUND)
      const { ids, manifest } = await lakeOf(files)
      expect(manifest.coverage).toEqual([WANTED])
      expect(ids).toEqual(truthOf(rows))
      // Nothing is asked any more.
      expect((await runOnce(files, WANTED, rows, SOUND)).asked).toEqual([])
    }),
    { numRuns: RUNS },
  )
})

test('times that go back by seconds or hours: the lake is the truth after runs that go on', async () => {
  const jitter = fc.constantFrom(0n, 0n, 0n, 1n, 1_000n, 932_000n, 9_000_000n)
  let warned = 0
  await fc.assert(
    fc.asyncProperty(histories(jitter), meetings, async (rows, plans) => {
      const files = memFiles()
      let now = BEGIN
      for (const { hours, pageRows } of plans) {
        now = micros(now + BigInt(hours) * HOUR + 1n)
        const wanted = { from: BEGIN, to: now < END ? now : END }
        const { events } = await runOnce(files, wanted, rows, { now, pageRows })
        warned += events.filter(({ kind }) => kind === 'warning').length
      }
      await runOnce(files, WANTED, rows, SOUND)
      const { ids, manifest } = await lakeOf(files)
      expect(manifest.coverage).toEqual([WANTED])
      expect(ids).toEqual(truthOf(rows))
      const inside = rows.filter((row) => isIn(WANTED, row)).map(({ id }) => id)
      const span = (inside.at(-1) ?? 0n) - (inside[0] ?? 0n) + 1n
      // An id between them may be of before the window, or of after it.
      if (BigInt(inside.length) === span) expect(await foundIn(files)).toEqual([])
    }),
    { numRuns: RUNS },
  )
  expect(warned).toBeGreaterThan(0)
})

const at = (micro: bigint): Micros => micros(BEGIN + micro)
const placed = (id: bigint, micro: bigint): Placed => ({
  ...aggTradeAt(id, at(micro)),
  place: at(micro),
})

test('a row that comes a day early leaves no break in the chain of trades', async () => {
  const files = memFiles()
  const midnight = 86_400n * 1_000_000n - (BEGIN % (86_400n * 1_000_000n))
  const rows = [
    placed(0n, midnight),
    placed(1n, midnight - 9_000_000n),
    placed(2n, midnight + 26n * HOUR),
  ]
  await runOnce(files, WANTED, rows, SOUND)
  expect([await foundIn(files), (await lakeOf(files)).ids]).toEqual([[], truthOf(rows)])
})

test('ids that start over cause a warning, and nothing after the old ones is covered', async () => {
  const files = memFiles()
  const old = [5_000n, 5_001n, 5_002n].map((id, row) => placed(id, BigInt(row) * HOUR))
  const anew = [0n, 1n, 2n].map((id) => placed(id, (60n + id) * HOUR))
  await runOnce(files, { from: BEGIN, to: at(24n * HOUR) }, old, SOUND)
  const { events } = await runOnce(files, WANTED, anew, SOUND)
  const { manifest } = await lakeOf(files)
  expect(manifest.gaps.at(-1)).toMatchObject({ to: END, reason: 'unconfirmed' })
  expect(clip(manifest.coverage, { from: at(59n * HOUR), to: END })).toEqual([])
  const messages = events.flatMap((event) => (event.kind === 'warning' ? [event.message] : []))
  expect(messages).toEqual([expect.stringMatching(/^ids start over: .* id 2 .* id 5003 /)])
})

test('history that begins within a burst of the first microsecond lacks that microsecond', async () => {
  const files = memFiles()
  // Ids 1 to 6 were of the same microsecond; REST has them no more.
  const rows = [7n, 8n].map((id) => placed(id, 0n))
  await runOnce(files, WANTED, [...rows, placed(9n, HOUR)], SOUND)
  const { manifest } = await lakeOf(files)
  expect(manifest.gaps).toEqual([{ from: BEGIN, to: at(1n), reason: 'unavailable-from-rest' }])
  expect(manifest.coverage).toEqual([{ from: at(1n), to: END }])
})
