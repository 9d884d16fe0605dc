/** Files of trades that lack rows at an end: found out by whoever else knows, and never believed alone. */

import { describe, expect, test } from 'vitest'
import {
  CALM,
  DAYS,
  fileOf,
  filesOf,
  TornLake,
  type Files,
  type Rest,
  type Row,
} from '../support/torn.ts'

const [BEFORE, FIRST, SECOND, AFTER] = DAYS
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
/** A cut at every row. */
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
  const verdict = await lake.verdict()
  const about = `${JSON.stringify(ended.summary?.series[0], (_, v) => (typeof v === 'bigint' ? String(v) : v))} ${verdict}`
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
const RESTS: readonly Rest[] = ['none', 'silent', 'refused', { from: 5_014n }, { from: 5_017n }]

describe.each(CUTS)('a file %s', (...cut) => {
  const lines = Array.from({ length: ROWS }, (_, at) => at).filter((at) => {
    const rows = cut[1](fileOf(CALM, FIRST), at).length
    return rows > 0 && rows < ROWS
  })

  test.each(
    RESTS.map(
      (rest) =>
        [JSON.stringify(rest, (_, v) => (typeof v === 'bigint' ? String(v) : v)), rest] as const,
    ),
  )(
    'beside a whole one, REST %s: missing at that place, until the month is there',
    async (_, rest) => {
      for (const day of [FIRST, SECOND])
        for (const at of lines) {
          const lake = new TornLake(CALM)
          const files = { ...whole(BEFORE, FIRST, SECOND, AFTER), ...torn(day, cut, at) }
          const ended = await lake.run(WANTED, files, rest)
          expect(ended.summary?.complete).toBe(false)
          await expectHonest(lake, WANTED, ended)
          await expectComplete(lake, WANTED, { ...files, ...whole('2025-03') }, rest)
        }
    },
  )
})
