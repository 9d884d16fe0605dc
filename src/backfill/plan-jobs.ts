/** A plan: what a run would do, and nothing of it. */

import { checkEgresses } from '../base/egress.ts'
import type { Job } from '../job/job.ts'
import type { Options } from '../options.ts'
import { spaceWarning, type Plan } from '../plan/plan.ts'
import { checkStored, wantsOf } from '../session/checked-wants.ts'
import { exchangeFor, openFor, unknownSeries } from '../session/exchange.ts'
import { Manifests } from '../session/manifests.ts'
import { planWants } from '../session/plan-wants.ts'
import { closeWorld, worldOf } from '../session/world.ts'
import { checkLake } from '../store/lake.ts'
import { ArchiveSession } from '../walk/archive/files.ts'
import { LOOK_ATTEMPTS } from '../walk/exchange.ts'
import { speedNow, splitPlan } from './plan-archive.ts'
import { checkJobs } from './preflight.ts'
import { Speedometer } from './speedometer.ts'
import { assertAnyPlannable, withoutUnknown } from './unknown-symbols.ts'

/** Plans what a run of `jobs` would do. Asks the exchange for its time, limits and listings; writes nothing. */
export async function planJobs(jobs: readonly Job[], options: Options = {}): Promise<Plan> {
  checkJobs(jobs, options)
  const world = worldOf(options)
  try {
    await checkEgresses(world)
    await checkLake(world.files)
    const manifests = new Manifests(world.files)
    await checkStored(jobs, manifests)
    const events = {
      onWait: () => undefined,
      onWarning: () => undefined,
      attemptsMax: LOOK_ATTEMPTS,
    }
    const meter = new Speedometer(world.clock)
    const exchange = exchangeFor(meter.rest(world), jobs, options, events)
    await openFor(exchange, jobs, options)
    const [unknown] = unknownSeries(jobs, exchange)
    if (unknown !== undefined) throw unknown.cause
    const session = new ArchiveSession(meter.archive(world), options, events.onWarning)
    const resolved = await wantsOf(jobs, exchange, manifests, options)
    const wants = await withoutUnknown(resolved, { exchange, session, manifests, options })
    assertAnyPlannable(wants, options)
    const how = { files: world.files, session, exchange, meter, options }
    const plan = await planWants(wants, manifests, speedNow(how), options)
    const split = await splitPlan(plan, how)
    const warning = spaceWarning(split, await world.files.freeBytes())
    return warning === undefined ? split : { ...split, warning }
  } finally {
    await closeWorld(world, options)
  }
}
