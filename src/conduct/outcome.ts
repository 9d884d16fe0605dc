/** How a run came out: one result a series, one exit code for all. */

import { subtractAll, type Coverage } from '../base/coverage.ts'
import {
  BackfillError,
  BannedError,
  DamageError,
  LockedError,
  StoppedError,
  StoreError,
  UnavailableError,
} from '../base/errors.ts'
import type { Gap } from '../base/gap.ts'
import { formatWindow } from '../base/time.ts'
import type { SeriesPlan } from '../plan/plan.ts'
import type { SeriesResult } from '../progress.ts'
import type { Manifest } from '../store/manifest.ts'
import type { Tally } from './series-run.ts'

/** Does this error end the whole run, not just its series? */
export function isFatal(error: unknown): boolean {
  return (
    !(error instanceof BackfillError) ||
    error instanceof BannedError ||
    error instanceof StoppedError ||
    error instanceof StoreError ||
    error instanceof LockedError
  )
}

/** The result of a series that ran, or did not get to. */
export function resultOf(
  plan: SeriesPlan,
  manifest: Manifest | undefined,
  tally: Tally,
  error: unknown,
): SeriesResult {
  const missing = subtractAll(plan.wanted, manifest?.coverage ?? [])
  const why = error ?? unavailable(manifest?.gaps ?? [], missing)
  const complete = missing.length === 0 && error === undefined
  const { rows, files, revisions } = tally
  const [partitions, bytes] = [files.size, [...files.values()].reduce((sum, size) => sum + size, 0)]
  const result = { key: plan.key, complete, rows, partitions, bytes, revisions, missing }
  return why === undefined || complete ? result : { ...result, error: describe(why) }
}

/** An error as it is told. */
export function describe(error: unknown): NonNullable<SeriesResult['error']> {
  if (!(error instanceof BackfillError))
    return { code: 'E_UNEXPECTED', message: error instanceof Error ? error.message : String(error) }
  const { code, message, hint } = error
  return hint === undefined ? { code, message } : { code, message, hint }
}

function unavailable(gaps: readonly Gap[], missing: Coverage): UnavailableError | undefined {
  const gap = gaps.find(({ from, to }) =>
    missing.some((window) => window.from < to && from < window.to),
  )
  if (gap === undefined) return undefined
  const { from, to } = formatWindow(gap)
  return new UnavailableError(`${from} to ${to}: ${gap.reason}`, {
    hint:
      gap.reason === 'not-published'
        ? 'The archive has no file of it; REST may have the rows: source: auto or rest.'
        : 'Take it from the published archive: source: auto.',
  })
}

/** The exit code of a run: what ended it, or the worst that befell a series. */
export function exitOf(results: readonly SeriesResult[], errors: readonly unknown[]): number {
  const stopped = errors.find((error) => error instanceof StoppedError)
  if (stopped !== undefined) return stopped.exit
  const fatal = errors.find(isFatal)
  if (fatal !== undefined) return fatal instanceof BackfillError ? fatal.exit : 1
  if (errors.some((error) => error instanceof BackfillError && error.exit === 4)) return 4
  if (errors.some((error) => error instanceof DamageError)) return 4
  return errors.length === 0 && results.every(({ complete }) => complete) ? 0 : 3
}
