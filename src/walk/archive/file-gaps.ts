/** What a file of the archive says of a stretch of time: the rows in it, and what it lacks. Pure. */

import { covers, type Coverage } from '../../base/coverage.ts'
import { isKnown, type Gap } from '../../base/gap.ts'
import { micros, type Micros, type Window } from '../../base/time.ts'
import type { SeriesKey } from '../../binance/series.ts'
import { missingSlots } from '../slots.ts'
import { lowerBound } from '../../rows/int64.ts'
import type { Page } from '../../rows/page.ts'
import type { IdRange } from './id-set.ts'
import type { TradeRow } from './ends.ts'
import type { Step } from '../../rows/step.ts'

/** The rows of `page`, whose times rise, in `part`. */
export function within(page: Page, part: Window): Step {
  const first = lowerBound(page.times, part.from)
  const end = lowerBound(page.times, part.to)
  const last = page.times[end - 1]
  const reached = first === end || last === undefined ? part.from : micros(last)
  return { page, first, end, reached, gaps: [] }
}

/** Ids that a file skips, and the time that rows with these ids may be of. */
export type Jump = { readonly ids: IdRange; readonly gap: Gap }

/** Ids that are skipped: rows that this file lacks. Times may go back over a skip. */
export function idJumps({ keys, times, rowCount }: Page, before: TradeRow | undefined): Jump[] {
  const first = keys[0] ?? 0n
  const last = keys[rowCount - 1] ?? 0n
  const isJoined = before === undefined || first === before.id + 1n
  if (isJoined && last - first === BigInt(rowCount - 1)) return []
  const jumps: Jump[] = []
  const jump = (a: TradeRow, b: TradeRow): void => {
    const ids = { first: a.id + 1n, last: b.id - 1n }
    // Where times go back between the two, those of the rows that are missing may do so as far.
    const back = a.time > b.time ? a.time - b.time : 0n
    const [from, to] = [a.time - 2n * back, b.time + 2n * back + 1n]
    jumps.push({ ids, gap: { from: micros(from), to: micros(to), reason: 'not-published' } })
  }
  const rowAt = (row: number): TradeRow => ({
    id: keys[row] ?? 0n,
    time: micros(times[row] ?? 0n),
  })
  if (before !== undefined && !isJoined) jump(before, rowAt(0))
  for (let row = 1; row < rowCount; row++)
    if (keys[row] !== (keys[row - 1] ?? 0n) + 1n) jump(rowAt(row - 1), rowAt(row))
  return jumps
}

/** What is known of a series beside the file. */
export type KlineEvidence = {
  /** Gaps that were found before. */
  readonly gaps: readonly Gap[]
  readonly hasRowsBefore: boolean
  /** May another source be asked for what this file lacks? */
  readonly isOtherLeft: boolean
  /** Holes between rows that another file has too. */
  readonly holes: Coverage
  /** Stretches that an earlier run left unconfirmed. */
  readonly doubted: Coverage
  /** The server's clock, read before the first request. */
  readonly now: Micros
}

/** A hole between klines that is older was seen by whoever could have filled it. */
const SETTLED = 2n * 86_400_000_000n

/**
 * Slots of `part` without a kline. What another source may have stays missing; else a hole between klines is an
 * outage, once it is old or found again, and a file that ends early has not been published in full.
 */
export function klineGaps(
  { interval }: SeriesKey,
  pages: readonly Page[],
  part: Window,
  { gaps, hasRowsBefore, isOtherLeft, holes, doubted, now }: KlineEvidence,
): Gap[] {
  if (interval === undefined) return []
  const opens = BigInt64Array.from(
    pages.flatMap((page) => [...page.keys]).filter((key) => part.from <= key && key < part.to),
  )
  const first = opens[0]
  const known = gaps.filter(isKnown)
  return missingSlots(interval, part, opens).map((gap): Gap => {
    // What was asked about before is known already.
    const before = known.find(({ from, to }) => from <= gap.from && gap.to <= to)
    if (before !== undefined) return { ...gap, reason: before.reason }
    const isOpen = gap.to === part.to && !covers(holes, gap)
    if (isOtherLeft || isOpen) return { ...gap, reason: 'not-published' }
    const isHead = first === undefined || gap.to <= first
    const isFirst = isHead && gap.from === part.from && !hasRowsBefore
    // One file alone, whose head may be cut, does not tell when trading began.
    if (isFirst) return { ...gap, reason: covers(doubted, gap) ? 'before-listing' : 'unconfirmed' }
    const isSettled = gap.to + SETTLED <= now || covers(doubted, gap)
    return { ...gap, reason: isSettled ? 'outage' : 'unconfirmed' }
  })
}
