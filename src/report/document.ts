/** What the page shows, as plain JSON: the page's script reads nothing else. */

import type { WindowText } from '../base/time.ts'
import type { Candles } from './candles.ts'
import type { Days } from './days.ts'

/** Is a series whole, whole but for known gaps, or not? */
export type Standing = 'complete' | 'gaps' | 'incomplete'

/** One series of the page. Lists are cut; the totals beside them are not. */
export type ReportSeries = {
  /** In links and requests: `klines/BTCUSDT/1h`. */
  readonly id: string
  readonly name: string
  readonly dataset: string
  readonly standing: Standing
  /** In words. */
  readonly verdict: string
  readonly rows: number
  readonly files: number
  readonly bytes: number
  /** How many files have rows of each source. */
  readonly sources: Readonly<Record<string, number>>
  readonly covered: readonly WindowText[]
  readonly coveredCount: number
  readonly missing: readonly WindowText[]
  readonly missingCount: number
  readonly gaps: readonly (WindowText & { readonly reason: string })[]
  readonly gapCount: number
  readonly revisions: readonly {
    readonly time: string
    readonly key: string
    readonly changes: string
  }[]
  readonly revisionCount: number
  readonly days?: Days
  readonly candles?: Candles
}

/** The whole page. */
export type ReportDocument = {
  /** When it was made, ISO 8601 UTC. */
  readonly made: string
  /** Name and version of the program. */
  readonly by: string
  readonly series: readonly ReportSeries[]
  /** What the candles are of, in words. */
  readonly candleNote: string
}
