/** What a query for longer klines needs of the shorter ones that are stored. */

import { UsageError } from '../base/errors.ts'
import type { Files } from '../base/ports.ts'
import { micros, type Micros, type Window } from '../base/time.ts'
import { gridFloor } from '../binance/interval.ts'
import { datasetOf } from '../binance/market.ts'
import type { SeriesKey } from '../binance/series.ts'
import { listSeries } from '../store/lake.ts'
import type { Manifest } from '../store/manifest.ts'
import { lookAtSeries } from '../store/present.ts'
import { readManifest } from '../store/series.ts'
import type { OpenQuery } from './read-query.ts'
import type { Resampling } from './resample.ts'
import { resampleGrid, type Grid } from './resample-grid.ts'

/**
 * The query for the shorter klines that the longer ones of `series` are made of, and how. These are the ones that open
 * in the window, each whole: a bound within one is moved to its end.
 *
 * @throws UsageError for an interval that cannot be made of the stored one.
 */
export async function resamplingOf(
  series: OpenQuery,
  text: string,
): Promise<{ readonly shorter: OpenQuery; readonly how: Resampling }> {
  const { files, manifest, window } = series
  const { key, numbers } = manifest
  const { interval } = key
  if (interval === undefined) throw new UsageError(`only klines are resampled, not ${key.dataset}`)
  const grid = resampleGrid(text, interval, await threeDays(files, key, text))
  const dataset = datasetOf(key)
  const { present } = await lookAtSeries(files, key)
  const coverage = (present ?? manifest).coverage
  const columns = dataset.columns.map(({ name }) => name)
  const shorter = { ...series, window: whole(window, grid), columns, resample: undefined }
  return { shorter, how: { dataset, numbers, interval, grid, coverage } }
}

function whole({ from, to }: Window, grid: Grid): Window {
  const ceil = (time: Micros): Micros => {
    const floor = grid.floor(time)
    return floor === time ? time : grid.next(floor)
  }
  return { from: ceil(from), to: ceil(to) }
}

/** Where some 3d kline opens; the exchange's grid is one for all symbols, and not documented. */
async function threeDays(files: Files, key: SeriesKey, text: string): Promise<Micros | undefined> {
  if (text !== '3d') return undefined
  const own = await readManifest(files, { ...key, interval: '3d' })
  const known = someOpen(own)
  if (known !== undefined) return known
  for (const other of await listSeries(files)) {
    const open = other.interval === '3d' ? someOpen(await readManifest(files, other)) : undefined
    if (open !== undefined) return open
  }
  return undefined
}

function someOpen(manifest: Manifest | undefined): Micros | undefined {
  const [entry] = manifest?.partitions.values() ?? []
  // After an outage it may open off the grid, but on its day.
  return entry === undefined ? undefined : gridFloor('3d', micros(BigInt(entry.lastKey)))
}
