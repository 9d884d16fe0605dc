/** Gaps: stretches that were requested and have no rows, with the reason. */

import { micros, type Micros } from './time.ts'

/**
 * Why a stretch of time holds no rows.
 *
 * - `outage`: requested twice, empty, rows before and after it
 * - `before-listing`, `after-delisting`: requested twice, empty, no rows before or after it
 * - `between-contracts`: one contract of this name had ended, and another had not begun
 * - `unavailable-from-rest`: rows exist, but the exchange no longer serves them over REST; not covered
 * - `not-published`: the archive has no file for it; not covered
 * - `unconfirmed`: the answers were empty, and nothing else confirms them yet; not covered
 */
export type GapReason =
  | 'outage'
  | 'before-listing'
  | 'after-delisting'
  | 'between-contracts'
  | 'unavailable-from-rest'
  | 'not-published'
  | 'unconfirmed'

/** One gap, `[from, to)`. */
export type Gap = { readonly from: Micros; readonly to: Micros; readonly reason: GapReason }

const KNOWN: ReadonlySet<GapReason> = new Set([
  'outage',
  'before-listing',
  'after-delisting',
  'between-contracts',
])

/** Does a gap count as answered? Other gaps stay missing. */
export function isKnown(gap: Pick<Gap, 'reason'>): boolean {
  return KNOWN.has(gap.reason)
}

const JOINT: Readonly<Record<string, GapReason>> = {
  'before-listing outage': 'before-listing',
  'outage after-delisting': 'after-delisting',
  'between-contracts outage': 'between-contracts',
  'between-contracts before-listing': 'between-contracts',
}

/** The reason of two gaps that touch, if they are one. */
export function jointReason(before: GapReason, after: GapReason): GapReason | undefined {
  return before === after ? before : JOINT[`${before} ${after}`]
}

/**
 * The gaps of a series once these rows came. They may lie before the row with the first id, where times fall while ids
 * increase: the time before the listing ends at the earliest row.
 */
export function listedBy(gaps: readonly Gap[], times: BigInt64Array): readonly Gap[] {
  if (!gaps.some(({ reason }) => reason === 'before-listing')) return gaps
  const first = micros(times.reduce((a, b) => (a < b ? a : b)))
  return gaps.flatMap((gap) => {
    if (gap.reason !== 'before-listing' || gap.to <= first) return [gap]
    return gap.from < first ? [{ ...gap, to: first }] : []
  })
}
