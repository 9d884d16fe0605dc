/** What an empty answer is worth where a walk by id ends. */

import { describe, expect, it } from 'vitest'
import { micros, parseMicros, type Micros } from '../../src/base/time.ts'
import { oldBefore } from '../../src/binance/lag.ts'
import { judgeEnd, type EndEvidence } from '../../src/walk/id-end.ts'

const NOW = parseMicros('2026-03-10')
const old = oldBefore(NOW)
const before = (seconds: number): Micros => micros(old - BigInt(seconds) * 1_000_000n)
const stretch = { from: before(7_200), to: old }
const young = { from: stretch.from, to: micros(old + 1n) }

function verdict(evidence: Partial<EndEvidence>): string {
  return judgeEnd({ stretch, expected: 10n, newest: undefined, now: NOW, ...evidence })
}

describe('the newest row', () => {
  it('agrees when it is the last that came and the stretch is two days old', () => {
    const newest = { id: 9n, time: stretch.from }
    expect(verdict({ newest })).toBe('empty')
    expect(verdict({ newest, stretch: young })).toBe('unconfirmed')
  })

  it('contradicts when its id is the next one or a later one, whatever its time', () => {
    expect(verdict({ newest: { id: 10n, time: before(99_999) } })).toBe('contradicted')
    expect(verdict({ newest: { id: 99n, time: before(0) } })).toBe('contradicted')
  })

  it('of a lower id is of another count when it is later, and of a lagging host when it is not', () => {
    expect(verdict({ newest: { id: 3n, time: before(60) } })).toBe('restarted')
    expect(verdict({ newest: { id: 8n, time: before(9_000) } })).toBe('unconfirmed')
  })

  it('is named by nobody: nothing is confirmed', () => {
    expect(verdict({})).toBe('unconfirmed')
    expect(verdict({ expected: undefined })).toBe('unconfirmed')
  })

  it('where no row was found by time, agrees when it is older than the stretch', () => {
    const none = { expected: undefined }
    expect(verdict({ ...none, newest: { id: 9n, time: before(7_201) } })).toBe('empty')
    expect(verdict({ ...none, newest: { id: 9n, time: before(7_201) }, stretch: young })).toBe(
      'unconfirmed',
    )
    expect(verdict({ ...none, newest: { id: 9n, time: before(60) } })).toBe('contradicted')
  })
})
