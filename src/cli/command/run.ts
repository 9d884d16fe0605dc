/** `run`: makes the lake hold what the jobs ask for. */

import type { Call, Command } from '../command.ts'
import { JOB_FLAGS, option, RECHECK_FLAG, type Flags } from '../flags.ts'
import { jobsFrom } from '../jobs.ts'
import { originOf, refuseMix } from '../origin.ts'
import { readSeconds, readText } from '../read.ts'
import { runJobs, WATCH_FLAGS } from '../running.ts'

const flags = {
  ...JOB_FLAGS,
  'wait-lock': option('waitLockMs', {
    describe: 'wait so long for another run to let go of the lake, instead of ending with 6',
    value: 'SECONDS',
    default: '0',
    read: readSeconds,
  }),
  ...RECHECK_FLAG,
  'refresh-archives': option('refreshArchives', {
    describe: 'read the checksums of the archives again, and take replaced files anew',
  }),
  'keep-archives': option('keepArchives', {
    describe: 'keep verified archives in this directory, and use them again',
    value: 'DIR',
    read: readText,
  }),
  ...WATCH_FLAGS,
} satisfies Flags

/** @see {@link Command} */
export const command: Command = {
  name: 'run',
  operands: '[JOB...]',
  describe: 'make the lake hold what the jobs ask for',
  long: [
    'Fetches what is missing, oldest first, and commits whole Parquet partitions. What is covered is not fetched again, so running twice costs nothing, and an interrupted run goes on where it stopped.',
    'A job comes from files or from flags (--dataset, --symbol, --interval, --from, --to), not from both.',
    'With --json each step is one JSON object a line; the last one is the summary. Its rows are those that the lake did not hold before; changed ones are counted as revisions.',
    '--metrics-file and --heartbeat-url are for schedules: what they cannot write or reach is a warning, and changes neither the run nor its exit code.',
  ],
  flags,
  takesLake: true,
  isSharded: true,
  examples: [
    { line: 'run jobs/majors.yaml', does: 'what one job file asks for' },
    {
      line: 'run --dataset klines --symbol BTCUSDT --interval 1h --from 2024-01-01 --to 2024-02-01',
      does: 'without a job file',
    },
    {
      line: 'run jobs/majors.yaml --recheck 2024-01-01..2024-01-08',
      does: 'ask one week again; changes become revisions',
    },
    {
      line: 'run jobs/majors.yaml --weight-share 0.5 --max-wait 60 --json',
      does: 'for a scheduler: half of the rate limit, short waits, lines of JSON',
    },
    {
      line: 'run jobs/majors.yaml --log-format json --metrics-file /var/lib/node_exporter/backfill.prom',
      does: 'for a service: logs as JSON on stderr, metrics for Prometheus',
    },
  ],
  execute,
}

async function execute(call: Call<typeof flags>): Promise<number> {
  const { values, operands, options } = call
  const jobs = await jobsFrom(operands, values)
  await refuseMix(originOf(values['base-url']), values['data-dir'])
  return runJobs(jobs, options, call)
}
