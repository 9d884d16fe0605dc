/** Which clock is believed, case by case. Moments are seconds after some origin; the monotonic clock stands at 0. */

import { describe, expect, it } from 'vitest'
import {
  isMadeBefore,
  madeAt,
  compareClocks,
  type ClockVerdict,
  type Offset,
} from '../../src/pull/clock-check.ts'

const DAY = 86_400
const YEAR = 365 * DAY

const at = (seconds: number, lengthMs = 0): Offset => ({
  leastMs: seconds * 1_000,
  mostMs: seconds * 1_000 + lengthMs,
})

/** The verdict when `/time`, the date of its answer and the machine say so. */
function verdictOn(stated: number, dated: number | undefined, machine = 0): ClockVerdict {
  return compareClocks({
    stated: at(stated),
    dated: dated === undefined ? undefined : at(dated, 1_000),
    machineMs: machine * 1_000,
  })
}

describe('the server’s clock', () => {
  it.each([0, 0.9, 3, -3, 5.9])('is sound %d s off the date, whose second is not told', (off) => {
    expect(verdictOn(off, 0)).toEqual({ kind: 'trusted', clock: at(off) })
  })

  it.each([-YEAR, -5 * YEAR, -40 * YEAR, YEAR])(
    'is sound where the date agrees, and the machine is %d s ahead',
    (ahead) => {
      expect(verdictOn(0, 0, ahead).kind).toBe(ahead < -YEAR ? 'refused' : 'trusted')
    },
  )

  it('tells of a machine that is more than a day behind', () => {
    expect(verdictOn(2 * DAY, 2 * DAY)).toMatchObject({
      kind: 'trusted',
      note: "the exchange's clock is 2 days ahead of this machine's",
    })
    expect(verdictOn(DAY / 2, DAY / 2)).not.toHaveProperty('note')
  })

  it.each([
    ['ahead', 3_600, 0, 0],
    ['behind', -3_600, 0, -3_600],
  ])('an hour %s of the date is in doubt: the earlier counts', (_, stated, dated, notAfter) => {
    expect(verdictOn(stated, dated)).toEqual({
      kind: 'uncertain',
      clock: at(stated),
      notAfterMs: notAfter * 1_000,
      why: expect.stringContaining('60 minutes off the Date header') as string,
    })
  })

  it('days off the date, the machine decides', () => {
    const with286 = 260 * YEAR
    expect(verdictOn(with286, 10)).toMatchObject({ clock: at(10, 1_000), notAfterMs: 0 })
    expect(verdictOn(0, -20 * YEAR, 7)).toMatchObject({ clock: at(0), notAfterMs: 0 })
    expect(verdictOn(0, 20 * YEAR, -7)).toMatchObject({ clock: at(0), notAfterMs: -7_000 })
    expect(verdictOn(with286, -2 * YEAR).kind).toBe('refused')
    expect(verdictOn(with286, with286 - DAY / 2).kind).toBe('refused')
  })

  it('without a date stands as long as it is not ahead of the machine', () => {
    expect(verdictOn(-20 * YEAR, undefined).kind).toBe('trusted')
    expect(verdictOn(30, undefined).kind).toBe('trusted')
    expect(verdictOn(600, undefined)).toMatchObject({ kind: 'uncertain', notAfterMs: 0 })
    expect(verdictOn(2 * DAY, undefined).kind).toBe('refused')
  })
})

describe('the date of an answer', () => {
  const answer = (headers: Readonly<Record<string, string>>) => ({
    header: (name: string) => headers[name],
  })
  const date = 'Mon, 01 Jun 2026 00:00:30 GMT'
  const ms = Date.parse(date)

  it('is a second long, and as much longer as a cache says', () => {
    expect(madeAt(answer({ date }))).toEqual({ leastMs: ms, mostMs: ms + 1_000 })
    expect(madeAt(answer({ date, age: '60' }))).toEqual({ leastMs: ms, mostMs: ms + 61_000 })
    expect(madeAt(answer({ date, age: '999999999' }))?.mostMs).toBe(ms + 86_401_000)
    expect(madeAt(answer({ date, age: '-5' }))?.mostMs).toBe(ms + 1_000)
  })

  it.each(['', 'yesterday', '2026-06-01T00:00:30Z', 'Mon, 99 Jun 2026 00:00:30 GMT', '0'])(
    '%j is none',
    (text) => {
      expect(madeAt(answer({ date: text }))).toBeUndefined()
      expect(isMadeBefore(answer({ date: text }), Infinity)).toBe(false)
    },
  )

  it('is before a moment that its second does not reach, by more than clocks differ', () => {
    expect(isMadeBefore(answer({ date }), ms + 6_000)).toBe(false)
    expect(isMadeBefore(answer({ date }), ms + 6_001)).toBe(true)
    expect(isMadeBefore(answer({ date, age: '5' }), ms + 6_001)).toBe(false)
  })
})
