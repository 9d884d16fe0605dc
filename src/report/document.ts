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
  readonly interval?: string
  /** Has it candles, whether or not they are part of the page? */
  readonly hasCandles: boolean
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
  /** The end of what is covered, ISO 8601; absent when nothing is. */
  readonly to?: string
  /** Is nothing more to come after that end: was it delisted, or is all there that a job asks for? */
  readonly isEnded: boolean
  /** Can its manifest not be read? */
  readonly isDamaged: boolean
  readonly missing: readonly WindowText[]
  readonly missingCount: number
  /** Of what is missing: stretches whose answers were empty. */
  readonly unconfirmedCount: number
  /** Is nothing missing but these? */
  readonly isUnconfirmed: boolean
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

/** A run on the lake, as far as the page tells of it. All texts are safe to show. */
export type RunLine = {
  /** ISO 8601. */
  readonly started: string
  readonly job: string
  readonly exit: number
  /** In words: rows, what was missing. */
  readonly words: string
}

/** The whole page. */
export type ReportDocument = {
  /** When it was made, ISO 8601 UTC. */
  readonly made: string
  /** Name and version of the program. */
  readonly by: string
  readonly series: readonly ReportSeries[]
  /** The last runs on the lake, newest first; none where no record is kept. */
  readonly runs: readonly RunLine[]
  /** Who writes to the lake now, in words. */
  readonly writer?: string
  /** What the candles are of, in words. */
  readonly candleNote: string
}
