/** Files of trades that lack rows at an end: found out by whoever else knows, and never believed alone. */

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { micros, parseMicros } from '../../src/base/time.ts'
import {
  CALM,
  DAYS,
  fileOf,
  filesOf,
  rowsAt,
  TornLake,
  type Files,
  type Rest,
  type Row,
} from '../support/torn.ts'

const [BEFORE, FIRST, SECOND, AFTER] = DAYS
const RUNS = Number(process.env['TORN_RUNS'] ?? 12)
const WANTED = [FIRST, AFTER] as const
const ALONE = [FIRST, SECOND] as const

const between = ([from, to]: readonly [string, string]): readonly Row[] =>
  CALM.filter(({ time }) => {
    const day = new Date(Number(time / 1000n)).toISOString().slice(0, 10)
    return from <= day && day < to
  })

type Cut = readonly [name: string, of: (rows: readonly Row[], at: number) => readonly Row[]]
const CUTS: readonly Cut[] = [
  ['without its last rows', (rows, at) => rows.slice(0, at)],
  ['without its first rows', (rows, at) => rows.slice(at)],
  ['without rows in the middle', (rows, at) => rows.filter((_, i) => i !== at)],
]
const ROWS = fileOf(CALM, FIRST).length

function torn(day: string, cut: Cut, at: number): Files {
  return { [day]: cut[1](fileOf(CALM, day), at) }
}

/** Complete only with every row, in the summary as in `status`. */
async function expectHonest(
  lake: TornLake,
  span: readonly [string, string],
  ended: Awaited<ReturnType<TornLake['run']>>,
): Promise<void> {
  const stored = await lake.rows()
  const isWhole = between(span).every(({ id }) => stored.some((row) => row.id === id))
  const verdict = await lake.verdict(span)
  const about = `${JSON.stringify(ended.summary?.series[0], (_, v: unknown) =>
    typeof v === 'bigint' ? String(v) : v,
  )} ${verdict}`
  if (ended.summary?.complete === true) expect(isWhole, about).toBe(true)
  if (verdict.startsWith('complete')) expect(isWhole, about).toBe(true)
  if (ended.summary?.complete === true) expect(verdict, about).toBe('complete')
}

async function expectComplete(
  lake: TornLake,
  span: readonly [string, string],
  files: Files,
  rest: Rest,
): Promise<void> {
  const ended = await lake.run(span, files, rest)
  expect(ended).toMatchObject({ exit: 0, summary: { complete: true } })
  await expectHonest(lake, span, ended)
  expect(await lake.rows()).toEqual(between(span))
  await lake.run(span, files, rest)
  expect(lake.asked).toEqual([])
}

const whole = (...periods: string[]): Files => filesOf(CALM, periods)
const named = (rests: readonly Rest[]): (readonly [string, Rest])[] =>
  rests.map((rest) => [typeof rest === 'object' ? `from id ${rest.from} on` : rest, rest])
const MUTE = named(['none', 'silent', 'refused', { from: 5_014n }])

describe.each(CUTS)('a file %s', (...cut) => {
  /** A cut at every row. */
  const PLACES = Array.from({ length: ROWS }, (_, at) => at).filter((at) => {
    const { length } = cut[1](fileOf(CALM, FIRST), at)
    return length > 0 && length < ROWS
  })

  test.each(MUTE)(
    'among whole ones, REST %s: missing there, until the month is published',
    async (_, rest) => {
      for (const day of [FIRST, SECOND])
        for (const at of PLACES) {
          const lake = new TornLake(CALM)
          const files = { ...whole(BEFORE, FIRST, SECOND, AFTER), ...torn(day, cut, at) }
          const ended = await lake.run(WANTED, files, rest)
          if (typeof rest !== 'object') expect(ended.summary?.complete).toBe(false)
          await expectHonest(lake, WANTED, ended)
          await expectComplete(lake, WANTED, { ...files, ...whole('2025-03') }, rest)
        }
    },
  )

  test('REST has what it lacks, and tells so', async () => {
    for (const at of PLACES) {
      const lake = new TornLake(CALM)
      await expectComplete(lake, WANTED, { ...whole(SECOND), ...torn(FIRST, cut, at) }, 'whole')
    }
  })
})

/** Times go back by seconds while ids go on, as those of real rows do. */
const BACK = rowsAt(
  DAYS.flatMap((day) =>
    [1, 9, 18, 23].flatMap((hour) =>
      [8, 1, 4, 9, 3].map((second) =>
        micros(parseMicros(day) + BigInt(hour * 3_600 + second) * 1_000_000n),
      ),
    ),
  ),
)

