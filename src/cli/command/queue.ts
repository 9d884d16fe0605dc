/** `queue`: looks at the queue. */

import type { QueueReport, QueueState } from '../../index.ts'
import type { Call, Command } from '../command.ts'
import type { Flags } from '../flags.ts'
import { library } from '../library.ts'
import { QUEUE_FLAG } from '../queue-flags.ts'

const flags = {
  ...QUEUE_FLAG,
  retry: { describe: 'put what failed back on the queue' },
} satisfies Flags

/** @see {@link Command} */
export const command: Command = {
  name: 'queue',
  describe: 'show what is on the queue: waiting, active, delayed, done, failed',
  long: [
    'Done series are shown for a day. What the lake holds is told by `status`: the queue may be lost at any time, and filled again by `enqueue`.',
  ],
  flags,
  examples: [
    { line: 'queue --queue redis://queue.internal', does: 'how many wait, and what failed' },
    { line: 'queue --queue redis://queue.internal --retry', does: 'try again what failed' },
  ],
  execute,
}

async function execute({ values, print }: Call<typeof flags>): Promise<number> {
  const report = await library.readQueue({ queue: values.queue, retry: values.retry === true })
  if (values.json === true) await print.json(report)
  else await print.result(queueText(report))
  return 0
}

/** So many of the series that wait or are done are named. */
const NAMED_MAX = 20

function queueText({ jobs, ...counts }: QueueReport): string {
  const { waiting, active, delayed, done, failed } = counts
  const head = `${waiting} waiting, ${active} active, ${delayed} delayed, ${done} done, ${failed} failed\n`
  const shown: readonly QueueState[] = ['active', 'delayed', 'failed']
  const lines = jobs
    .filter(({ state }) => shown.includes(state))
    .map(({ series, state, reason }) => {
      const why = reason === undefined ? '' : `: ${library.quoteText(reason)}`
      return `${state.padEnd(8)} ${library.quoteText(series)}${why}\n`
    })
  const more = lines.length > NAMED_MAX ? `and ${lines.length - NAMED_MAX} more\n` : ''
  return `${head}${lines.slice(0, NAMED_MAX).join('')}${more}`
}
