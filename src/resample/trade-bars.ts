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
 * a whole, and the next row begins another. A bar does not reach from time that is covered to time that is not, nor back:
 * it ends there, partial, as the last one does if it is not full. All bars of rows that lie where nothing is covered are
 * partial.
 *
 * @param batches - All columns, as they are stored.
 */
export async function* tradeBars(
  batches: AsyncIterable<RecordBatch>,
  { trades, target, size, coverage }: TradeBars,
): AsyncGenerator<RecordBatch, void, void> {
  const reader = new TradeReader(trades, size.least.scale)
  const stretches = new Stretches(coverage)
  let bar = new Bar()
  let isCovered = true
  let done: DoneBar[] = []
  const end = (isPartial: boolean): void => {
    if (bar.tradeCount > 0) done.push({ ...bar.row(), isPartial: isPartial || !isCovered })
    bar = new Bar()
    isCovered = true
  }
  const add = (rows: TradeRows, row: number): void => {
    const time = rows.times[row] ?? 0
    if (stretches.isLater(time)) end(true)
    if (!stretches.isCovered(time)) isCovered = false
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

/** Follows times through stretches that are covered and such that are not, in turn. */
class Stretches {
  /** Where each begins but the first, which is before all coverage. */
  readonly #begins: readonly number[]
  #index = 0

  constructor(coverage: Coverage) {
    this.#begins = coverage.flatMap(({ from, to }) => [Number(from), Number(to)])
  }

  /** Goes on to the stretch of this time. Is it a later one? Times that go back stay in the one that was reached. */
  isLater(time: number): boolean {
    const before = this.#index
    while (time >= (this.#begins[this.#index] ?? Infinity)) this.#index++
    return this.#index > before
  }

  /** Is a time covered that lies in the stretch that was reached, or went back from it? */
  isCovered(time: number): boolean {
    return this.#index % 2 === 1 && time >= (this.#begins[this.#index - 1] ?? Infinity)
  }
}
