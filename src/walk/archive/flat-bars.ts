/**
 * Bars of a file that say that nothing was traded, in a file where they are rare: REST has trades for some of them, and is
 * the better witness. They are stored, and asked for once more by the next run.
 *
 * @see binance-public-data, issues 103 and 395: an hour, and runs of minutes, of BTCUSDT.
 */

import { micros, type Window } from '../../base/time.ts'
import type { Dataset } from '../../binance/dataset.ts'
import { gridNext, intervalStep, type Interval } from '../../binance/interval.ts'
import { columnData } from '../../rows/batch.ts'
import { numberColumn } from '../../rows/number-column.ts'
import type { Page } from '../../rows/page.ts'

/** Element of a kline: its volume. */
const VOLUME = 5
/** Fewer bars in a row are an idle moment. */
const RUN_MIN = 3
/** A symbol that is idle more often is not looked at. */
const SHARE_MAX = 0.05

/** The stretches to ask again; those within one request of each other are one. */
export function flatStretches(
  dataset: Dataset,
  interval: Interval,
  pages: readonly Page[],
): readonly Window[] {
  const runs: { from: bigint; last: bigint; bars: number }[] = []
  let [rows, flats] = [0, 0]
  const index = dataset.columns.findIndex(({ json }) => json === VOLUME)
  for (const { batch, keys, rowCount } of pages) {
    const volumes = numberColumn(columnData(batch, index))
    for (let row = 0; row < rowCount; row++) {
      rows++
      if (volumes.sign(row) !== 0) continue
      flats++
      const open = keys[row] ?? 0n
      const run = runs.at(-1)
      if (run !== undefined && gridNext(interval, micros(run.last)) === open) {
        run.last = open
        run.bars++
      } else runs.push({ from: open, last: open, bars: 1 })
    }
  }
  if (flats === 0 || flats > rows * SHARE_MAX) return []
  const near = intervalStep(interval) * BigInt(dataset.pageRows)
  const stretches: Window[] = []
  for (const { from, last, bars } of runs) {
    if (bars < RUN_MIN) continue
    const to = gridNext(interval, micros(last))
    const before = stretches.at(-1)
    if (before !== undefined && to - before.from <= near)
      stretches[stretches.length - 1] = { from: before.from, to }
    else stretches.push({ from: micros(from), to })
  }
  return stretches
}
