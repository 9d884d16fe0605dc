/** The manifest's algebra, case by case; its laws are in test/store/ledger.property.test.ts. */

import { describe, expect, it } from 'vitest'
import type { Gap } from '../../src/base/gap.ts'
import { parseMicros, periodWindow, type Window } from '../../src/base/time.ts'
import type { FooterFacts } from '../../src/store/footer.ts'
import { endBefore, firstIdAfter, isEndContiguous, nextIdAt } from '../../src/store/id-ends.ts'
import {
  cover,
  emptyManifest,
  factsOf,
  forget,
  forgetRows,
  joinGaps,
  record,
  relist,
  restated,
} from '../../src/store/ledger.ts'
import type { Manifest } from '../../src/store/manifest.ts'

const KLINES = { market: 'spot', dataset: 'klines', symbol: 'BTCUSDT', interval: '1h' } as const
const TRADES = { market: 'spot', dataset: 'aggTrades', symbol: 'BTCUSDT' } as const

const W = (from: string, to: string): Window => ({ from: parseMicros(from), to: parseMicros(to) })
const gap = (from: string, to: string, reason: Gap['reason']): Gap => ({ ...W(from, to), reason })

/** A day of trades with ids from `first` to `last`. */
function day(
  period: string,
  first: number,
  last: number,
  more: Partial<FooterFacts> = {},
): FooterFacts {
  return {
    key: TRADES,
    period,
    partition: 'day',
    numbers: 'string',
    coverage: [periodWindow(period)],
    gaps: [],
    sources: ['rest'],
    firstKey: String(first),
    lastKey: String(last),
    proof: {},
    archives: {},
    revisions: [],
    ...more,
  }
}

const FILE = { rows: 1, bytes: 1, sha256: '' }
const stored = (...days: readonly FooterFacts[]): Manifest =>
  days.reduce(
    (manifest, facts) => record(manifest, facts, FILE),
    emptyManifest(TRADES, 'string', 'day'),
  )

describe('nextIdAt', () => {
  const noon = parseMicros('2026-03-01T12:00')

  it('goes on after a whole day', () => {
    expect(nextIdAt(stored(day('2026-03-01', 5, 9)), parseMicros('2026-03-02'))).toBe(10n)
  })

  it('goes on within a day that is covered up to there', () => {
    const half = day('2026-03-01', 5, 9, {
      coverage: [{ from: parseMicros('2026-03-01'), to: noon }],
    })
    expect(nextIdAt(stored(half), noon)).toBe(10n)
  })

  it('goes on at an end that nothing confirmed, and where coverage ends within the millisecond', () => {
    const last = parseMicros('2026-03-01T12:00:00.000400')
    const open = day('2026-03-01', 5, 9, {
      coverage: [{ from: parseMicros('2026-03-01'), to: last }],
      gaps: [{ from: last, to: parseMicros('2026-03-02'), reason: 'unconfirmed' }],
    })
    expect(nextIdAt(stored(open), noon)).toBe(10n)
    expect(nextIdAt(stored(open), last)).toBe(10n)
  })

  it('goes on after covered days without rows', () => {
    const quiet = day('2026-03-01', 5, 9, { coverage: [W('2026-03-01', '2026-03-04T06:00')] })
    expect(nextIdAt(stored(quiet), parseMicros('2026-03-04T06:00'))).toBe(10n)
  })

  it.each([
    ['the day is not covered from its begin', [W('2026-03-01T06:00', '2026-03-01T12:00')], []],
    [
      'the file has rows of later that day',
      [W('2026-03-01', '2026-03-01T12:00'), W('2026-03-01T20:00', '2026-03-02')],
      [],
    ],
    [
      'rows beyond a stretch that was not answered may be stored already',
      [W('2026-03-01', '2026-03-01T12:00')],
      [gap('2026-03-01T12:00', '2026-03-01T13:00', 'unavailable-from-rest')],
    ],
  ])('tells nothing where %s', (_, coverage, gaps) => {
    expect(nextIdAt(stored(day('2026-03-01', 5, 9, { coverage, gaps })), noon)).toBeUndefined()
  })

  it('tells nothing without rows', () => {
    expect(nextIdAt(stored(), noon)).toBeUndefined()
  })
})

