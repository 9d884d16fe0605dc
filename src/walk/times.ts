/**
 * The walk over rows that are known by their time and lie on no grid: from a moment on, page by page, the next one a
 * millisecond after the last row. A short page is not the end; only an empty one is, when it came twice.
 *
 * @see developers.binance.com, derivatives, "Get Funding Rate History": start and end are inclusive; of more rows than
 * `limit`, the first from the start on are sent.
 */

import { DataError } from '../base/errors.ts'
import { earliest, floorDiv, formatMicros, micros, type Micros, type Window } from '../base/time.ts'
import type { Step } from '../rows/step.ts'
import type { Page } from '../rows/page.ts'
import { KlineEvidence, type OtherEvidence } from './kline-evidence.ts'
import { inOrder } from './kline-steps.ts'
import { spanHoles } from './span-holes.ts'
import { askTwice, type AskPage, type WalkOptions } from './walk.ts'

/** Options of a walk by time, with the evidence for stretches without rows. */
export type TimeWalkOptions = WalkOptions & { readonly otherEvidence: OtherEvidence }

/** Walks the rows of `window`, oldest first. @throws DataError when the exchange sends rows that were not requested */
export async function* walkTimes(
  window: Window,
  ask: AskPage,
  { limit, hasRowsBefore, signal, otherEvidence }: TimeWalkOptions,
): AsyncGenerator<Step, void, void> {
  const evidence = new KlineEvidence(ask, { ...otherEvidence, hasRowsBefore }, signal)
  const askPage = (from: Micros, to: Micros): Promise<Page> =>
    askFrom({ from, to }, limit, ask, signal)
  const pages: Page[] = []
  let failure: { readonly error: unknown } | undefined
  let from = window.from
  try {
    while (from < window.to) {
      const page = await askPage(from, window.to)
      if (page.rowCount === 0) break
      evidence.see(page)
      pages.push(page)
      from = afterLast(page)
    }
    // All of a history is a few pages: holes are looked for in all of it, and requested once more.
    for (const hole of spanHoles(window, timesOf(pages))) {
      const page = await askPage(hole.from, hole.to)
      if (page.rowCount > 0) pages.push(page)
    }
  } catch (error) {
    failure = { error }
  }
  // What came whole before a failure is kept.
  const to = failure === undefined ? window.to : earliest(from, window.to)
  if (to > window.from) {
    const explained = await evidence.explain(spanHoles({ from: window.from, to }, timesOf(pages)))
    failure ??= explained.failure
    yield* inOrder({ pages, gaps: [], reached: to }, window.from, explained.gaps)
  }
  if (failure !== undefined) throw failure.error
}

/** The times of all rows, in order. */
function timesOf(pages: readonly Page[]): BigInt64Array {
  return BigInt64Array.from(pages.flatMap(({ keys }) => [...keys])).sort()
}

/** The millisecond after the last row. */
function afterLast({ keys, rowCount }: Page): Micros {
  return micros((floorDiv(keys[rowCount - 1] ?? 0n, 1_000n) + 1n) * 1_000n)
}

/** Requests rows twice where there seem to be none. */
function askFrom(
  window: Window,
  limit: number,
  ask: AskPage,
  signal: AbortSignal | undefined,
): Promise<Page> {
  const startTime = floorDiv(window.from + 999n, 1_000n)
  const endTime = floorDiv(window.to - 1n, 1_000n)
  return askTwice(
    { startTime, endTime, limit },
    ask,
    (page) => {
      checkInside(page, window)
    },
    signal,
  )
}

function checkInside({ keys, rowCount }: Page, { from, to }: Window): void {
  for (const key of [keys[0], keys[rowCount - 1]]) {
    if (key === undefined || (from <= key && key < to)) continue
    throw new DataError(
      `asked for rows from ${formatMicros(from)} to ${formatMicros(to)}, got one at ${formatMicros(micros(key))}`,
    )
  }
}
