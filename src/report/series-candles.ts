/** The candles of one series of the lake, read through the reader that everyone has. */

import { clip, type Coverage } from '../base/coverage.ts'
import type { World } from '../base/ports.ts'
import { parseWindow, type Window, type WindowText } from '../base/time.ts'
import { hasCandles, type Dataset } from '../binance/dataset.ts'
import { datasetOf } from '../binance/market.ts'
import type { SeriesKey } from '../binance/series.ts'
import { readSeries } from '../query/read.ts'
import { ROWS_MAX } from './budget.ts'
import { bucketStep, CANDLE_COLUMNS, CandleBuckets, newest, type Candles } from './candles.ts'

/** Where a series can have rows: in the periods of its files, and no further than it is covered. */
export type Known = { readonly stored: Coverage; readonly covered: readonly WindowText[] }

/** What is read, and how. */
export type CandleReading = {
  readonly world: World
  /** Default: the newest rows. */
  readonly window?: Window
  /** Rows that are read at most, counted back from the end of the window when it is named. */
  readonly rowsMax?: number
  readonly signal?: AbortSignal
}

/** The candles of one series, `max` at most; `undefined` when there are none. */
export async function seriesCandles(
  key: SeriesKey,
  { stored, covered }: Known,
  { world, window: named, rowsMax, signal }: CandleReading,
  max: number,
): Promise<Candles | undefined> {
  const { interval } = key
  const known = withinCoverage(stored, covered)
  const [first, last] = [known[0], known.at(-1)]
  if (interval === undefined || !hasCandles(datasetOf(key))) return undefined
  if (first === undefined || last === undefined) return undefined
  const whole = { from: first.from, to: last.to }
  const [asked] = clip([whole], named ?? newest(whole, interval, rowsMax ?? ROWS_MAX))
  if (asked === undefined) return undefined
  const window = rowsMax === undefined ? asked : newest(asked, interval, rowsMax)
  const buckets = new CandleBuckets(interval, bucketStep(interval, window, max))
  // Window by window: a file that is gone leaves a hole, and is no reason to draw nothing.
  for (const part of clip(known, window)) {
    const query = { world, ...key, ...part, columns: candleColumns(datasetOf(key)) }
    for await (const batch of readSeries(signal === undefined ? query : { ...query, signal }))
      buckets.add(batch)
  }
  return buckets.finish()
}

/** Element of a kline: its volume, whatever it counts. */
const VOLUME = 5

function candleColumns({ columns }: Dataset): readonly string[] {
  const volume = columns.find(({ json }) => json === VOLUME)
  const prices = CANDLE_COLUMNS.slice(0, -1)
  return volume === undefined ? prices : [...prices, volume.name]
}

function withinCoverage(stored: Coverage, covered: readonly WindowText[]): Coverage {
  const [begin, end] = [covered[0], covered.at(-1)]
  if (begin === undefined || end === undefined) return []
  return clip(stored, parseWindow({ from: begin.from, to: end.to }))
}