describe('isEndContiguous', () => {
  const noon = parseMicros('2026-03-02T12:00')
  const at = (rows: number, first: number): boolean => {
    const before = day('2026-03-01', 1, 4)
    const half = day('2026-03-02', first, 9, {
      coverage: [{ from: parseMicros('2026-03-02'), to: noon }],
    })
    const manifest = record(stored(), before, { ...FILE, rows: 4 })
    const both = record(manifest, half, { ...FILE, rows })
    return isEndContiguous(both, endBefore(both, noon)!)
  }

  it('counts the ids of all files of the stretch', () => {
    expect(at(5, 5)).toBe(true)
    // Id 3 is of the second day, which has one of its own less.
    expect(at(6, 3)).toBe(false)
    expect(at(4, 5)).toBe(false)
  })
})

describe('firstIdAfter', () => {
  const days = stored(day('2026-03-04', 12, 20), day('2026-03-01', 1, 9))

  it('is that of the next day that has rows', () => {
    expect(firstIdAfter(days, parseMicros('2026-03-01'))).toBe(1n)
    expect(firstIdAfter(days, parseMicros('2026-03-01T00:00:01'))).toBe(12n)
    expect(firstIdAfter(days, parseMicros('2026-03-04'))).toBe(12n)
  })

  it('is not known where nothing is stored of later days', () => {
    expect(firstIdAfter(days, parseMicros('2026-03-04T00:00:01'))).toBeUndefined()
    expect(firstIdAfter(stored(), parseMicros('2026-03-01'))).toBeUndefined()
  })
})

describe('cover', () => {
  const known = cover(emptyManifest(KLINES, 'string', 'day'), {
    window: W('2026-03-01', '2026-03-03'),
    gaps: [gap('2026-03-01T05:00', '2026-03-01T07:00', 'outage')],
    fresh: [W('2026-03-02T22:00', '2026-03-03')],
  })

  it('keeps what was covered when asking again gets no answer', () => {
    const window = W('2026-03-01', '2026-03-02')
    const again = cover(known, {
      window,
      gaps: [{ ...window, reason: 'unavailable-from-rest' }],
      fresh: [],
    })
    expect(again).toEqual(known)
  })

  it('takes a gap back when its rows come', () => {
    const window = W('2026-03-01T05:00', '2026-03-01T06:00')
    expect(cover(known, { window, gaps: [], fresh: [] }).gaps).toEqual([
      gap('2026-03-01T06:00', '2026-03-01T07:00', 'outage'),
    ])
  })

  it('calls young rows old once they were asked for again', () => {
    const window = W('2026-03-02T22:00', '2026-03-02T23:00')
    expect(cover(known, { window, gaps: [], fresh: [] }).fresh).toEqual([
      W('2026-03-02T23:00', '2026-03-03'),
    ])
  })
})

describe('joinGaps', () => {
  it.each([
    ['outage', 'outage', 'outage'],
    ['before-listing', 'outage', 'before-listing'],
    ['outage', 'after-delisting', 'after-delisting'],
  ] as const)('%s and %s that touch are one %s', (first, second, joined) => {
    expect(
      joinGaps([gap('2026-03-02', '2026-03-03', second), gap('2026-03-01', '2026-03-02', first)]),
    ).toEqual([gap('2026-03-01', '2026-03-03', joined)])
  })

  it.each([
    ['outage', 'unavailable-from-rest'],
    ['after-delisting', 'outage'],
    ['before-listing', 'after-delisting'],
  ] as const)('%s and %s stay two', (first, second) => {
    const gaps = [gap('2026-03-01', '2026-03-02', first), gap('2026-03-02', '2026-03-03', second)]
    expect(joinGaps(gaps)).toEqual(gaps)
  })
})

