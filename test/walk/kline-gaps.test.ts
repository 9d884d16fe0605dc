import { describe, expect, test } from 'vitest'
import { micros, parseMicros, periodWindow, type Micros, type Window } from '../../src/base/time.ts'
import type { Interval } from '../../src/binance/interval.ts'
import { klineGaps } from '../../src/walk/archive/file-gaps.ts'
import { klineAt } from '../support/histories.ts'
import { memFiles } from '../support/mem-files.ts'
import { pageOfRows } from '../support/stored-series.ts'

const DAY = periodWindow('2026-03-30')
const at = (time: string): Micros => parseMicros(`2026-03-30T${time}`)

/** What is missing of `part` in a file that has klines of these open times. */
function missing(interval: Interval, part: Window, opens: readonly Micros[], file = DAY): Window[] {
  const key = { market: 'spot', dataset: 'klines', symbol: 'BTCUSDT', interval } as const
  const page = pageOfRows(
    { files: memFiles(), key, partition: 'month' },
    opens.map((open) => klineAt(open)),
  )
  const known = {
    gaps: [],
    hasRowsBefore: false,
    isOtherLeft: true,
    holes: [],
    unconfirmed: [],
    now: micros(DAY.to + 86_400_000_000n),
  }
  return klineGaps(key, [page], { part, file }, known).map(({ from, to }) => ({ from, to }))
}

describe('a part that begins inside a slot', () => {
  const part = { from: at('11:07'), to: at('14:00') }
  const later = [at('12:00'), at('13:00')]

  test('lacks the rest of it where the file has no kline of it', () => {
    expect(missing('1h', part, [at('10:00'), ...later])).toEqual([
      { from: at('11:07'), to: at('12:00') },
    ])
    expect(missing('1h', part, [at('13:00')])).toEqual([{ from: at('11:07'), to: at('13:00') }])
  })

  test.each(['11:00', '11:03', '11:07', '11:30'])('lacks nothing with a kline of %s', (open) => {
    expect(missing('1h', part, [at(open), ...later])).toEqual([])
  })

  test('says nothing of a slot that began before the file', () => {
    const tuesday = periodWindow('2026-03-31')
    expect(missing('1w', tuesday, [], tuesday)).toEqual([])
  })
})
