/** Tick, volume and dollar bars: each full once its trades come to a size. A pure function over batches. */

import type { RecordBatch } from 'apache-arrow'
import type { Coverage } from '../base/coverage.ts'
import type { Dataset } from '../binance/dataset.ts'
import { Bar } from './bar.ts'
import { barBatch, type BarTarget, type DoneBar } from './bar-batch.ts'
import { BATCH_ROWS } from './columns.ts'
import type { Size } from './measure.ts'
import { isDummy, TradeReader, type TradeRows } from './trade-rows.ts'

/** What the bars are made of, and how. */
export type TradeBars = {
  readonly trades: Dataset
  readonly target: BarTarget
  readonly size: Size
  /** What is covered of the trades. */
  readonly coverage: Coverage
}

/**
 * Makes bars of trades in the order in which they are stored. No row is split: the one that fills a bar belongs to it as
 * a whole, and the next row begins another. A bar does not reach over time that is not covered: it ends there, partial,
 * as the last one does if it is not full.
 *
 * @param batches - All columns, as they are stored.
 */
export async function* tradeBars(
  batches: AsyncIterable<RecordBatch>,
  { trades, target, size, coverage }: TradeBars,
): AsyncGenerator<RecordBatch, void, void> {
  const reader = new TradeReader(trades, size.least.scale)
  const covered = new CoveredSince(coverage)
  let bar = new Bar()
  let done: DoneBar[] = []
  const end = (isPartial: boolean): void => {
    if (bar.tradeCount > 0) done.push({ ...bar.row(), isPartial })
    bar = new Bar()
  }
  const add = (rows: TradeRows, row: number): void => {
    if (covered.isOver(rows.times[row] ?? 0)) end(true)
    bar.add(rows, row)
    if (isFull(bar, size)) end(false)
  }
  for await (const batch of batches) {
    const rows = reader.read(batch)
    for (let row = 0; row < rows.count; row++) if (!isDummy(rows, row)) add(rows, row)
    if (done.length < BATCH_ROWS) continue
    yield barBatch(done, target)
    done = []
  }
  end(true)
  if (done.length > 0) yield barBatch(done, target)
}

function isFull(bar: Bar, { kind, least }: Size): boolean {
  switch (kind) {
    case 'tick':
      return BigInt(bar.tradeCount) * 10n ** BigInt(least.scale) >= least.units
    case 'volume':
      return bar.volume.isAtLeast(least)
    case 'dollar':
      return bar.quoteVolume.isAtLeast(least)
  }
}

/** Follows times through what is covered. */
class CoveredSince {
  readonly #ends: readonly number[]
  #index = -1

  constructor(coverage: Coverage) {
    this.#ends = coverage.map(({ to }) => Number(to))
  }

  /** Does this time lie in a later stretch than those before it? */
  isOver(time: number): boolean {
    const before = this.#index
    if (this.#index < 0) this.#index = 0
    while (this.#index < this.#ends.length && time >= (this.#ends[this.#index] ?? 0)) this.#index++
    return before >= 0 && this.#index > before
  }
}