describe('relist', () => {
  it('makes outages of delistings that rows followed', () => {
    const gaps = [
      gap('2026-03-01', '2026-03-02', 'after-delisting'),
      gap('2026-03-05', '2026-03-06', 'after-delisting'),
    ]
    expect(relist(gaps, parseMicros('2026-03-03'))).toEqual([
      gap('2026-03-01', '2026-03-02', 'outage'),
      gap('2026-03-05', '2026-03-06', 'after-delisting'),
    ])
  })
})

describe('record', () => {
  it('replaces what was known of its time and of its revisions, and keeps the rest', () => {
    const revision = { period: '2026-03-01', key: '5', time: '', old: {}, new: {} }
    const other = { ...revision, period: '2026-03-02' }
    const before = stored(
      day('2026-03-01', 5, 9, { revisions: [revision] }),
      day('2026-03-02', 10, 19, { revisions: [other] }),
    )
    const { revisions, partitions } = record(before, day('2026-03-01', 5, 9), { ...FILE, rows: 7 })
    expect(revisions).toEqual([other])
    expect(partitions.get('2026-03-01')?.rows).toBe(7)
    expect(partitions.get('2026-03-02')).toEqual(before.partitions.get('2026-03-02'))
  })
})

describe('factsOf and restated', () => {
  const silent = cover(stored(day('2026-03-01', 5, 9)), {
    window: W('2026-03-02', '2026-03-04'),
    gaps: [],
    fresh: [],
  })
  const both = record(silent, day('2026-03-04', 10, 19), FILE)
  const entry = both.partitions.get('2026-03-04')!

  it('a file speaks of the rowless time before it, back to the file before', () => {
    expect(factsOf(both, '2026-03-04', entry).coverage).toEqual([W('2026-03-02', '2026-03-05')])
    expect(factsOf(both, '2026-03-01', entry).coverage).toEqual([W('2026-03-01', '2026-03-02')])
  })

  it('a file that comes in between takes that over, so the next one must be written anew', () => {
    const now = record(both, day('2026-03-03', 0, 0), FILE)
    expect(restated(both, now, [periodWindow('2026-03-03')])).toEqual(['2026-03-04'])
  })

  it('nothing is written anew when nothing that a footer says has changed', () => {
    expect(restated(both, both, [W('2026-01-01', '2026-12-31')])).toEqual([])
    const later = cover(both, { window: W('2026-03-05', '2026-03-09'), gaps: [], fresh: [] })
    expect(restated(both, later, [W('2026-03-05', '2026-03-09')])).toEqual([])
  })

  it('rows that come where there were none are news to the files around', () => {
    const hole = cover(both, {
      window: W('2026-03-02', '2026-03-03'),
      gaps: [gap('2026-03-02', '2026-03-03', 'outage')],
      fresh: [],
    })
    expect(restated(both, hole, [W('2026-03-02', '2026-03-03')])).toEqual(['2026-03-04'])
  })
})

describe('forgetRows', () => {
  it('keeps an archive as long as there is another partition of its time', () => {
    const archives = { 'x-2026-03.zip': { sha256: 'a', period: '2026-03' } }
    const month = stored(day('2026-03-01', 1, 9, { archives }), day('2026-03-02', 10, 19))
    const one = forgetRows(month, '2026-03-01')
    expect([...one.archives.keys()]).toEqual(['x-2026-03.zip'])
    expect([...forgetRows(one, '2026-03-02').archives.keys()]).toEqual([])
  })
})

describe('forget', () => {
  it('takes a file out with all that its footer said, and nothing else', () => {
    const before = stored(
      day('2026-03-01', 5, 9),
      day('2026-03-02', 10, 19),
      day('2026-03-03', 20, 29),
    )
    const after = forget(before, '2026-03-02')
    expect([...after.partitions.keys()]).toEqual(['2026-03-01', '2026-03-03'])
    expect(after.coverage).toEqual([W('2026-03-01', '2026-03-02'), W('2026-03-03', '2026-03-04')])
    expect(restated(before, after, [periodWindow('2026-03-02')])).toEqual([])
  })
})
