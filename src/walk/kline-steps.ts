/** What was found of a stretch of klines, as steps: rows of several pages in one order, gaps in their places. */

import type { Gap } from '../base/gap.ts'
import { micros, type Micros, type Window } from '../base/time.ts'
import { type Step, emptyStep } from '../rows/step.ts'
import type { Page } from '../rows/page.ts'

/** What was found of a stretch of klines. */
export type Found = {
  /** Of equal keys, the row of the later page holds. */
  readonly pages: readonly Page[]
  readonly gaps: readonly Window[]
  /** Rows to be asked for once more by the next run. */
  readonly young?: readonly Window[]
  /** Every slot before this is in a page or in a gap. */
  readonly reached: Micros
  /** What kept the rest from coming. */
  readonly failure?: { readonly error: unknown }
}

/** The rows from `from` on in the order of their keys, as far as they are proven; each gap with the rows before it. */
export function* inOrder(
  { pages, young = [], reached }: Found,
  from: Micros,
  gaps: readonly Gap[],
): Generator<Step> {
  const runs = splitRuns(pages, { from, to: reached })
  if (runs.length === 0) yield emptyStep(reached, gaps)
  let gapsTold = 0
  for (const [index, run] of runs.entries()) {
    const isLast = index === runs.length - 1
    const next = runs[index + 1]
    const until = isLast ? reached : micros(next?.page.keys[next.first] ?? reached)
    // Not all at the end, lest what is stored up to `until` claims rows that are known to be absent.
    const told = isLast
      ? gaps.slice(gapsTold)
      : gaps.slice(gapsTold).filter(({ to }) => to <= until)
    gapsTold += told.length
    yield { ...run, reached: until, gaps: told, ...(index === 0 ? { fresh: young } : {}) }
  }
}

type Run = { readonly page: Page; readonly first: number; end: number }

function splitRuns(pages: readonly Page[], { from, to }: Window): Run[] {
  const rows = new Map<bigint, { page: Page; row: number }>()
  for (const page of pages)
    for (let row = 0; row < page.rowCount; row++) {
      const key = page.keys[row] ?? 0n
      if (from <= key && key < to) rows.set(key, { page, row })
    }
  const keys = BigInt64Array.from(rows.keys()).sort()
  const runs: Run[] = []
  for (const key of keys) {
    const entry = rows.get(key)
    if (entry === undefined) continue
    const last = runs.at(-1)
    if (last?.page === entry.page && last.end === entry.row) last.end += 1
    else runs.push({ page: entry.page, first: entry.row, end: entry.row + 1 })
  }
  return runs
}
