/** Flags that several commands share. */

import type { FlagName } from './flags.ts'

/** Flags of every command. */
export const OUTPUT_FLAGS: readonly FlagName[] = ['json', 'quiet', 'verbose', 'no-progress', 'help']

/** Flags of the commands that touch the lake or the exchange. */
export const SHARED_FLAGS: readonly FlagName[] = [
  'data-dir',
  'base-url',
  'prefer',
  'archive-url',
  'source',
  'weight-share',
  'concurrency',
  'max-wait',
  'recv-window',
  'wire',
]

/** Flags that make up a job, instead of a job file. `compression` may also stand beside one. */
export const JOB_FLAGS: readonly FlagName[] = [
  'dataset',
  'symbol',
  'interval',
  'from',
  'to',
  'settle',
  'numbers',
  'compression',
  'partition',
]
