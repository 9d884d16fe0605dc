/** Reads the lake back and says whether it is what its manifests claim. */

import type { WindowText } from './base/time.ts'
import type { SeriesKey } from './binance/series.ts'
import type { Job } from './job/job.ts'
import type { Options } from './options.ts'

/** Options of `verify`. */
export type VerifyOptions = Options & {
  /** Checks the `index`-th (from 1) of `count` parts of the partitions, so that `count` runs check all. */
  readonly subset?: { readonly index: number; readonly count: number }
  /** Re-reads the archives' checksums. */
  readonly remote?: boolean
  /** Writes lost or damaged manifests anew from the Parquet footers. */
  readonly rebuild?: boolean
}

/** One thing that is wrong, or worth knowing. */
export type Finding = {
  readonly severity: 'damage' | 'warning' | 'note'
  /** Stable, e.g. `hash-mismatch`, `duplicate-key`, `out-of-order`, `orphan`, `foreign-file`. */
  readonly code: string
  readonly path: string
  readonly message: string
  readonly hint?: string
}

/** What was found in one series. */
export type SeriesVerdict = {
  readonly key: SeriesKey
  /** `complete`, `complete with N known gaps`, `incomplete: ...`, or `damaged`. */
  readonly verdict: string
  readonly missing: readonly WindowText[]
  readonly partitions: number
  readonly rows: number
}

/** What `verify` prints. */
export type VerifyReport = {
  readonly ok: boolean
  readonly series: readonly SeriesVerdict[]
  readonly findings: readonly Finding[]
  readonly partitions: number
  readonly rows: number
  readonly bytes: number
  readonly seconds: number
}

/** One step of a verification. */
export type VerifyProgress =
  | { readonly kind: 'checked'; readonly path: string; readonly rows: number; readonly ok: boolean }
  | { readonly kind: 'finding'; readonly finding: Finding }
  | ({ readonly kind: 'report' } & VerifyReport)

/** Verifies what `jobs` name, or everything in the lake without jobs; the last item is the report. */
export async function* verify(
  jobs: readonly Job[],
  options: VerifyOptions = {},
): AsyncGenerator<VerifyProgress, void, void> {
  throw new Error(`not built: ${jobs.length} ${String(options.dataDir)}`)
}
