/** What an archive file has for a stretch of time: its rows and its gaps. Pure. */

import { clip, covers, type Coverage } from '../../base/coverage.ts'
import { isKnown, type Gap } from '../../base/gap.ts'
import { micros, type Micros, type Window } from '../../base/time.ts'
import { gridFloor, hasKnownGrid } from '../../binance/interval.ts'
import type { SeriesKey } from '../../binance/series.ts'
import { gridOf } from '../../binance/dataset.ts'
import { datasetOf } from '../../binance/market.ts'
import { missingSlots } from '../slots.ts'
import { spanHoles } from '../span-holes.ts'
import { lowerBound } from '../../rows/int64.ts'
import type { Page } from '../../rows/page.ts'
import type { IdRange } from './id-set.ts'
import type { TradeRow } from './ends.ts'
import type { Step } from '../../rows/step.ts'

/** What is looked at of a page. */
type Rows = Pick<Page, 'keys' | 'times' | 'rowCount'>

/** The rows of `page` in `part`; their times increase. */
export function within<P extends Rows>(page: P, part: Window): Omit<Step, 'page'> & { page: P } {
  const first = lowerBound(page.times, part.from)
  const end = lowerBound(page.times, part.to)
  const last = page.times[end - 1]
  const reached = first === end || last === undefined ? part.from : micros(last)
  return { page, first, end, reached, gaps: [] }
}

/** Ids that a file skips, and the time that their rows may have. */
export type Jump = { readonly ids: IdRange; readonly gap: Gap }

/** Skipped ids: rows that this file lacks. Times may go back across a skip. */
export function idJumps({ keys, times, rowCount }: Rows, before: TradeRow | undefined): Jump[] {
  const first = keys[0] ?? 0n
  const last = keys[rowCount - 1] ?? 0n
  const isJoined = before === undefined || first === before.id + 1n
  if (isJoined && last - first === BigInt(rowCount - 1)) return []
  const jumps: Jump[] = []
  const jump = (a: TradeRow, b: TradeRow): void => {
    const ids = { first: a.id + 1n, last: b.id - 1n }
    // Where times go back between the two rows, those of the missing rows may go back as far.
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

/** What is known about a series besides the file. */
export type KnownKlines = {
  /** Gaps found before. */
  readonly gaps: readonly Gap[]
  readonly hasRowsBefore: boolean
  /** Can another source still be asked for what this file lacks? */
  readonly isOtherLeft: boolean
  /** Holes between rows that another file has too. */
  readonly holes: Coverage
  /** Stretches that an earlier run left unconfirmed. */
  readonly unconfirmed: Coverage
  /** The server's clock, read before the first request. */
  readonly now: Micros
}

/** A hole between klines older than this is final: it would have been filled by now. */
const SETTLED = 2n * 86_400_000_000n

/**
 * Slots of `part` without a kline; `pages` are all of the file. What another source may have stays missing. Otherwise a hole between klines is an
 * outage once it is old or found again, and a file that ends early has not been published in full.
 */
export function klineGaps(
  key: SeriesKey,
  pages: readonly Rows[],
  { part, file }: { readonly part: Window; readonly file: Window },
  { gaps, hasRowsBefore, isOtherLeft, holes, unconfirmed, now }: KnownKlines,
): Gap[] {
  // A part may begin inside a slot. Whether the slot has a kline shows in what the file has of all of it.
  const interval = gridOf(datasetOf(key), key.interval)
  const isGridded = interval !== undefined && hasKnownGrid(interval)
  const head = isGridded ? gridFloor(interval, part.from) : part.from
  const from = head < file.from ? part.from : head
  const opens = BigInt64Array.from(
    pages.flatMap((page) => [...page.keys]).filter((key) => from <= key && key < part.to),
  )
  const first = opens.find((key) => part.from <= key)
  const known = gaps.filter(isKnown)
  const whole = { from, to: part.to }
  const missing = clip(
    interval === undefined ? spanHoles(whole, opens) : missingSlots(interval, whole, opens),
    part,
  )
  return missing.map((gap): Gap => {
    // What was requested before is known already.
    const before = known.find(({ from, to }) => from <= gap.from && gap.to <= to)
    if (before !== undefined) return { ...gap, reason: before.reason }
    const isOpen = gap.to === part.to && !covers(holes, gap)
    if (isOtherLeft || isOpen) return { ...gap, reason: 'not-published' }
    const isHead = first === undefined || gap.to <= first
    const isFirst = isHead && gap.from === part.from && !hasRowsBefore
    // One file alone, whose head may be cut, does not show when trading began.
    if (isFirst)
      return { ...gap, reason: covers(unconfirmed, gap) ? 'before-listing' : 'unconfirmed' }
    const isSettled = gap.to + SETTLED <= now || covers(unconfirmed, gap)
    return { ...gap, reason: isSettled ? 'outage' : 'unconfirmed' }
  })
}
