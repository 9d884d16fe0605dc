/** Rows that were stored and are no longer sent: kept, and reported once; see docs/decisions/0005-vanished-rows-are-kept.md. */

import { union, type Coverage } from '../base/coverage.ts'
import { micros } from '../base/time.ts'
import { gridFloor, gridNext, hasKnownGrid, intervalStep } from '../binance/interval.ts'
import type { SeriesKey } from '../binance/series.ts'
import type { Revision } from './manifest.ts'
import type { Change } from './change.ts'

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

/** Is it said of a row that it is not sent any more? */
export function isVanished({ new: now }: Pick<Revision, 'new'>): boolean {
  return Object.keys(now).length === 0
}

/** The keys of the rows of a period of which that is said. */
export function vanishedKeys(revisions: readonly Revision[], period: string): ReadonlySet<bigint> {
  const vanished = revisions.filter((known) => known.period === period && isVanished(known))
  return new Set(vanished.map(({ key }) => BigInt(key)))
}

/** What writing a file showed of rows that were stored before. */
export type Told = {
  readonly period: string
  readonly changed: readonly Change[]
  /** Rows that were asked for and did not come. */
  readonly absent: readonly Change[]
  /** Keys of rows that had vanished and came. */
  readonly returned: ReadonlySet<bigint>
}

/**
 * The revisions of a series with what is new, in the order of the keys: rows that changed, and rows that did not come
 * again unless that is said already. Of a row that did come again it is not said any more.
 */
export function revise(
  revisions: readonly Revision[],
  { period, changed, absent, returned }: Told,
): { readonly revisions: readonly Revision[]; readonly changes: number } {
  const kept = revisions.filter(
    (known) => !(known.period === period && isVanished(known) && returned.has(BigInt(known.key))),
  )
  const reported = vanishedKeys(kept, period)
  const changes = [...changed, ...absent.filter(({ key }) => !reported.has(BigInt(key)))].sort(
    byKey,
  )
  return {
    revisions: [...kept, ...changes.map((change) => ({ period, ...change }))],
    changes: changes.length,
  }
}

function byKey(a: Change, b: Change): number {
  const [first, second] = [BigInt(a.key), BigInt(b.key)]
  return first < second ? -1 : first > second ? 1 : 0
}
