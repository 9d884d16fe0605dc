/** What the rows of a partition prove of themselves, counted batch by batch while they are written. */

import type { RecordBatch } from 'apache-arrow'
import { columnIndex, DATASETS, type Dataset } from '../binance/dataset.ts'
import { gridFloor, hasKnownGrid } from '../binance/interval.ts'
import { micros } from '../base/time.ts'
import type { SeriesKey } from '../binance/series.ts'
import { int64Values } from './batch.ts'

/** Counts facts about rows in the order of their keys. */
export type RowProver = {
  take(batch: RecordBatch): void
  proof(): Readonly<Record<string, string | number | boolean>>
}

/** The prover for a series. */
export function proverOf(key: SeriesKey): RowProver {
  const dataset = DATASETS[key.dataset]
  if (dataset.walk === 'openTime') return klineProver(key, dataset)
  return dataset.security === 'signed'
    ? { take: () => undefined, proof: () => ({}) }
    : idProver(dataset)
}

/** Klines: how many open off the grid. */
function klineProver({ interval }: SeriesKey, dataset: Dataset): RowProver {
  const keyIndex = columnIndex(dataset, dataset.key)
  let offGrid = 0
  return {
    take(batch) {
      if (interval === undefined || !hasKnownGrid(interval)) return
      for (const open of int64Values(batch, keyIndex))
        if (gridFloor(interval, micros(open)) !== open) offGrid++
    },
    proof: () => ({ off_grid: offGrid }),
  }
}

/**
 * Ids: are they contiguous, and where the rows name their trades, does each begin with the trade after the last of
 * the one before?
 */
function idProver(dataset: Dataset): RowProver {
  const keyIndex = columnIndex(dataset, dataset.key)
  const hasChain = dataset.columns.some(({ name }) => name === 'first_trade_id')
  const firstIndex = hasChain ? columnIndex(dataset, 'first_trade_id') : -1
  const lastIndex = hasChain ? columnIndex(dataset, 'last_trade_id') : -1
  const state = { last: undefined as bigint | undefined, breaks: 0 }
  const chain = { first: '', last: undefined as bigint | undefined, breaks: 0, dummies: 0 }
  return {
    take(batch) {
      const ids = int64Values(batch, keyIndex)
      countBreaks(ids, state)
      if (hasChain) countChain(int64Values(batch, firstIndex), int64Values(batch, lastIndex), chain)
    },
    proof: () => ({
      id_breaks: state.breaks,
      ...(hasChain
        ? {
            chain_breaks: chain.breaks,
            dummies: chain.dummies,
            first_trade_id: chain.first,
            last_trade_id: String(chain.last ?? ''),
          }
        : {}),
    }),
  }
}

function countBreaks(
  ids: BigInt64Array,
  state: { last: bigint | undefined; breaks: number },
): void {
  const first = ids[0]
  const last = ids[ids.length - 1]
  if (first === undefined || last === undefined) return
  if (state.last !== undefined && first !== state.last + 1n) state.breaks++
  // Ids increase strictly, so first and last alone tell whether any is missing in between.
  if (last - first !== BigInt(ids.length - 1))
    for (let row = 1; row < ids.length; row++)
      if (ids[row] !== (ids[row - 1] ?? 0n) + 1n) state.breaks++
  state.last = last
}

function countChain(
  first: BigInt64Array,
  last: BigInt64Array,
  chain: { first: string; last: bigint | undefined; breaks: number; dummies: number },
): void {
  for (let row = 0; row < first.length; row++) {
    const begin = first[row] ?? 0n
    // Invalidated records have no trades (CHANGELOG 2022-04-12); the chain goes on over them.
    if (begin < 0n) {
      chain.dummies++
      continue
    }
    if (chain.last === undefined) chain.first = String(begin)
    else if (begin !== chain.last + 1n) chain.breaks++
    chain.last = last[row] ?? 0n
  }
}
