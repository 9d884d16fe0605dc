/** What a worker tells while it works and when it ends. */

import type { Progress, SeriesResult } from '../progress.ts'

/** What a worker tells. */
export type WorkProgress =
  | Exclude<Progress, { readonly kind: 'plan' | 'summary' | 'series' }>
  | { readonly kind: 'taken'; readonly series: string }
  | { readonly kind: 'done'; readonly series: string; readonly result?: SeriesResult }
  | {
      readonly kind: 'failed'
      readonly series: string
      readonly reason: string
      /** Was it the last try? */
      readonly isFinal: boolean
    }
  | { readonly kind: 'returned'; readonly series: string; readonly reason: string }
  | WorkSummary

/** The last report of a worker. */
export type WorkSummary = {
  readonly kind: 'summary'
  readonly done: number
  readonly failed: number
  readonly returned: number
  readonly rows: number
}
