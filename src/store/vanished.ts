/** Rows that were stored and are no longer sent: kept, and told once; see docs/decisions/0005-vanished-rows-are-kept.md. */

import { union, type Coverage } from '../base/coverage.ts'
import { micros } from '../base/time.ts'
import { gridFloor, gridNext, hasKnownGrid, intervalStep } from '../binance/interval.ts'
import type { SeriesKey } from '../binance/series.ts'
import type { Revision } from './manifest.ts'
import type { Change } from './partition.ts'

/** The time that rows stand for which are kept although they did not come again: no gap. */
export function slotsOf({ interval }: SeriesKey, keys: readonly bigint[]): Coverage {
  if (interval === undefined) return []
  return union(
    keys.map((key) => {
      const open = micros(key)
      if (!hasKnownGrid(interval)) return { from: open, to: micros(open + intervalStep(interval)) }
      return { from: gridFloor(interval, open), to: gridNext(interval, open) }
    }),
  )
}

/** Rows that changed, and rows that did not come again unless that is recorded already; in the order of their keys. */
export function newChanges(
  changed: readonly Change[],
  absent: readonly Change[],
  { revisions, period }: { readonly revisions: readonly Revision[]; readonly period: string },
): readonly Change[] {
  const told = new Set(
    revisions
      .filter((known) => known.period === period && Object.keys(known.new).length === 0)
      .map(({ key }) => key),
  )
  return [...changed, ...absent.filter(({ key }) => !told.has(key))].sort(byKey)
}

function byKey(a: Change, b: Change): number {
  const [first, second] = [BigInt(a.key), BigInt(b.key)]
  return first < second ? -1 : first > second ? 1 : 0
}
