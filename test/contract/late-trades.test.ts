/** Files of trades whose times go back while ids go on, cut by time or by id: every row once, each in its own period. */

import { expect, test } from 'vitest'
import { micros, parseMicros, type Micros } from '../../src/base/time.ts'
import { DAYS, filesOf, rowsAt, TornLake, type Files, type Row } from '../support/torn.ts'

const [, FIRST, SECOND, AFTER] = DAYS
const WANTED = [FIRST, AFTER] as const
const dayOf = ({ time }: Row): string => new Date(Number(time / 1000n)).toISOString().slice(0, 10)
const isWanted = (row: Row): boolean => [FIRST, SECOND].some((day) => day === dayOf(row))

/** Each file ends right before the first row of a later day, whatever comes after it. */
function cutById(rows: readonly Row[]): Files {
  const files: Record<string, Row[]> = {}
  let newest = ''
  for (const row of rows) {
    if (dayOf(row) > newest) newest = dayOf(row)
    ;(files[newest] ??= []).push(row)
  }
  return files
}

/** Each file begins right behind the last row of an earlier day, whatever came before it. */
function cutByLastId(rows: readonly Row[]): Files {
  const files: Record<string, Row[]> = {}
  let oldest = '9'
  for (const row of [...rows].reverse()) {
    if (dayOf(row) < oldest) oldest = dayOf(row)
    ;(files[oldest] ??= []).unshift(row)
  }
  return files
}

const WAYS = {
  'by time': (rows: readonly Row[]): Files => filesOf(rows, DAYS),
  'by the first id of a day': cutById,
  'by the last id of a day': cutByLastId,
}

/** Rows around a moment, `back` microseconds apart in turns. */
function around(moment: Micros, back: bigint, count: number): Micros[] {
  return Array.from({ length: count }, (_, i) =>
    micros(moment + (i % 2 === 0 ? back - back / 3n : -(back / 3n))),
  )
}

function history(moment: Micros, back: bigint, count: number): readonly Row[] {
  const calm = DAYS.flatMap((day) =>
    [3n, 12n, 20n].map((hour) => micros(parseMicros(day) + hour * 3_600_000_000n)),
  )
  const rest = calm.filter((time) => time < moment - back || time > moment + back)
  const at = rest.findIndex((time) => time > moment)
  return rowsAt([...rest.slice(0, at), ...around(moment, back, count), ...rest.slice(at)])
}

const BACKS = [1n, 999n, 1_000n, 932_000n, 1_500_000n, 11_000_000n, 600_000_000n, 3_000_000_000n]
/** Where times go back, and by how much: at the edges of what is wanted, no farther than is taken to be by right. */
const PLACES = [`${FIRST}T00:00`, `${FIRST}T12:30`, `${SECOND}T00:00`, `${AFTER}T00:00`].flatMap(
  (text) => {
    const isEdge = text !== `${FIRST}T12:30` && text !== `${SECOND}T00:00`
    const backs = BACKS.filter((back) => !isEdge || back < 10_000_000n)
    return backs.map((back) => ({ moment: parseMicros(text), back }))
  },
)

async function expectWhole(lake: TornLake, truth: readonly Row[]): Promise<void> {
  const rows = await lake.rows()
  expect(rows.filter(isWanted).sort((a, b) => Number(a.id - b.id))).toEqual(truth.filter(isWanted))
  expect(await lake.verdict(WANTED)).toBe('complete')
}

test.each(Object.entries(WAYS))(
  'files cut %s: none is lost, at whatever distance',
  async (_, cut) => {
    for (const { moment, back } of PLACES) {
      const truth = history(moment, back, 4)
      const lake = new TornLake(truth)
      const about = `${moment} ${back}`
      const ended = await lake.run(WANTED, cut(truth), 'none')
      expect(ended.summary?.series[0]?.missing, about).toEqual([])
      await expectWhole(lake, truth)
      const warnings = ended.events.filter(({ kind }) => kind === 'warning')
      expect(warnings.length, about).toBeLessThanOrEqual(1)
      await lake.run(WANTED, cut(truth), 'none')
      expect(lake.asked).toEqual([])
    }
  },
)
