/** Where a walk by id continues: the id after the rows stored without a break before a window. */

import { micros, periodOf, periodWindow, type Micros } from '../base/time.ts'
import { isKeyedByTime } from '../binance/dataset.ts'
import { INTERLEAVE } from '../binance/disorder.ts'
import { datasetOf } from '../binance/market.ts'
import { pageOf } from '../rows/batch.ts'
import { concatBatches } from '../rows/order.ts'
import { endBefore, isEndContiguous, type IdEnd } from '../store/id-ends.ts'
import type { Series } from '../store/series.ts'

/** How many of the newest rows are searched for an id left out among them. */
const TAIL_ROWS = 10_000

/** The id to request from; `undefined` where rows from `from` on may have lower ids than a stored one. */
export async function nextIdOf(series: Series, from: Micros): Promise<bigint | undefined> {
  const { manifest } = series
  const dataset = datasetOf(manifest.key)
  const { walk } = dataset
  if (isKeyedByTime(dataset) || walk === 'archive') return undefined
  // Ids of transactions do not increase.
  if (walk === 'accountTime' && dataset.cursor === undefined) return undefined
  if (walk === 'accountWindow' || walk === 'accountTime') return nextAccountId(series, from)
  const end = endBefore(manifest, from)
  if (end === undefined || !(await isEndStored(series, end))) return undefined
  const next = BigInt(end.entry.lastKey) + 1n
  if (walk === 'blockTradeId' || isEndContiguous(manifest, end)) return next
  return firstLeftOut(await tailIds(series, end), next)
}

async function nextAccountId(series: Series, from: Micros): Promise<bigint | undefined> {
  const { partition } = series.manifest
  const nextId = series.nextId(from)
  if (nextId === undefined) return undefined
  const { to } = periodWindow(periodOf(micros(from - 1n), partition))
  const near = await series.newestRows({ from: micros(from - INTERLEAVE), to }, 1)
  return near.length === 0 ? nextId : undefined
}

/** Does the last row of the file belong to the stretch that ends here? */
async function isEndStored(series: Series, { stretch, period, entry }: IdEnd): Promise<boolean> {
  if (stretch.from <= period.from) return true
  const [newest] = await series.newestRows({ from: stretch.from, to: period.to }, 1)
  if (newest === undefined) return false
  const { keys } = pageOf(datasetOf(series.key), newest)
  return keys[keys.length - 1] === BigInt(entry.lastKey)
}

async function tailIds(series: Series, { stretch, period }: IdEnd): Promise<BigInt64Array> {
  const tail = await series.newestRows({ from: stretch.from, to: period.to }, TAIL_ROWS)
  if (tail.length === 0) return new BigInt64Array()
  // The ids of two partitions may interleave.
  return pageOf(datasetOf(series.key), concatBatches(tail)).keys.slice().sort()
}

/**
 * The first id left out among stored ones: rows with later ids were stored because their times are earlier, and it was
 * not.
 *
 * @param ids - In order.
 * @param next - The id after all of them, if none is left out.
 */
export function firstLeftOut(ids: BigInt64Array, next: bigint): bigint {
  for (let row = 1; row < ids.length; row++) {
    const expected = (ids[row - 1] ?? 0n) + 1n
    if ((ids[row] ?? 0n) > expected) return expected
  }
  const last = ids[ids.length - 1]
  return last === undefined || last < next ? next : last + 1n
}
