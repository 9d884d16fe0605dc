/** Gaps: stretches that were asked for and have no rows, with the reason and what it rests on. */

import type { Micros } from './time.ts'

/**
 * Why a stretch of time holds no rows.
 *
 * - `outage`: asked twice, empty, rows before and after it
 * - `before-listing`, `after-delisting`: asked twice, empty, no rows before or after it
 * - `unavailable-from-rest`: rows exist, but the exchange no longer serves them over REST; not covered
 * - `not-published`: the archive has no file for it; not covered
 * - `unconfirmed`: the answers were empty, and nothing else agrees with them yet; not covered
 */
export type GapReason =
  | 'outage'
  | 'before-listing'
  | 'after-delisting'
  | 'unavailable-from-rest'
  | 'not-published'
  | 'unconfirmed'

/** One gap, `[from, to)`. */
export type Gap = { readonly from: Micros; readonly to: Micros; readonly reason: GapReason }

const KNOWN: ReadonlySet<GapReason> = new Set(['outage', 'before-listing', 'after-delisting'])

/** Does a gap count as answered? The others stay missing. */
export function isKnown(gap: Pick<Gap, 'reason'>): boolean {
  return KNOWN.has(gap.reason)
}
