/** What the lake knows about the time next to the ends of a trade file. Pure. */

import { covers, union } from '../../base/coverage.ts'
import { isKnown, type Gap, type GapReason } from '../../base/gap.ts'
import {
  earliest,
  micros,
  periodOf,
  periodWindow,
  type Micros,
  type Window,
} from '../../base/time.ts'
import { archivePath } from '../../binance/archive.ts'
import { DISORDER } from '../../binance/disorder.ts'
import { clipGaps } from '../../store/footer.ts'
import { leftOutOf } from '../../store/id-ends.ts'
import { unconfirmedIn } from '../../store/ledger.ts'
import type { Manifest, PartitionEntry } from '../../store/manifest.ts'

/**
 * How far, in microseconds, times are assumed to go back at most while ids increase. So this is how near to an end of a
 * file missing ids have to be for its neighbour to have them: as far as rows may lie outside of a file.
 */
export const NEAR = 3_600_000_000n

/** The end of a file. */
export type FileEnd = {
  readonly id: bigint
  /** The time of the row of this id; rows with lower ids may be later. */
  readonly time: Micros
  /** The time of its newest row. */
  readonly reached: Micros
  /** Where its part of the time ends. */
  readonly to: Micros
}

/** Is all of `window` either covered or on record as unconfirmed: empty by one source, waiting for a second one? */
export function isUnconfirmed(known: Manifest, window: Window): boolean {
  return covers(union(known.coverage, unconfirmedIn(known)), window)
}

/** Did another source end with the same row before, with nothing else known about the time after it? */
export function isAgreedEnd(
  known: Manifest,
  period: string,
  { id, reached, to }: FileEnd,
): boolean {
  return (
    isFromOtherSource(known, period, reached) &&
    isUnconfirmed(known, { from: reached, to }) &&
    entryAt(known, reached)?.lastKey === String(id)
  )
}

/** Did another source begin with the same row before, with nothing else known about the time before it? */
export function isAgreedHead(
  known: Manifest,
  period: string,
  { id, from, time }: { readonly id: bigint; readonly from: Micros; readonly time: Micros },
): boolean {
  return (
    isFromOtherSource(known, period, time) &&
    (time <= from || isUnconfirmed(known, { from, to: time })) &&
    entryAt(known, time)?.firstKey === String(id)
  )
}

/** Does what is known at this moment come from other sources than the file of this period? */
function isFromOtherSource({ key, archives }: Manifest, period: string, time: Micros): boolean {
  if (!archives.has(archivePath(key, period))) return true
  const day = periodOf(time, 'day')
  return period !== day && archives.has(archivePath(key, day))
}

function entryAt({ partitions, partition }: Manifest, time: Micros): PartitionEntry | undefined {
  return partitions.get(periodOf(time, partition))
}

/** Stored rows with contiguous ids. */
export type StoredRun = { readonly period: Window; readonly first: bigint; readonly last: bigint }

/**
 * The partition of this moment, if it has all ids from its first to its last. Its proof does not show this: that covers
 * only covered time, and rows of other time are stored too.
 */
export function runAt(known: Manifest, time: Micros): StoredRun | undefined {
  const entry = entryAt(known, time)
  if (entry === undefined || leftOutOf([entry]) > 0n) return undefined
  const period = periodWindow(periodOf(time, known.partition))
  return { period, first: BigInt(entry.firstKey), last: BigInt(entry.lastKey) }
}

/** Is the time covered from right after the end of a file up to and including the end of its part? */
export function isHeldEnd({ coverage }: Manifest, { reached, to }: FileEnd): boolean {
  return covers(coverage, { from: micros(reached + 1n), to: micros(to + 1n) })
}

/** Is the time covered from right before the part of a file to its first row? */
export function isHeldHead(
  { coverage }: Manifest,
  { from, time }: { readonly from: Micros; readonly time: Micros },
): boolean {
  return from <= time && covers(coverage, { from: micros(from - 1n), to: time })
}

/** Does the lake hold rows before the row `id`, and is the time up to `from` covered or unconfirmed? */
export function isKnownBefore(known: Manifest, from: Micros, id: bigint): boolean {
  const hasRows = [...known.partitions].some(
    ([period, { firstKey }]) => periodWindow(period).from < from && BigInt(firstKey) < id,
  )
  return hasRows && isUnconfirmed(known, { from: micros(from - 1n), to: from })
}

/** Does the lake hold rows after the row `id`, and is the time from `to` on covered or unconfirmed? */
export function isKnownAfter(known: Manifest, to: Micros, id: bigint): boolean {
  const hasRows = [...known.partitions].some(
    ([period, { lastKey }]) => periodWindow(period).to > to && BigInt(lastKey) > id,
  )
  return hasRows && isUnconfirmed(known, { from: to, to: micros(to + 1n) })
}

/** The gaps in `window` that are missing and not just unconfirmed: ids that join next to them do not close them. */
export function openGaps({ gaps }: Pick<Manifest, 'gaps'>, window: Window): readonly Gap[] {
  if (window.to <= window.from) return []
  return clipGaps(gaps, window).filter((gap) => !isKnown(gap) && gap.reason !== 'unconfirmed')
}

/** The gap after the end of a file: a later id may have an earlier time than its last or its newest row. */
export function gapsAfter(
  { time, reached, to }: FileEnd,
  reason: GapReason | undefined,
): readonly Gap[] {
  const from = micros(earliest(time, reached) - DISORDER)
  return reason === undefined ? [] : [{ from, to, reason }]
}
