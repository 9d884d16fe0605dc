/** Files of the archive packed by threads: the same lake as without, whatever the files hold and in whatever order they come. */

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { micros, parseMicros } from '../../src/base/time.ts'
import { inlineThreads } from '../support/inline-threads.ts'
import { DAYS, rowsAt, TornLake, type Files, type Rest, type Row } from '../support/torn.ts'

const HISTORIES = Number(process.env['THREAD_RUNS'] ?? 15)
const [BEGIN, END] = [parseMicros(DAYS[0]), parseMicros('2025-03-08')]
const DAY = 86_400_000_000n

/** Times that mostly rise, and go back around midnight now and then. */
const times = fc
  .array(fc.tuple(fc.bigInt(0n, END - BEGIN - 1n), fc.bigInt(-2_000_000n, 2_000_000n)), {
    minLength: 12,
    maxLength: 40,
  })
  .map((drawn) =>
    drawn
      .map(([at, back], index) =>
        // Half of the rows lie next to midnight.
        index % 2 === 0 ? BEGIN + (at / DAY) * DAY + (back < 0n ? 0n : DAY) : BEGIN + at,
      )
      .sort((a, b) => (a < b ? -1 : 1))
      .map((time, index) => time + (drawn[index]?.[1] ?? 0n))
      .map((time) => micros(time < BEGIN ? BEGIN : time < END ? time : END - 1n)),
  )

/** How the rows are cut into daily files: by their time, or before an id that is near it; some rows are left out. */
const cuts = fc.record({
  byTime: fc.constantFrom(false, false, true),
  shift: fc.constantFrom(-3, -2, -1, 1, 2),
  without: fc.integer({ min: 0, max: 120 }),
})

function filesOf(
  rows: readonly Row[],
  cut: { byTime: boolean; shift: number; without: number },
): Files {
  const dayOf = ({ time }: Row): string => new Date(Number(time / 1000n)).toISOString().slice(0, 10)
  const files: Record<string, Row[]> = Object.fromEntries(DAYS.map((day) => [day, []]))
  for (const [index, row] of rows.entries()) {
    if (index === cut.without) continue
    const like = cut.byTime ? row : (rows[index + cut.shift] ?? row)
    files[dayOf(like)]?.push(row)
  }
  return files
}

const runs = fc.array(
  fc.record({
    from: fc.constantFrom(0, 0, 1),
    days: fc.integer({ min: 2, max: 3 }),
    hour: fc.constantFrom('', '', '', 'T12:00'),
    cut: cuts,
    rest: fc.constantFrom<Rest>('none', 'none', 'whole', 'silent'),
  }),
  { minLength: 1, maxLength: 3 },
)

test('the same files, byte for byte, and the same outcome', async () => {
  await fc.assert(
    fc.asyncProperty(times, runs, async (drawn, all) => {
      const truth = rowsAt(drawn)
      const [plain, packed] = [new TornLake(truth), new TornLake(truth, inlineThreads())]
      for (const { from, days, hour, cut, rest } of all) {
        const to = new Date(Date.parse(DAYS[from]) + days * 86_400_000).toISOString().slice(0, 10)
        const span = [`${DAYS[from]}${hour}`, to] as const
        const files = filesOf(truth, cut)
        const ended = await plain.run(span, files, rest)
        const other = await packed.run(span, files, rest)
        expect(other.summary?.exit).toBe(ended.summary?.exit)
        expect(other.summary?.series[0]?.missing).toEqual(ended.summary?.series[0]?.missing)
        expect(packed.contents).toEqual(plain.contents)
      }
    }),
    { numRuns: HISTORIES },
  )
})

test('a thread that dies is a file that is set aside: the rest is stored, and the next run brings it', async () => {
  const truth = rowsAt(
    DAYS.flatMap((day) =>
      [1n, 40_000n, 80_000n].map((s) => micros(parseMicros(day) + s * 1_000_000n)),
    ),
  )
  const files = filesOf(truth, { byTime: true, shift: 0, without: 99 })
  let isDeadly = true
  const lake = new TornLake(
    truth,
    inlineThreads((group) => isDeadly && group === 2),
  )
  const span = [DAYS[0], '2025-03-08'] as const
  const { summary, events } = await lake.run(span, files, 'none')
  expect(summary).toMatchObject({ complete: false, exit: 3 })
  const warnings = events.filter(({ kind }) => kind === 'warning')
  expect(warnings).toMatchObject([{ message: expect.stringContaining('a thread died') as string }])
  isDeadly = false
  await lake.run(span, files, 'none')
  const plain = new TornLake(truth)
  await plain.run(span, files, 'none')
  expect(lake.contents).toEqual(plain.contents)
})
