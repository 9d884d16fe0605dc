/**
 * What one run received that differs from the run before stays young: the next run asks again, and once two agree it is
 * final. A host that lags behind its clock tells a kline as it was while that was open.
 */

import { holds, intersect, subtractAll, union, type Coverage } from '../base/coverage.ts'
import { parseMicros } from '../base/time.ts'
import { answeredPart, type Answered } from './ledger.ts'
import type { Manifest, Revision } from './manifest.ts'
import type { Change, Claims } from './change.ts'
import { slotsOf } from './vanished.ts'

/** The claims that an earlier run left. */
export function claimsOf({ doubts }: Pick<Manifest, 'doubts'>): Claims {
  return new Map(doubts.map((doubt) => [doubt.key, doubt.new]))
}

/** The time of rows that changed between two manifests, as far as it is covered. */
export function changedTime(before: Manifest, after: Manifest): Coverage {
  if (before.revisions === after.revisions) return []
  const known = new Set(before.revisions.map(nameOf))
  const keys = after.revisions
    .filter((one) => !known.has(nameOf(one)))
    .map(({ key }) => BigInt(key))
  return intersect(slotsOf(after.key, keys), after.coverage)
}

/**
 * Time that was taken for the time after a delisting, and that rows follow now. Whoever said that the symbol did not
 * trade may have lagged, so what lies between is asked for once more.
 */
function relistedTime(opened: Manifest, after: Manifest): Coverage {
  const ended = union(opened.gaps.filter(({ reason }) => reason === 'after-delisting'))
  const outages = union(after.gaps.filter(({ reason }) => reason === 'outage'))
  return intersect(ended, outages)
}

function nameOf({ key, old, new: now }: Revision): string {
  return JSON.stringify([key, old, now])
}

/** What a commit was about. */
type Told = {
  readonly answered: Answered
  readonly period: string
  readonly source: string
  /** Rows that came less finished than they are stored, and were not taken. */
  readonly doubts: readonly Change[]
  /** What was known when the run began. */
  readonly opened: Manifest
}

/** The manifest after a commit, with that in it that the next run is to ask for once more. */
export function withYouth(
  before: Manifest,
  after: Manifest,
  { answered, period, source, doubts, opened }: Told,
): Manifest {
  const asked = answeredPart(answered)
  const held = doubts.map((doubt) => ({ period, ...doubt }))
  const slots = slotsOf(
    after.key,
    held.map(({ key }) => BigInt(key)),
  )
  // A file of the archive was made when its time was long over.
  const changed = source === 'archive' ? [] : changedTime(before, after)
  // What was asked for just now is as it was received.
  const relisted = subtractAll(relistedTime(opened, after), asked)
  const young = union(union(changed, relisted), intersect(slots, after.coverage))
  return {
    ...after,
    fresh: union(after.fresh, young),
    doubts: [...after.doubts.filter(({ time }) => !holds(asked, parseMicros(time))), ...held].sort(
      byTime,
    ),
  }
}

function byTime(a: Revision, b: Revision): number {
  return a.time < b.time ? -1 : a.time > b.time ? 1 : 0
}
