/** Which source a stretch comes from: the one that takes less time. */

import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { periodWindow, type Window } from '../../src/base/time.ts'
import { archivePeriods } from '../../src/binance/archive.ts'
import type { Interval } from '../../src/binance/interval.ts'
import type { SeriesKey } from '../../src/binance/series.ts'
import { cheapest, isSmall, type Piece } from '../../src/plan/choose.ts'
import { fullPage, restSeconds } from '../../src/plan/cost.ts'
import { paceOf } from '../../src/plan/estimate.ts'
import { fromRest, type SeriesPlan } from '../../src/plan/plan.ts'
import type { PublishedFile } from '../../src/plan/published.ts'
import { splitSeries, withoutListing } from '../../src/plan/split.ts'
import { speedOf, type Measured } from '../../src/plan/speed.ts'
import { seriesPlan, window } from '../support/cli-values.ts'
import { NOW } from '../support/simulator.ts'

const ALLOWED = { weightPerMinute: 5_400, pagesAtOnce: 8 }
const SPEED = speedOf(ALLOWED)
const NOTHING = { covered: [], gaps: [], rows: 0, bytes: 0 }

/** A series that lacks `missing`, and all of its files, of so many bytes a day. */
function planOf(
  key: SeriesKey,
  missing: Window,
  bytesPerDay: number,
): { readonly plan: SeriesPlan; readonly files: readonly PublishedFile[] } {
  const plan = seriesPlan({ key, missing: [missing], pace: paceOf(key, NOTHING) })
  const files = archivePeriods(key, missing, NOW).map(({ period, window: { from, to } }) => {
    const sizeBytes = 150 + Math.round((bytesPerDay * Number(to - from)) / 86_400_000_000)
    return { period, window: { from, to }, path: `${period}.zip`, sizeBytes }
  })
  return { plan: { ...plan, ...fromRest(plan, SPEED) }, files }
}

function klines(interval: Interval): SeriesKey {
  return { market: 'spot', dataset: 'klines', symbol: 'BTCUSDT', interval }
}

describe('by what was measured nowhere yet', () => {
  test('nine years of weekly klines come from REST, and the archive is not even asked', () => {
    const { plan, files } = planOf(klines('1w'), window('2017-08-01', '2026-11-01'), 10)
    expect(files.length).toBe(111)
    expect(withoutListing(plan, SPEED)).toMatchObject({
      restFirst: plan.missing,
      sources: [{ source: 'rest', why: 'faster' }],
    })
    const split = splitSeries(plan, files, SPEED)
    expect(split.archive).toBeUndefined()
    expect(split.tasks).toMatchObject([{ source: 'rest', window: plan.missing[0] }])
    const [share] = split.sources
    expect(share).toMatchObject({ source: 'rest', why: 'faster' })
    expect(share!.otherSeconds!).toBeGreaterThan(10 * share!.seconds)
  })

  test('years of minutes come from monthly files, the days of the open month from REST', () => {
    const missing = window('2024-01-01', '2026-11-20')
    const { plan, files } = planOf(klines('1m'), missing, 65_000)
    const split = splitSeries(plan, files, SPEED)
    expect(split.tasks.map(({ source }) => source)).toEqual(['archive', 'rest'])
    expect(split.archive?.files).toBe(34)
    expect(split.restFirst).toEqual([window('2026-11-01', '2026-11-20')])
    expect(split.rows).toBe((Number(missing.to - missing.from) / 60_000_000) | 0)
  })

  test('trades come from files, however few', () => {
    const key: SeriesKey = { market: 'spot', dataset: 'trades', symbol: 'BTCUSDT' }
    const { plan, files } = planOf(key, window('2026-11-18', '2026-11-20'), 30_000_000)
    expect(isSmall(key, plan.missing, plan.pace, SPEED)).toBe(false)
    const split = splitSeries(plan, files, SPEED)
    expect(split.archive?.files).toBe(2)
    expect(split.restFirst).toEqual([])
    // 17 bytes a row, not two million rows a day.
    expect(split.rows).toBeGreaterThan(3_500_000)
    expect(split.rows).toBeLessThan(3_600_000)
    expect(split.pace.isGuess).toBe(false)
  })

  test('what is older than the first file by far is expected to be nothing', () => {
    const { plan, files } = planOf(klines('1m'), window('2017-01-01', '2026-11-01'), 65_000)
    const young = files.filter(({ period }) => period >= '2026-06')
    const { rows, requests } = splitSeries(plan, young, SPEED)
    expect(rows).toBe(153 * 1_440)
    expect(requests).toBe(1)
  })
})

