/** `enqueue`: puts the series of jobs on a queue. */

import type { Call, Command } from '../command.ts'
import { JOB_FLAGS, type Flags } from '../flags.ts'
import { counted } from '../human.ts'
import { jobsFrom } from '../jobs.ts'
import { library } from '../library.ts'
import { QUEUE_FLAG, SHARED_FLAG } from '../queue-flags.ts'

const flags = { ...QUEUE_FLAG, ...SHARED_FLAG, ...JOB_FLAGS } satisfies Flags

/** @see {@link Command} */
export const command: Command = {
  name: 'enqueue',
  operands: '[JOB...]',
  describe: 'put the series of jobs on a queue, for workers on any number of machines',
  long: [
    'One job per series, in the order of the plan. Again is harmless: a series that waits or is worked at is not put there twice, and one that is done is looked at anew. What is done is decided by the lake, never by the queue.',
    'Needs the packages bullmq and ioredis beside this one. One queue serves one lake.',
  ],
  flags,
  takesLake: true,
  isSharded: true,
  examples: [
    {
      line: 'enqueue jobs/majors.yaml --queue redis://queue.internal --data-dir s3://lake/binance',
      does: 'all series of a job',
    },
  ],
  execute,
}

async function execute({ values, options, operands, print }: Call<typeof flags>): Promise<number> {
  const jobs = await jobsFrom(operands, values)
  const { queue, 'lake-is-shared': lakeIsShared } = values
  const { added, waiting, series } = await library.enqueueJobs(jobs, {
    ...options,
    queue,
    lakeIsShared,
  })
  if (values.json === true) await print.json({ added, waiting, series })
  else
    await print.result(
      `${counted(added, 'series', 'series')} put on the queue, ${counted(waiting, 'series', 'series')} on it already.\n`,
    )
  return 0
}
