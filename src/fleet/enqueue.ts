/** Puts the series of jobs on the queue. */

import { checkJobs } from '../backfill/preflight.ts'
import type { World } from '../base/ports.ts'
import type { SymbolInfo } from '../binance/exchange-info.ts'
import type { Job } from '../job/job.ts'
import { accountLabel } from '../session/account.ts'
import { openExchange } from '../session/exchange.ts'
import { knownSymbols } from '../session/checked-wants.ts'
import { needsAllSymbols } from '../session/wants.ts'
import { ArchiveSession } from '../walk/archive/files.ts'
import { LOOK_ATTEMPTS } from '../walk/exchange.ts'
import { askFor } from './ask.ts'
import { refusalOf } from './engine.ts'
import type { FleetOptions } from './lake-mark.ts'
import { openFleet } from './open.ts'
import { seriesJobs } from './series-job.ts'

/** How long a queue may take to be reached by a call that somebody waits for. */
export const REACH_MS = 10_000

/** What became of the series. */
export type Enqueued = {
  /** Put on the queue now. */
  readonly added: number
  /** On it already, waiting or worked at. */
  readonly waiting: number
  readonly series: readonly string[]
}

/**
 * Puts one job per series on the queue, in the order of the plan. A series that waits or is worked at is not put there
 * twice; what is asked of it is brought up to date. One that is done or has failed is put there anew: the lake decides
 * what is left to do.
 *
 * @throws UsageError before anything was done
 */
export async function enqueueJobs(
  jobs: readonly Job[],
  options: FleetOptions = {},
): Promise<Enqueued> {
  checkJobs(jobs, options)
  const { world, open, close } = await openFleet(options, REACH_MS)
  try {
    const symbols = await symbolsOf(jobs, world, options)
    const wanted = seriesJobs(jobs, options, { symbols, account: accountLabel(jobs) })
    const added = await askFor(open, wanted)
    const series = wanted.map((one) => one.series)
    return { added, waiting: wanted.length - added, series }
  } catch (error) {
    throw refusalOf(error, open.name) ?? error
  } finally {
    await close()
  }
}

async function symbolsOf(
  jobs: readonly Job[],
  world: World,
  options: FleetOptions,
): Promise<readonly SymbolInfo[]> {
  if (!needsAllSymbols(jobs)) return []
  const events = {
    onWait: () => undefined,
    onWarning: () => undefined,
    attemptsMax: LOOK_ATTEMPTS,
  }
  const exchange = await openExchange(world, jobs, options, events)
  const session = new ArchiveSession(
    world,
    { ...options, attemptsMax: LOOK_ATTEMPTS },
    events.onWarning,
  )
  return knownSymbols(jobs, { exchange, session, ...events }, options)
}
