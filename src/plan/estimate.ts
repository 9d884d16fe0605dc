/** What a window will cost: requests and weight are upper bounds for klines; the rest are guesses, and said to be. */

import type { Coverage } from '../base/coverage.ts'
import { DATASETS } from '../binance/dataset.ts'
import { slotCount } from '../binance/interval.ts'
import type { SeriesKey } from '../binance/series.ts'

/** An estimate; for datasets without intervals rows are guessed from a busy symbol's day. */
export type Estimate = {
  readonly requests: number
  readonly weight: number
  readonly rows: number
  readonly bytes: number
}

const DAY = 86_400_000_000

/** Estimates what asking for `windows` of a series takes over REST. */
export function estimate(key: SeriesKey, windows: Coverage): Estimate {
  const dataset = DATASETS[key.dataset]
  let requests = 0
  let rows = 0
  for (const window of windows) {
    const { interval } = key
    const count =
      interval === undefined
        ? Math.ceil((Number(window.to - window.from) / DAY) * dataset.rowsPerDay)
        : slotCount(interval, window)
    rows += count
    requests += Math.max(1, Math.ceil(count / dataset.pageRows))
  }
  return { requests, weight: requests * dataset.weight, rows, bytes: rows * dataset.rowBytes }
}