test.each(CUTS.slice(0, 2))(
  'a file %s, whose times go back: what it lacks is not covered, and comes with the month',
  async (_, cut) => {
    const wanted = [FIRST, SECOND].flatMap((day) => fileOf(BACK, day))
    for (const day of [FIRST, SECOND])
      for (let at = 1; at < fileOf(BACK, day).length; at += 3) {
        const lake = new TornLake(BACK)
        const files = { ...filesOf(BACK, DAYS), [day]: cut(fileOf(BACK, day), at) }
        await lake.run(WANTED, files, 'none')
        const stored = new Set((await lake.rows()).map(({ id }) => id))
        for (const { id, time } of wanted)
          if (!stored.has(id)) expect(await lake.covers(time), `${day} ${at}: ${id}`).toBe(false)
        const ended = await lake.run(WANTED, { ...files, '2025-03': BACK }, 'none')
        expect(ended).toMatchObject({ exit: 0, summary: { complete: true } })
        expect(await lake.rows()).toEqual(wanted)
      }
  },
)

test('in whatever order files are taken, run by run, a lake is never complete without all rows', async () => {
  const span = fc.constantFrom(ALONE, [SECOND, AFTER] as const, WANTED)
  const step = fc.record({
    span,
    day: fc.constantFrom(FIRST, SECOND),
    cut: fc.constantFrom(...CUTS),
    at: fc.nat(ROWS - 1),
    published: fc.subarray([...DAYS, '2025-03']),
    rest: fc.constantFrom<Rest>('none', 'silent', 'refused', { from: 5_008n }, { from: 5_014n }),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 4 }), async (steps) => {
      const lake = new TornLake(CALM)
      for (const { span, day, cut, at, published, rest } of steps) {
        const files = { ...whole(...published), ...torn(day, cut, at) }
        await expectHonest(lake, span, await lake.run(span, files, rest))
      }
      await expectComplete(lake, WANTED, whole(...DAYS), 'none')
    }),
    { numRuns: RUNS },
  )
})

describe('whole files', () => {
  test.each(MUTE)('prove each other, REST %s', async (_, rest) => {
    await expectComplete(new TornLake(CALM), WANTED, whole(...DAYS), rest)
  })

  test.each(MUTE)('with none beside them are not believed alone, REST %s', async (_, rest) => {
    const lake = new TornLake(CALM)
    const ended = await lake.run(WANTED, whole(FIRST, SECOND), rest)
    expect(ended.summary?.complete).toBe(false)
    expect(await lake.rows()).toEqual(between(WANTED))
    await expectComplete(lake, WANTED, whole(...DAYS), rest)
  })

  test('and the month agree on where rows begin and end', async () => {
    const files = whole(FIRST, SECOND)
    const rows = between(WANTED)
    const lake = new TornLake(rows)
    await lake.run(WANTED, files, 'none')
    expect(await lake.verdict()).toMatch(/^incomplete/)
    await expectComplete(lake, WANTED, { ...files, '2025-03': rows }, 'none')
  })

  test('an end that waits for the file after it is confirmed by that file alone', async () => {
    const lake = new TornLake(CALM)
    await lake.run(ALONE, whole(BEFORE, FIRST), 'none')
    expect(await lake.verdict()).toMatch(/\(unconfirmed\)$/)
    const ended = await lake.run(WANTED, whole(...DAYS), 'none')
    expect(ended.summary?.complete).toBe(true)
    expect(lake.asked.filter((path) => path.includes(FIRST))).toEqual([])
  })

  test('a head that waits for the file before it is confirmed by that file alone', async () => {
    const lake = new TornLake(CALM)
    await lake.run([SECOND, AFTER], whole(SECOND, AFTER), 'none')
    const ended = await lake.run(WANTED, whole(...DAYS), 'none')
    expect(ended.summary?.complete).toBe(true)
    expect(lake.asked.filter((path) => path.includes(SECOND))).toEqual([])
    expect(await lake.rows()).toEqual(between(WANTED))
  })

  test('a day without a file, between files whose ids join, had no trades', async () => {
    const rows = rowsAt(
      [...fileOf(CALM, BEFORE), ...fileOf(CALM, FIRST), ...fileOf(CALM, AFTER)].map(
        ({ time }) => time,
      ),
    )
    const files = filesOf(rows, [BEFORE, FIRST, AFTER])
    for (const to of [AFTER, '2025-03-08']) {
      const lake = new TornLake(rows)
      const { summary } = await lake.run([FIRST, to], files, 'none')
      const missing = summary?.series[0]?.missing ?? []
      expect(missing.filter(({ from }) => from < parseMicros(AFTER))).toEqual([])
    }
  })
})
