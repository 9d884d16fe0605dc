/** What a run tells while it works and when it is done. The library prints nothing; the CLI turns these into lines. */

import type { Coverage } from './base/coverage.ts'
import type { ErrorEntry } from './base/errors.ts'
import type { GapReason } from './base/gap.ts'
import type { WindowText } from './base/time.ts'
import type { SeriesKey } from './binance/series.ts'
import type { Wait } from './base/wait.ts'
import type { Shard } from './options.ts'
import type { Plan } from './plan/plan.ts'
import type { Rewritten } from './plan/rewritten.ts'

/** How one series came out. */
export type SeriesResult = {
  readonly key: SeriesKey
  readonly complete: boolean
  /**
   * Is it complete, or does it lack nothing but what the next run asks again in any case: unconfirmed stretches between
   * rows, or a young one at the end?
   */
  readonly upToDate: boolean
  /** Rows that the lake holds and did not hold before this run; changed ones are counted by `revisions`. */
  readonly rows: number
  /** Files that were written, and their whole size. */
  readonly partitions: number
  readonly bytes: number
  /** Of these files, those that were there before. */
  readonly rewritten: Rewritten
  readonly revisions: number
  readonly missing: Coverage
  /** Of what is missing: stretches whose answers were empty, and that nothing confirms yet. */
  readonly unconfirmed: Coverage
  /** Why it is not complete. */
  readonly error?: ErrorEntry
}

/** One thing that happened. */
export type Progress =
  | { readonly kind: 'plan'; readonly plan: Plan }
  | ({
      readonly kind: 'rows'
      readonly key: SeriesKey
      /** Rows received since the last report of this series. */
      readonly rows: number
      /** Everything before this moment has arrived, ISO 8601. */
      readonly reached: string
    } & Standing)
  | {
      readonly kind: 'committed'
      readonly key: SeriesKey
      readonly period: string
      readonly path: string
      /** Rows in the partition now. */
      readonly rows: number
      readonly bytes: number
      readonly revisions: number
    }
  | {
      readonly kind: 'gap'
      readonly key: SeriesKey
      readonly window: WindowText
      readonly reason: GapReason
    }
  | ({ readonly kind: 'wait' } & Wait)
  | { readonly kind: 'warning'; readonly key?: SeriesKey; readonly message: string }
  /** Something was decided that is worth a line, and nothing is wrong. */
  | { readonly kind: 'note'; readonly message: string }
  | { readonly kind: 'series'; readonly result: SeriesResult }
  | Summary

/** How far a series is, and the run. */
export type Standing = {
  /** The part of the series' planned work that is done, 0 to 1. */
  readonly done: number
  /** Seconds until the run has done all of its work, at the pace so far and within the limits. */
  readonly secondsLeft: number
  readonly usage: Usage
}

/** What was spent of the exchange's limits so far. */
export type Usage = {
  readonly requests: number
  readonly weight: number
  /** Used of the tightest limit in its current window, and what we may use of it. */
  readonly used: number
  readonly limit: number
}

/** The last report of a run. */
export type Summary = {
  readonly kind: 'summary'
  /** Is everything that was asked covered, known gaps included? */
  readonly complete: boolean
  /** Rows that the lake holds and did not hold before, of all series; what was received and not committed is not counted. */
  readonly rows: number
  readonly requests: number
  readonly weight: number
  /** Files that were written, and their whole size. */
  readonly partitions: number
  readonly bytes: number
  /** Of these files, those that were there before. */
  readonly rewritten: Rewritten
  readonly seconds: number
  /** The shard whose series these are; absent when the run was of all that the jobs ask for. */
  readonly shard?: Shard
  readonly series: readonly SeriesResult[]
  /** What the process should end with. */
  readonly exit: number
}
