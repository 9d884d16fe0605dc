/** Silences of files whose ids are sparse: each that is too long, once, however the rows are cut into pages. */

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { micros, parseMicros, periodWindow } from '../../src/base/time.ts'
import type { SeriesKey } from '../../src/binance/series.ts'
import { Silences } from '../../src/walk/archive/silences.ts'
import type { OpenFile } from '../../src/walk/archive/archive-run.ts'

const KEY: SeriesKey = { market: 'um', dataset: 'trades', symbol: 'BTCUSDT' }
const HOUR = 3_600_000_000n
const KNOWN = { agreed: [], unconfirmed: [], now: parseMicros('2026-01-01'), hasRowsBefore: true }

/** A file of so many bytes, of which all is wanted, or a part. */
function fileOf(period: string, sizeBytes: number, part = periodWindow(period)): OpenFile {
  const window = periodWindow(period)
  const file = { period, window, path: 'x', sizeBytes }
  return { file, part, archive: { file: { sizeBytes } } } as unknown as OpenFile
}

const BUSY = 20_000_000
const steps = fc.array(fc.constantFrom(0n, 1n, 1_000n, HOUR - 1n, HOUR, HOUR + 1n, 2n * HOUR), {
  minLength: 1,
  maxLength: 40,
})

test('between rows: every stretch of more than an hour, whatever the pages', () => {
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 9 }), (pauses, pageRows) => {
      let time = parseMicros('2024-03-01')
      const times = pauses.map((pause) => (time = micros(time + pause)))
      const silences = new Silences(KEY, fileOf('2024-03', BUSY), KNOWN)
      const found: unknown[] = []
      for (let row = 0; row < times.length; row += pageRows) {
        const page = BigInt64Array.from(times.slice(row, row + pageRows))
        found.push(...silences.jumps({ times: page, rowCount: page.length }).map(({ gap }) => gap))
      }
      const sorted = [...times].sort((a, b) => (a < b ? -1 : 1))
      const expected = sorted.slice(1).flatMap((to, row) => {
        const from = micros(sorted[row]! + 1n)
        return to - from > HOUR ? [{ from, to, reason: 'not-published' }] : []
      })
      expect(found).toEqual(expected)
    }),
  )
})

test('no row lies in a silence, also where times go back after it', () => {
  const from = parseMicros('2024-03-01')
  const times = [0n, 5n, 2n * HOUR, 2n * HOUR - 3_000n, 2n * HOUR + 7n].map((at) => from + at)
  const silences = new Silences(KEY, fileOf('2024-03-01', BUSY), KNOWN)
  const page = { times: BigInt64Array.from(times), rowCount: times.length }
  expect(silences.jumps(page).map(({ gap }) => [gap.from - from, gap.to - from])).toEqual([
    [6n, 2n * HOUR - 3_000n],
  ])
  expect(silences.end().map(({ gap }) => gap.from - from)).toEqual([2n * HOUR + 8n])
})

test.each([
  ['a busy contract', BUSY, 61n * 60_000_000n, true],
  ['a busy contract, within the hour', BUSY, 59n * 60_000_000n, false],
  ['a quiet one', 17_000, 2n * HOUR, false],
  ['one that hardly trades', 400, 24n * HOUR, false],
])('%s: %d bytes a day, silent for %d µs: %s', (_, sizeBytes, length, isSilent) => {
  const silences = new Silences(KEY, fileOf('2024-03-02', sizeBytes), KNOWN)
  const from = parseMicros('2024-03-02')
  expect(silences.between(from, micros(from + length))).toHaveLength(isSilent ? 1 : 0)
})

test('who agrees decides the reason; only what is wanted is told', () => {
  const from = parseMicros('2024-03-02T06:00')
  const to = parseMicros('2024-03-02T12:00')
  const day = fileOf('2024-03-02', BUSY)
  const reasons = (
    open: OpenFile,
    known: Partial<ConstructorParameters<typeof Silences>[2]>,
    isHead = false,
  ) =>
    new Silences(KEY, open, { ...KNOWN, ...known })
      .between(from, to, isHead)
      .map(({ gap }) => gap.reason)
  expect(reasons(day, {})).toEqual(['unconfirmed'])
  expect(reasons(day, { agreed: [{ from, to }] })).toEqual(['outage'])
  expect(reasons(day, { unconfirmed: [{ from, to }] })).toEqual(['outage'])
  // The same answer at once is no second one.
  expect(reasons(day, { unconfirmed: [{ from, to }], now: micros(to + HOUR) })).toEqual([
    'unconfirmed',
  ])
  expect(reasons(day, { agreed: [{ from, to }], hasRowsBefore: false }, true)).toEqual([
    'before-listing',
  ])
  const month = fileOf('2024-03', BUSY)
  expect(reasons(month, { agreed: [{ from, to }] })).toEqual(['not-published'])
  const part = fileOf('2024-03-02', BUSY, {
    from: parseMicros('2024-03-02T10:00'),
    to: parseMicros('2024-03-03'),
  })
  const [jump] = new Silences(KEY, part, KNOWN).between(from, to)
  expect(jump?.gap).toMatchObject({ from: part.part.from, to })
})
