/** A run that could not begin, since the exchange did not answer: what it lacks, as far as that can be known without it. */

import {
  BannedError,
  ClockError,
  DataError,
  RejectedError,
  StoppedError,
  TransportError,
  UnavailableError,
  UnreachableError,
  type BackfillError,
} from '../base/errors.ts'
import { micros } from '../base/time.ts'
import type { Job } from '../job/job.ts'
import type { Options } from '../options.ts'
import type { Plan } from '../plan/plan.ts'
import type { Speed } from '../plan/speed.ts'
import type { Exchanges } from '../walk/exchanges.ts'
import { planWants } from '../session/plan-wants.ts'
import { checkWant } from '../session/checked-wants.ts'
import { listedAt } from '../session/listing.ts'
import { type Manifests } from '../session/manifests.ts'
import { resolveWants } from '../session/wants.ts'
import { accountLabel } from '../session/account.ts'

/** Did the exchange, the way to it or the user keep a run from beginning? All else has no summary: nothing was asked. */
export function keepsFromBeginning(error: unknown): error is BackfillError {
  return (
    error instanceof UnreachableError ||
    error instanceof BannedError ||
    error instanceof ClockError ||
    error instanceof RejectedError ||
    error instanceof UnavailableError ||
    error instanceof TransportError ||
    error instanceof DataError ||
    error instanceof StoppedError
  )
}

/**
 * What `jobs` want and the lake lacks. Symbols that a filter would have chosen are not known; where a series begins is
 * what the lake knows of it, or the beginning of time; and now is what this machine's clock says.
 *
 * @throws UsageError when two jobs contradict each other.
 */
export async function offlinePlan(
  jobs: readonly Job[],
  {
    exchange,
    manifests,
    speed,
  }: { readonly exchange: Exchanges; readonly manifests: Manifests; readonly speed: Speed },
  options: Options,
): Promise<Plan> {
  const wants = await resolveWants(jobs, {
    now: exchange.now(),
    symbols: exchange.symbols,
    source: options.source,
    account: accountLabel(jobs),
    shard: options.shard,
    listingOf: async (key) => listedAt(await manifests.get(key)) ?? micros(0n),
  })
  const checked = await Promise.all(wants.map((want) => checkWant(want, manifests)))
  return planWants(checked, manifests, speed, options)
}
