/** `run`: makes the lake hold what the jobs ask for. */

import type { Execute } from '../commands.ts'
import { jobsFrom } from '../jobs.ts'
import { optionsOf } from '../options.ts'
import { originOf, refuseMix } from '../origin.ts'
import { runJobs } from '../running.ts'

export const execute: Execute = async ({ values, operands, io, print }) => {
  const jobs = await jobsFrom(operands, values)
  const options = optionsOf(values)
  await refuseMix(originOf(values['base-url']), values['data-dir'])
  return runJobs(jobs, options, { values, io, print })
}
