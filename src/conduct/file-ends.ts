/** What the lake knows of the time beside the ends of a file of trades. Pure. */

import { subtractAll, union } from '../base/coverage.ts'
import { isKnown, type Gap, type GapReason } from '../base/gap.ts'
import { micros, periodOf, periodWindow, type Micros, type Window } from '../base/time.ts'
import { clipGaps } from '../store/footer.ts'
import type { Manifest, PartitionEntry } from '../store/manifest.ts'

/** Where a file ends. */
export type FileEnd = {
  readonly id: bigint
  /** Its newest row. */
  readonly reached: Micros
  /** Where its part of the time ends. */
  readonly to: Micros
}

/** Is all that is missing of `window` on record as without rows by one word, which waits for a second one? */
export function isDoubted({ coverage, gaps }: Manifest, window: Window): boolean {
  return notDoubted({ gaps }, subtractAll([window], coverage)).length === 0
}

/** Did another source end with the same row before, and is that all that is known of the time after it? */
export function isAgreedEnd(known: Manifest, path: string, { id, reached, to }: FileEnd): boolean {
  return (
    !known.archives.has(path) &&
    isDoubted(known, { from: reached, to }) &&
    entryAt(known, reached)?.lastKey === String(id)
  )
}

/** Did another source begin with the same row before, and is that all that is known of the time before it? */
export function isAgreedHead(
  known: Manifest,
  path: string,
  { id, from, time }: { readonly id: bigint; readonly from: Micros; readonly time: Micros },
): boolean {
  return (
    !known.archives.has(path) &&
    (time <= from || isDoubted(known, { from, to: time })) &&
    entryAt(known, time)?.firstKey === String(id)
  )
}

function entryAt({ partitions, partition }: Manifest, time: Micros): PartitionEntry | undefined {
  return partitions.get(periodOf(time, partition))
}

/** Does the lake hold rows before the row `id`, and claim that it knows the time up to `from`? */
export function isToldBefore(known: Manifest, from: Micros, id: bigint): boolean {
  const hasRows = [...known.partitions].some(
    ([period, { firstKey }]) => periodWindow(period).from < from && BigInt(firstKey) < id,
  )
  return hasRows && isTold(known, { from: micros(from - 1n), to: from })
}

/** Does the lake hold rows after the row `id`, and claim that it knows the time from `to` on? */
export function isToldAfter(known: Manifest, to: Micros, id: bigint): boolean {
  const hasRows = [...known.partitions].some(
    ([period, { lastKey }]) => periodWindow(period).to > to && BigInt(lastKey) > id,
  )
  return hasRows && isTold(known, { from: to, to: micros(to + 1n) })
}

function isTold(known: Manifest, moment: Window): boolean {
  return isDoubted(known, moment)
}

/** What is missing in `window` by more than one word: a joint of ids beside it says nothing of it. */
export function openGaps({ gaps }: Pick<Manifest, 'gaps'>, window: Window): readonly Gap[] {
  if (window.to <= window.from) return []
  return clipGaps(gaps, window).filter((gap) => !isKnown(gap) && gap.reason !== 'unconfirmed')
}

/** What is missing after the end of a file. */
export function gapsAfter({ reached, to }: FileEnd, lack: GapReason | undefined): readonly Gap[] {
  return lack === undefined ? [] : [{ from: reached, to, reason: lack }]
}

/** The parts of `windows` of which it is not said that they wait for a second word. */
export function notDoubted(
  { gaps }: Pick<Manifest, 'gaps'>,
  windows: readonly Window[],
): readonly Window[] {
  return subtractAll(windows, union(gaps.filter(({ reason }) => reason === 'unconfirmed')))
}
