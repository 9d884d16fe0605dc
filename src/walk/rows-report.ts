/** How far a series has come, as progress events report it. */

import { formatMicros, type Micros } from '../base/time.ts'
import type { SeriesKey } from '../binance/series.ts'
import type { Progress, Standing } from '../progress.ts'

/** The progress event for new rows. */
export function rowsReport(
  key: SeriesKey,
  rows: number,
  reached: Micros,
  standing: Standing,
): Progress {
  return { kind: 'rows', key, rows, reached: formatMicros(reached), ...standing }
}
