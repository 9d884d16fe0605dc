/** Turns the result of a stretch of klines into steps: rows of several pages in one order, gaps in their places. */

import type { Gap } from '../base/gap.ts'
import { micros, type Micros, type Window } from '../base/time.ts'
import { type Step, emptyStep } from '../rows/step.ts'
import type { Page } from '../rows/page.ts'

/** The result of a stretch of klines. */
export type Found = {
  /** Of equal keys, the row of the later page is used. */
  readonly pages: readonly Page[]
  readonly gaps: readonly Window[]
  /** Rows that the next run requests once more. */
  readonly young?: readonly Window[]
  /** Every slot before this is in a page or in a gap. */
  readonly reached: Micros
  /** The failure that ended it. */
  readonly failure?: { readonly error: unknown }
}

/** The proven rows from `from` on, in key order; each gap comes with the rows before it. */
export function* inOrder(
  { pages, young = [], reached }: Found,
  from: Micros,
  gaps: readonly Gap[],
): Generator<Step> {
  const runs = splitRuns(pages, { from, to: reached })
  if (runs.length === 0) yield emptyStep(reached, gaps)
  let gapsSent = 0
  for (const [index, run] of runs.entries()) {
    const isLast = index === runs.length - 1
    const next = runs[index + 1]
    const until = isLast ? reached : micros(next?.page.keys[next.first] ?? reached)
    // Not all at the end: what is stored up to `until` must not cover rows known to be absent.
    const due = isLast ? gaps.slice(gapsSent) : gaps.slice(gapsSent).filter(({ to }) => to <= until)
    gapsSent += due.length
    yield { ...run, reached: until, gaps: due, ...(index === 0 ? { fresh: young } : {}) }
  }
}

type RowRun = { readonly page: Page; readonly first: number; end: number }

function splitRuns(pages: readonly Page[], { from, to }: Window): RowRun[] {
  const rows = new Map<bigint, { page: Page; row: number }>()
  for (const page of pages)
    for (let row = 0; row < page.rowCount; row++) {
      const key = page.keys[row] ?? 0n
      if (from <= key && key < to) rows.set(key, { page, row })
    }
  const keys = BigInt64Array.from(rows.keys()).sort()
  const runs: RowRun[] = []
  for (const key of keys) {
    const entry = rows.get(key)
    if (entry === undefined) continue
    const last = runs.at(-1)
    if (last?.page === entry.page && last.end === entry.row) last.end += 1
    else runs.push({ page: entry.page, first: entry.row, end: entry.row + 1 })
  }
  return runs
}
