/** What the lake knows of the time beside the ends of a file of trades. Pure. */

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
 * How far, in microseconds, times are taken to go back at most while ids go on, and so how near to an end of a file the
 * ids are that its neighbour may have: as far as rows may lie outside of a file.
 */
export const NEAR = 3_600_000_000n

/** Where a file ends. */
export type FileEnd = {
  readonly id: bigint
  /** The time of the row of this id, which older ids may have passed. */
  readonly time: Micros
  /** Its newest row. */
  readonly reached: Micros
  /** Where its part of the time ends. */
  readonly to: Micros
}

/** Is all that is missing of `window` on record as without rows by one word, which waits for a second one? */
export function isDoubted(known: Manifest, window: Window): boolean {
  return covers(union(known.coverage, unconfirmedIn(known)), window)
}

/** Did another source end with the same row before, and is that all that is known of the time after it? */
export function isAgreedEnd(
  known: Manifest,
  period: string,
  { id, reached, to }: FileEnd,
): boolean {
  return (
    isSecondWord(known, period, reached) &&
    isDoubted(known, { from: reached, to }) &&
    entryAt(known, reached)?.lastKey === String(id)
  )
}

/** Did another source begin with the same row before, and is that all that is known of the time before it? */
export function isAgreedHead(
  known: Manifest,
  period: string,
  { id, from, time }: { readonly id: bigint; readonly from: Micros; readonly time: Micros },
): boolean {
  return (
    isSecondWord(known, period, time) &&
    (time <= from || isDoubted(known, { from, to: time })) &&
    entryAt(known, time)?.firstKey === String(id)
  )
}

/** Was what is known at this moment said by others than the file of this period? */
function isSecondWord({ key, archives }: Manifest, period: string, time: Micros): boolean {
  if (!archives.has(archivePath(key, period))) return true
  const day = periodOf(time, 'day')
  return period !== day && archives.has(archivePath(key, day))
}

function entryAt({ partitions, partition }: Manifest, time: Micros): PartitionEntry | undefined {
  return partitions.get(periodOf(time, partition))
}

/** Stored rows of which no id in between is left out. */
export type IdRun = { readonly period: Window; readonly first: bigint; readonly last: bigint }

/**
 * The partition of this moment, where it has all ids from its first to its last. Its proof does not tell: that is about
 * covered time alone, and rows of other time are stored too.
 */
export function runAt(known: Manifest, time: Micros): IdRun | undefined {
  const entry = entryAt(known, time)
  if (entry === undefined || leftOutOf([entry]) > 0n) return undefined
  const period = periodWindow(periodOf(time, known.partition))
  return { period, first: BigInt(entry.firstKey), last: BigInt(entry.lastKey) }
}

/** Is the time known from right after the end of a file to where its part ends, and there too? */
export function isHeldEnd({ coverage }: Manifest, { reached, to }: FileEnd): boolean {
  return covers(coverage, { from: micros(reached + 1n), to: micros(to + 1n) })
}

/** Is the time known from right before the part of a file to its first row? */
export function isHeldHead(
  { coverage }: Manifest,
  { from, time }: { readonly from: Micros; readonly time: Micros },
): boolean {
  return from <= time && covers(coverage, { from: micros(from - 1n), to: time })
}

/** Does the lake hold rows before the row `id`, and claim that it knows the time up to `from`? */
export function isToldBefore(known: Manifest, from: Micros, id: bigint): boolean {
  const hasRows = [...known.partitions].some(
    ([period, { firstKey }]) => periodWindow(period).from < from && BigInt(firstKey) < id,
  )
  return hasRows && isDoubted(known, { from: micros(from - 1n), to: from })
}

/** Does the lake hold rows after the row `id`, and claim that it knows the time from `to` on? */
export function isToldAfter(known: Manifest, to: Micros, id: bigint): boolean {
  const hasRows = [...known.partitions].some(
    ([period, { lastKey }]) => periodWindow(period).to > to && BigInt(lastKey) > id,
  )
  return hasRows && isDoubted(known, { from: to, to: micros(to + 1n) })
}

/** What is missing in `window` by more than one word: a joint of ids beside it says nothing of it. */
export function openGaps({ gaps }: Pick<Manifest, 'gaps'>, window: Window): readonly Gap[] {
  if (window.to <= window.from) return []
  return clipGaps(gaps, window).filter((gap) => !isKnown(gap) && gap.reason !== 'unconfirmed')
}

/** What is missing after the end of a file: a later id may be of an earlier time than its last row, and its newest. */
export function gapsAfter(
  { time, reached, to }: FileEnd,
  lack: GapReason | undefined,
): readonly Gap[] {
  const from = micros(earliest(time, reached) - DISORDER)
  return lack === undefined ? [] : [{ from, to, reason: lack }]
}
