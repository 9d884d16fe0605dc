/** Rows of a page, cut where their period changes: times may go back while ids go on. */

import { micros, periodOf, periodWindow, type Partition } from '../base/time.ts'
import { halvesOf } from '../rows/int64.ts'

/** Neighbouring rows `[first, end)` of one period. */
export type PeriodRun = { readonly period: string; readonly first: number; readonly end: number }

const HIGH = 4294967296

/** The rows `[first, end)` as runs of one period each, in their order. */
export function* periodRuns(
  times: BigInt64Array,
  { first, end }: { readonly first: number; readonly end: number },
  partition: Partition,
): Generator<PeriodRun, void, void> {
  const halves = halvesOf(times)
  for (let row = first; row < end;) {
    const period = periodOf(micros(times[row] ?? 0n), partition)
    const window = periodWindow(period)
    const [from, to] = [Number(window.from), Number(window.to)]
    let next = row + 1
    // In plain numbers: every row passes here.
    for (; next < end; next++) {
      const time = (halves[2 * next + 1] ?? 0) * HIGH + ((halves[2 * next] ?? 0) >>> 0)
      if (time < from || time >= to) break
    }
    yield { period, first: row, end: next }
    row = next
  }
}
