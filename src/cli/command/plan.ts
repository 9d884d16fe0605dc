/** `plan`: prints what `run` would do. */

import { makePlan } from '../../index.ts'
import type { Execute } from '../commands.ts'
import { invoice, isPending } from '../invoice.ts'
import { jobsFrom } from '../jobs.ts'
import { optionsOf } from '../options.ts'
import { planDocument } from '../shape.ts'

/** Exit code of `--detailed-exitcode` when there is work. */
const PENDING = 10

export const execute: Execute = async ({ values, operands, print }) => {
  const jobs = await jobsFrom(operands, values)
  const plan = await makePlan(jobs, optionsOf(values))
  if (values.json === true) await print.json(planDocument(plan))
  else await print.result(invoice(plan))
  return values['detailed-exitcode'] === true && plan.series.some(isPending) ? PENDING : 0
}
