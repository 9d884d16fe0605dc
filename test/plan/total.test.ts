import { describe, expect, test } from 'vitest'
import type { Cost } from '../../src/plan/estimate.ts'
import { speedOf } from '../../src/plan/speed.ts'
import type { Task } from '../../src/plan/task.ts'
import { totalSeconds } from '../../src/plan/total.ts'
import { seriesPlan, window } from '../support/cli-values.ts'

const SPEED = speedOf(
  { weightPerMinute: 600, pagesAtOnce: 4 },
  { pageSeconds: 0.4, fileSeconds: 0.3, bytesPerSecond: 1_000_000 },
)
const { key } = seriesPlan({})
const DAY = window('2026-01-01', '2026-01-02')
const NOTHING: Cost = { requests: 0, weight: 0, rows: 0, bytes: 0, seconds: 0 }

function rest(cost: Partial<Cost>): Task {
  return { key, source: 'rest', window: DAY, cost: { ...NOTHING, ...cost } }
}

function archive(bytes: number, seconds: number): Task {
  const file = { period: '2026-01-01', window: DAY, path: 'a.zip', sizeBytes: bytes }
  return {
    key,
    source: 'archive',
    window: DAY,
    files: [file],
    cost: { ...NOTHING, bytes, seconds },
  }
}

describe('a run takes as long as', () => {
  test('weight at the budget', () => {
    expect(totalSeconds([[rest({ requests: 10, weight: 250 })]], SPEED)).toBe(25)
  })

  test('latency, with so many requests in flight', () => {
    expect(totalSeconds([[rest({ requests: 100, weight: 20 })]], SPEED)).toBe(10)
  })

  test('what one processor makes of the rows', () => {
    expect(totalSeconds([[rest({ requests: 1, weight: 1, rows: 3_000_000 })]], SPEED)).toBe(30)
  })

  test('the files of all series, one after the other on the line', () => {
    const series = [[archive(5_000_000, 5)], [archive(7_000_000, 7)]]
    expect(totalSeconds(series, SPEED)).toBeCloseTo(12 + 2 * 0.12)
  })

  test('the slower of both sources where series are side by side, and their sum in one series', () => {
    const pages = rest({ requests: 1, weight: 90, seconds: 9 })
    expect(totalSeconds([[archive(5_000_000, 5)], [pages]], SPEED)).toBe(9)
    expect(totalSeconds([[archive(5_000_000, 5), pages]], SPEED)).toBe(14)
    expect(totalSeconds([], SPEED)).toBe(0)
  })
})
