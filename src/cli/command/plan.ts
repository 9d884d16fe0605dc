/** `plan`: prints what `run` would do. */

import { makePlan, UsageError, type Plan } from '../../index.ts'
import type { Execute } from '../commands.ts'
import { invoice, isPending } from '../invoice.ts'
import { jobsFrom } from '../jobs.ts'
import { optionsOf } from '../options.ts'
import { planDocument } from '../shape.ts'

/** Exit code of `--detailed-exitcode` when there is work. */
const PENDING = 10

export const execute: Execute = async ({ values, operands, print }) => {
  if (values.tasks === true && values.json !== true)
    throw new UsageError('--tasks: tasks are printed as JSON', { hint: 'Add --json.' })
  const jobs = await jobsFrom(operands, values)
  const plan = await makePlan(jobs, optionsOf(values))
  if (values.json === true) await print.json(planDocument(plan, values.tasks))
  else await print.result(invoice(plan))
  for (const { problem } of plan.series) if (problem !== undefined) await print.error(problem)
  return exitOf(plan) ?? (values['detailed-exitcode'] === true && isAnyPending(plan) ? PENDING : 0)
}

/** What a series that could not be planned ends the command with. */
function exitOf({ series }: Plan): number | undefined {
  const exits = series.flatMap(({ problem }) => problem?.exit ?? [])
  return exits.length === 0 ? undefined : Math.max(...exits)
}

function isAnyPending({ series }: Plan): boolean {
  return series.some(isPending)
}
