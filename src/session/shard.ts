/** Which series fall to one of several machines that share the work without talking to each other. */

import { createHash } from 'node:crypto'
import { UsageError } from '../base/errors.ts'
import type { SeriesKey } from '../binance/series.ts'
import type { Shard } from '../options.ts'
import { seriesPath } from '../store/layout.ts'

/** As much of the hash as a number holds exactly; so much more than any count that the shards are equally likely. */
const HASH_BYTES = 6

/** Shards at most. */
const COUNT_MAX = 999_999

/**
 * Do series fall to `shard`? Without one all do.
 *
 * The shard of a series is the first six bytes of the SHA-256 of its directory in the lake, taken as one number, modulo
 * how many shards there are, plus 1. It depends on nothing else, and never changes: a series that moved would be begun
 * on one machine and continued on another.
 *
 * @throws UsageError for a shard that cannot be.
 */
export function shardFilter(shard: Shard | undefined): (key: SeriesKey) => boolean {
  if (shard === undefined) return () => true
  const { index, count } = shard
  const isWhole = [index, count].every((number) => Number.isSafeInteger(number) && number >= 1)
  if (!isWhole || index > count || count > COUNT_MAX)
    throw new UsageError(
      `shard: expected 1 to count, and at most ${COUNT_MAX}, got ${index}/${count}`,
    )
  return (key) => shardOf(key, count) === index
}

/** Are there series that fall to other shards? */
export function isPart(shard: Shard | undefined): boolean {
  return shard !== undefined && shard.count > 1
}

/** The shard of a series, counted from 1. */
export function shardOf(key: SeriesKey, count: number): number {
  const hash = createHash('sha256').update(seriesPath(key)).digest()
  return (hash.readUIntBE(0, HASH_BYTES) % count) + 1
}
