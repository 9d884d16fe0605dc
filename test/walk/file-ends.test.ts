/** What a manifest says of the time beside the ends of a file of trades. */

import { expect, test } from 'vitest'
import { micros, parseMicros, periodWindow, type Micros, type Window } from '../../src/base/time.ts'
import {
  gapsAfter,
  isAgreedEnd,
  isAgreedHead,
  isUnconfirmed,
  isHeldEnd,
  isHeldHead,
  isKnownAfter,
  isKnownBefore,
  openGaps,
  runAt,
} from '../../src/walk/archive/file-ends.ts'
import { archivePath } from '../../src/binance/archive.ts'
import { emptyManifest } from '../../src/store/ledger.ts'
import type { Manifest, PartitionEntry } from '../../src/store/manifest.ts'
import { DISORDER } from '../../src/binance/disorder.ts'

const KEY = { market: 'spot', dataset: 'aggTrades', symbol: 'BTCUSDT' } as const
const DAY = '2025-03-05'
const at = (time: string): Micros => parseMicros(`${DAY}T${time}`)
const END = periodWindow(DAY).to
const span = (from: string, to: string): Window => ({ from: at(from), to: at(to) })

/** A day with rows of ids 10 to 19, of which `rows` are stored. */
function lakeWith(known: Partial<Manifest>, rows = 10): Manifest {
  const entry: PartitionEntry = {
    ...{ rows, bytes: 1, sha256: '', firstKey: '10', lastKey: '19' },
    ...{ sources: ['rest'], proof: { id_breaks: 0 } },
  }
  const partitions = new Map([[DAY, entry]])
  return { ...emptyManifest(KEY, 'string', 'day'), partitions, ...known }
}
const taken = (period: string): Partial<Manifest> => ({
  archives: new Map([[archivePath(KEY, period), { sha256: '', period }]]),
})
const end = { id: 19n, time: at('21:59'), reached: at('22:00'), to: END }
const head = { id: 10n, from: at('00:00'), time: at('02:00') }

test('a partition is one run of ids by its rows, not by a proof that is about covered time alone', () => {
  const run = { period: periodWindow(DAY), first: 10n, last: 19n }
  expect(runAt(lakeWith({}), at('12:00'))).toEqual(run)
  expect(runAt(lakeWith({}, 9), at('12:00'))).toBeUndefined()
  expect(runAt(lakeWith({}), END)).toBeUndefined()
})

test('time is in doubt where all that is missing waits for a second word', () => {
  const gaps = [{ ...span('22:00', '23:00'), reason: 'unconfirmed' }] as const
  const lake = lakeWith({ coverage: [span('00:00', '22:00')], gaps })
  expect(isUnconfirmed(lake, span('20:00', '23:00'))).toBe(true)
  expect(isUnconfirmed(lake, span('20:00', '23:01'))).toBe(false)
  expect(isUnconfirmed({ ...lake, gaps: [{ ...gaps[0], reason: 'not-published' }] }, gaps[0])).toBe(
    false,
  )
})

test('a second source agrees with an end or a head by its very row, and no file agrees with itself', () => {
  const coverage = [{ from: at('00:00'), to: END }]
  const lake = lakeWith({ coverage })
  expect([isAgreedEnd(lake, DAY, end), isAgreedHead(lake, DAY, head)]).toEqual([true, true])
  const own = lakeWith({ coverage, ...taken(DAY) })
  expect([isAgreedEnd(own, DAY, end), isAgreedHead(own, DAY, head)]).toEqual([false, false])
  expect(isAgreedEnd(own, '2025-03', end)).toBe(true)
  expect(isAgreedEnd(lake, DAY, { ...end, id: 18n })).toBe(false)
  expect(isAgreedHead(lake, DAY, { ...head, id: 11n })).toBe(false)
  expect(isAgreedEnd(lakeWith({ coverage: [span('00:00', '22:00')] }), DAY, end)).toBe(false)
})

test('an end or a head is held only where the time up to it and beyond it is known', () => {
  const beyond = lakeWith({
    coverage: [{ from: at('22:00'), to: parseMicros('2025-03-06T01:00') }],
  })
  expect(isHeldEnd(beyond, end)).toBe(true)
  expect(isHeldEnd(lakeWith({ coverage: [{ from: at('22:00'), to: END }] }), end)).toBe(false)
  const before = lakeWith({ coverage: [{ from: parseMicros('2025-03-04'), to: at('02:00') }] })
  expect(isHeldHead(before, head)).toBe(true)
  expect(isHeldHead(lakeWith({ coverage: [span('00:00', '02:00')] }), head)).toBe(false)
  expect(isHeldHead(before, { ...head, time: parseMicros('2025-03-04T12:00') })).toBe(false)
})

test('the lake tells of the time beside an end where it claims it and has rows there', () => {
  const lake = lakeWith({ coverage: [{ from: at('00:00'), to: END }] })
  expect(isKnownBefore(lake, at('12:00'), 20n)).toBe(true)
  expect(isKnownBefore(lake, at('12:00'), 10n)).toBe(false)
  expect(isKnownBefore(lakeWith({}), at('12:00'), 20n)).toBe(false)
  expect(isKnownAfter(lake, at('12:00'), 12n)).toBe(true)
  expect(isKnownAfter(lake, at('12:00'), 19n)).toBe(false)
  expect(isKnownAfter(lake, END, 12n)).toBe(false)
})

test('a joint of ids closes what waits for a second word, and leaves open what is missing', () => {
  const gap = (from: string, to: string, reason: 'outage' | 'unconfirmed' | 'not-published') => ({
    ...span(from, to),
    reason,
  })
  const gaps = [
    gap('01:00', '02:00', 'outage'),
    gap('03:00', '04:00', 'unconfirmed'),
    gap('05:00', '07:00', 'not-published'),
  ]
  expect(openGaps({ gaps }, span('00:00', '06:00'))).toEqual([
    gap('05:00', '06:00', 'not-published'),
  ])
  expect(openGaps({ gaps }, span('06:00', '06:00'))).toEqual([])
  expect(gapsAfter(end, undefined)).toEqual([])
  expect(gapsAfter(end, 'unconfirmed')).toEqual([
    // Rows that are missing after it may be of an earlier time.
    { from: micros(end.time - DISORDER), to: END, reason: 'unconfirmed' },
  ])
})
