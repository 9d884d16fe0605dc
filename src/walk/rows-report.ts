/** How far a series has come, as progress events report it. */

import { clip, lengthOf, union, type Coverage } from '../base/coverage.ts'
import { formatMicros, micros, type Micros } from '../base/time.ts'
import type { SeriesKey } from '../binance/series.ts'
import type { Progress } from '../progress.ts'

/** How much of `windows` lies before `reached`, 0 to 1. */
export function doneShare(windows: Coverage, reached: Micros): number {
  const done = windows.flatMap((window) =>
    clip([window], { from: micros(-(2n ** 62n)), to: reached }),
  )
  const all = lengthOf(windows)
  return all === 0 ? 1 : lengthOf(union(done)) / all
}

/** The progress event for new rows. */
export function rowsReport(
  key: SeriesKey,
  rows: number,
  reached: Micros,
  more: Pick<Extract<Progress, { kind: 'rows' }>, 'done' | 'usage'>,
): Progress {
  return { kind: 'rows', key, rows, reached: formatMicros(reached), ...more }
}
