/** Flags of the commands that work by a queue. */

import type { Flags } from './flags.ts'
import { readText } from './read.ts'

/** Which queue. */
export const QUEUE_FLAG = {
  queue: {
    describe:
      'the queue, on a Redis or Valkey server: redis://[USER:PASSWORD@]HOST[:PORT][/DB], or rediss://',
    value: 'URL',
    env: 'BINANCE_BACKFILL_QUEUE',
    read: readText,
  },
} satisfies Flags

/** Of a lake that is a directory. */
export const SHARED_FLAG = {
  'lake-is-shared': {
    describe: 'the data directory is one that all workers share, such as a network file system',
  },
} satisfies Flags
