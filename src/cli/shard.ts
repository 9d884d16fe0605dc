/** Which part of the series a process works at: told by a flag, or by what started it as one of several. */

import type { Options } from '../index.ts'
import { Misuse } from './failure.ts'
import type { SharedValues } from './flags.ts'
import { readInteger } from './read.ts'

type Shard = NonNullable<Options['shard']>
type Env = Readonly<Record<string, string | undefined>>

const KUBERNETES_INDEX = 'JOB_COMPLETION_INDEX'
const BATCH_INDEX = 'AWS_BATCH_JOB_ARRAY_INDEX'
const BATCH_SIZE = 'AWS_BATCH_JOB_ARRAY_SIZE'

/** The shard that the flags or the environment name; `undefined` when neither does. @throws Misuse for half of one */
export function shardIn(values: SharedValues, env: Env): Shard | undefined {
  if (values.shard !== undefined) return values.shard
  if (values.shards !== undefined) return ofKubernetes(values.shards, given(env, KUBERNETES_INDEX))
  const [index, size] = [given(env, BATCH_INDEX), given(env, BATCH_SIZE)]
  if (index !== undefined || size !== undefined) return ofBatch(index, size)
  if (given(env, KUBERNETES_INDEX) === undefined) return undefined
  throw new Misuse(
    `${KUBERNETES_INDEX} says which shard this is, and nothing says of how many`,
    'add --shards N with the number of completions; or --shard 1/1 for all series',
  )
}

function given(env: Env, name: string): string | undefined {
  return env[name] === '' ? undefined : env[name]
}

function ofKubernetes(count: number, index: string | undefined): Shard {
  if (index !== undefined) return fromZero(index, count, KUBERNETES_INDEX)
  throw new Misuse(
    `--shards ${count} says how many shards there are, and nothing says which this is`,
    `write --shard I/${count} with I from 1 to ${count}; ${KUBERNETES_INDEX}, which an indexed Job of Kubernetes sets, would say it too`,
  )
}

function ofBatch(index: string | undefined, size: string | undefined): Shard {
  if (index !== undefined && size !== undefined)
    return fromZero(index, readInteger(1, 999_999)(size, BATCH_SIZE), BATCH_INDEX)
  const [there, absent] =
    index === undefined ? [BATCH_SIZE, BATCH_INDEX] : [BATCH_INDEX, BATCH_SIZE]
  throw new Misuse(
    `${there} is set, and ${absent} is not`,
    'AWS Batch sets both; set both, neither, or write --shard I/N',
  )
}

/** Others count from 0. */
function fromZero(index: string, count: number, name: string): Shard {
  return { index: readInteger(0, count - 1)(index, name) + 1, count }
}

/** For documents: `{shard: '2/4'}`, or nothing where all series are worked at. */
export function shardField(shard: Shard | undefined): { readonly shard?: string } {
  return shard === undefined ? {} : { shard: `${shard.index}/${shard.count}` }
}

/** A line for people, or nothing where all series are worked at. */
export function shardLine(shard: Shard | undefined): string {
  if (shard === undefined) return ''
  const others = shard.count === 1 ? 'all series' : 'the other series fall to the others'
  return `Shard ${shard.index} of ${shard.count}: ${others}.\n`
}
