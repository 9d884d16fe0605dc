/** `worker`: works a queue off. */

import type { WorkProgress } from '../../index.ts'
import type { Call, Command } from '../command.ts'
import { Unfinished, INCOMPLETE } from '../failure.ts'
import type { Flags } from '../flags.ts'
import { count, counted } from '../human.ts'
import { library } from '../library.ts'
import { originOf, refuseMix } from '../origin.ts'
import { flatKey, type Printer } from '../print.ts'
import { QUEUE_FLAG, SHARED_FLAG } from '../queue-flags.ts'
import { readInteger } from '../read.ts'

const flags = {
  ...QUEUE_FLAG,
  ...SHARED_FLAG,
  lease: {
    describe: 'how long a worker that is not heard of keeps its series',
    value: 'SECONDS',
    default: '60',
    read: readInteger(2, 86_400),
  },
  'until-idle': {
    describe: "end when nothing waits, is delayed or active for ten seconds, others' work included",
  },
} satisfies Flags

/** @see {@link Command} */
export const command: Command = {
  name: 'worker',
  describe: 'take series from a queue and run them',
  long: [
    'As many as you like, on as many machines. A worker needs nothing but the queue and the lake: it plans each series by itself from what the lake holds. SIGTERM commits what is whole and gives the rest back; a worker that dies loses its series to the others when its lease runs out.',
    'A failure is tried again up to ten times; `queue` shows the reason. A ban, a stop or a lost lease is no failure of the series.',
    'With --until-idle ends with 0, or with 3 when series failed for good under this worker.',
  ],
  flags,
  takesLake: true,
  examples: [
    {
      line: 'worker --queue redis://queue.internal --data-dir s3://lake/binance --until-idle',
      does: 'until nothing is left to do',
    },
    {
      line: 'worker --queue redis://queue.internal --data-dir s3://lake/binance --local-address 192.0.2.7 --local-address 192.0.2.8',
      does: 'for ever, from two addresses',
    },
  ],
  execute,
}

async function execute({ values, options, print, io }: Call<typeof flags>): Promise<number> {
  await refuseMix(originOf(values['base-url']), values['data-dir'])
  const stop = library.stopOnSignals()
  const signal = AbortSignal.any([stop.signal, io.gone])
  let failed = 0
  try {
    const work = library.workQueue({
      ...options,
      signal,
      queue: values.queue,
      lakeIsShared: values['lake-is-shared'],
      ...(values.lease === undefined ? {} : { leaseMs: values.lease * 1_000 }),
      untilIdle: values['until-idle'] === true,
    })
    for await (const item of work) {
      if (item.kind === 'summary') ({ failed } = item)
      if (values.json === true) await print.json(document(item))
      else await show(item, print, values.verbose === true)
    }
  } finally {
    stop.dispose()
  }
  if (failed === 0) return 0
  const words = `${counted(failed, 'series', 'series')} failed for good`
  const hint = '`binance-backfill queue` tells why; --retry puts them back.'
  await print.error(new Unfinished('E_INCOMPLETE', words, { exit: INCOMPLETE, hint }))
  return INCOMPLETE
}

/** One line of `worker --json`. */
function document(item: WorkProgress): object {
  if (item.kind === 'done') {
    const { kind, series, result } = item
    return { kind, series, rows: result?.rows ?? 0, partitions: result?.partitions ?? 0 }
  }
  if (!('key' in item)) return item
  const { key, ...rest } = item
  return { ...flatKey(key), ...rest }
}

async function show(item: WorkProgress, print: Printer, isVerbose: boolean): Promise<void> {
  const line = lineOf(item, isVerbose)
  if (line === undefined) return
  if (item.kind === 'summary') await print.result(`${line}\n`)
  else await print.say(library.quoteText(line, 2_000))
}

function lineOf(item: WorkProgress, isVerbose: boolean): string | undefined {
  switch (item.kind) {
    case 'taken':
      return `${item.series}: taken`
    case 'done':
      return `${item.series}: done, ${count(item.result?.rows ?? 0)} rows`
    case 'failed':
      return `${item.series}: failed${item.isFinal ? ' for good' : ', tried again later'}: ${item.reason}`
    case 'returned':
      return `${item.series}: given back: ${item.reason}`
    case 'wait':
      return `waiting ${Math.ceil(item.ms / 1_000)} s: ${item.message}`
    case 'warning':
      return `warning: ${item.message}`
    case 'note':
      return item.message
    case 'committed':
      return isVerbose ? `committed ${item.path}` : undefined
    case 'summary':
      return `${item.done} done, ${item.failed} failed, ${item.returned} given back; ${count(item.rows)} rows`
    case 'rows':
    case 'gap':
      return undefined
  }
}