describe('by what was measured', () => {
  const { plan, files } = planOf(klines('5m'), window('2026-01-01', '2026-11-01'), 12_000)
  const sourcesAt = (measured: Measured): unknown =>
    splitSeries(plan, files, speedOf(ALLOWED, measured)).sources.map(({ source }) => source)

  test('a slow archive leaves it to REST, and a slow exchange to the archive', () => {
    expect(sourcesAt({ fileSeconds: 3, pageSeconds: 0.05 })).toEqual(['rest'])
    expect(sourcesAt({ fileSeconds: 0.02, pageSeconds: 2 })).toEqual(['archive'])
    expect(sourcesAt({ fileSeconds: 0.02, bytesPerSecond: 20_000 })).toEqual(['rest'])
  })

  test('a source that the job names is taken, whatever it costs', () => {
    const settings = { ...plan.settings, source: 'archive' } as const
    const speed = speedOf(ALLOWED, { fileSeconds: 1_000 })
    const split = splitSeries({ ...plan, settings }, files, speed)
    expect(split.sources).toMatchObject([{ source: 'archive', why: 'asked' }])
    expect(withoutListing({ ...plan, settings }, SPEED)).toBeUndefined()
  })

  test('of two figures the first is taken: this run, then the runs before', () => {
    const speed = speedOf(ALLOWED, { pageSeconds: 1 }, { pageSeconds: 2, fileSeconds: 3 })
    expect(speed).toMatchObject({ pageSeconds: 1, fileSeconds: 3, bytesPerSecond: 10_000_000 })
    expect(speed.measured).toEqual({ pageSeconds: 1, fileSeconds: 3 })
  })
})

describe('whatever the pieces cost', () => {
  const KEY = klines('1m')
  const piece = fc.record({
    rest: fc.double({ min: 0, max: 5, noNaN: true }),
    archive: fc.option(fc.double({ min: 0, max: 5, noNaN: true }), { nil: Infinity }),
  })
  const speeds = fc.record({
    pageSeconds: fc.double({ min: 0.001, max: 2, noNaN: true }),
    fileSeconds: fc.double({ min: 0.001, max: 2, noNaN: true }),
  })

  test('no other choice takes less, and what no file has is never of the archive', () => {
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 8 }), speeds, (costs, measured) => {
        const speed = speedOf(ALLOWED, measured)
        const pieces = costs.map((cost): Piece => ({ ...cost, window: DAY, file: undefined }))
        const best = cheapest(KEY, pieces, speed)
        const total = (choice: readonly ('rest' | 'archive')[]): number =>
          choice.reduce((sum, source, index) => {
            const isNew = choice[index - 1] !== source
            const begin =
              source === 'archive'
                ? speed.fileSeconds
                : speed.pageSeconds + restSeconds(KEY, fullPage(KEY), speed)
            return sum + (isNew ? begin : 0) + pieces[index]![source]
          }, 0)
        for (let mask = 0; mask < 2 ** pieces.length; mask++) {
          const other = pieces.map((_, index) => ((mask >> index) & 1 ? 'archive' : 'rest'))
          expect(total(best)).toBeLessThanOrEqual(total(other) + 1e-9)
        }
        for (const [index, { archive }] of pieces.entries())
          if (archive === Infinity) expect(best[index]).toBe('rest')
      }),
    )
  })
})

const DAY: Window = periodWindow('2026-11-01')
