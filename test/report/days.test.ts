import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { GapReason } from '../../src/base/gap.ts'
import { micros, parseMicros, type Window } from '../../src/base/time.ts'
import { barStates, barStep, dayRow, daysText, type DayFacts } from '../../src/report/days.ts'

function window(from: string, to: string): Window {
  return { from: parseMicros(from), to: parseMicros(to) }
}

function gap(reason: GapReason, from: string, to: string): DayFacts['gaps'][number] {
  return { ...window(from, to), reason }
}

function painted(facts: Partial<DayFacts>): string {
  const row = dayRow({ covered: [], missing: [], gaps: [], revised: [], ...facts })
  if (row === undefined) return ''
  const { first, runs } = daysText(row)
  return `${first} ${runs}`
}

describe('the days of a series', () => {
  test('that holds nothing are none', () => {
    expect(painted({})).toBe('')
  })

  test('are covered, missing, or missing in part', () => {
    const facts = {
      covered: [window('2024-01-01', '2024-01-03T12:00'), window('2024-01-06', '2024-01-07')],
      missing: [window('2024-01-03T12:00', '2024-01-06')],
    }
    expect(painted(facts)).toBe('2024-01-01 c2m½1m2c1')
  })

  test('end where the last window ends, not a day later', () => {
    expect(painted({ covered: [window('2024-02-28', '2024-03-01')] })).toBe('2024-02-28 c2')
    expect(painted({ covered: [window('2024-02-28', '2024-03-01T00:00:00.000001')] })).toBe(
      '2024-02-28 c2c¼1',
    )
  })

  test.each<[GapReason, string]>([
    ['outage', '2024-01-01 c1o¼1c1'],
    ['unavailable-from-rest', '2024-01-01 c3'],
    ['not-published', '2024-01-01 c3'],
  ])('within coverage: %s', (reason, expected) => {
    const gaps = [gap(reason, '2024-01-02T02:00', '2024-01-02T06:00')]
    expect(painted({ covered: [window('2024-01-01', '2024-01-04')], gaps })).toBe(expected)
  })

  test.each<[GapReason, string]>([
    ['outage', '2024-01-01 c1m1c1'],
    ['unavailable-from-rest', '2024-01-01 c1u1c1'],
    ['not-published', '2024-01-01 c1n1c1'],
  ])('where a day is missing: %s', (reason, expected) => {
    const facts = {
      covered: [window('2024-01-01', '2024-01-02'), window('2024-01-03', '2024-01-04')],
      missing: [window('2024-01-02', '2024-01-03')],
      gaps: [gap(reason, '2024-01-02', '2024-01-03')],
    }
    expect(painted(facts)).toBe(expected)
  })

  test('of changed rows are told, unless something worse is', () => {
    const facts = {
      covered: [window('2024-01-01', '2024-01-04')],
      revised: [parseMicros('2024-01-01T23:59'), parseMicros('2024-01-03')],
      gaps: [gap('outage', '2024-01-03', '2024-01-03T01:00')],
    }
    expect(painted(facts)).toBe('2024-01-01 r1c1o¼1')
  })

  test('before a listing are left out when there are years of them', () => {
    const facts = {
      covered: [window('1970-01-01', '2024-01-03')],
      gaps: [gap('before-listing', '1970-01-01', '2024-01-01T08:00')],
    }
    expect(painted(facts)).toBe('2024-01-01 b¼1c1')
  })

  test('after a delisting too', () => {
    const facts = {
      covered: [window('2024-01-01', '2026-01-01')],
      gaps: [gap('after-delisting', '2024-01-02T08:00', '2026-01-01')],
    }
    expect(painted(facts)).toBe('2024-01-01 c1a½1')
  })

  test('before 1970 are counted right', () => {
    expect(painted({ covered: [window('1969-12-31', '1970-01-02')] })).toBe('1969-12-31 c2')
  })
})

describe('a part of a day', () => {
  test('is told in quarters, and never passes for all of it or nothing', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 86_399_999_999n }), (amount) => {
        const from = parseMicros('2024-01-01')
        const missing = [{ from, to: micros(from + amount) }]
        const covered = [{ from: micros(from + amount), to: parseMicros('2024-01-02') }]
        const share = /m(.)1$/.exec(painted({ covered, missing }))?.[1]
        const quarters = Number((amount * 4n) / 86_400_000_000n)
        expect(share).toBe(['¼', '¼', '½', '¾'][quarters])
      }),
    )
  })

  test('is the sum of its parts', () => {
    const missing = [
      window('2024-01-01', '2024-01-01T06:00'),
      window('2024-01-01T12:00', '2024-01-01T18:00'),
    ]
    expect(painted({ covered: [window('2024-01-01T06:00', '2024-01-01T12:00')], missing })).toBe(
      '2024-01-01 m½1',
    )
  })

  test('is a cell of its own where bars have room for it', () => {
    const facts = { covered: [window('2024-01-01', '2024-01-03')], missing: [], revised: [] }
    const gaps = [gap('outage', '2024-01-02T02:00', '2024-01-02T06:00')]
    const row = dayRow({ ...facts, gaps }, barStep(2))!
    expect(row.cells.join('')).toBe(`${'c'.repeat(26)}oooo${'c'.repeat(18)}`)
    expect([barStep(16), barStep(100), barStep(3000)]).toEqual([
      3_600_000_000n,
      21_600_000_000n,
      86_400_000_000n,
    ])
  })
})

describe('a bar', () => {
  const DAY = 86_400_000_000n
  test('shows a missing day however narrow it is', () => {
    const missing = fc.integer({ min: 0, max: 2999 })
    const columns = fc.integer({ min: 1, max: 500 })
    fc.assert(
      fc.property(missing, columns, (day, width) => {
        const at = (days: number): Window['from'] => micros(BigInt(days) * DAY)
        const row = dayRow({
          covered: [{ from: at(0), to: at(3000) }],
          missing: [{ from: at(day), to: at(day + 1) }],
          gaps: [],
          revised: [],
        })!
        const states = barStates(row, { first: 0, count: 3000, columns: width })
        expect(states).toHaveLength(width)
        expect(states.filter((state) => state === 'm')).toHaveLength(1)
      }),
    )
  })

  test('leaves the days of other series blank', () => {
    const row = dayRow({
      covered: [window('2024-01-02', '2024-01-03')],
      missing: [],
      gaps: [],
      revised: [],
    })!
    expect(barStates(row, { first: row.first - 1, count: 3, columns: 400 })).toEqual([
      '-',
      'c',
      '-',
    ])
  })
})
