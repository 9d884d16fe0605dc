/** Up to when a request asks, in either unit that the exchange takes. */

import { expect, it } from 'vitest'
import { parseMicros } from '../../src/base/time.ts'
import { endOf } from '../../src/walk/walk.ts'

const noon = parseMicros('2026-03-01T12:00')

it.each([
  ['milliseconds', noon / 1_000n - 1n, noon],
  ['microseconds', noon - 1n, noon],
  ['the beginning of time', 0n, 1_000n],
])('%s', (_, endTime, end) => {
  expect(endOf({ endTime })).toBe(end)
})

it('none is none', () => {
  expect(endOf({})).toBeUndefined()
})
