/** What a query for bars needs of the rows that are stored. */

import type { RecordBatch } from 'apache-arrow'
import type { Files } from '../base/ports.ts'
import { micros, type Micros } from '../base/time.ts'
import { gridFloor } from '../binance/interval.ts'
import { datasetOf, klinesOf } from '../binance/market.ts'
import { seriesName, type SeriesKey } from '../binance/series.ts'
import { resampleGrid, slotCeil, type Grid } from '../resample/grid.ts'
import { resample } from '../resample/klines.ts'
import { parseMeasure, type Length } from '../resample/measure.ts'
import { tradeBars } from '../resample/trade-bars.ts'
import { tradeKlines } from '../resample/trade-klines.ts'
import { listSeries } from '../store/lake.ts'
import type { Manifest } from '../store/manifest.ts'
import { lookAtSeries } from '../store/present.ts'
import { readManifest } from '../store/series.ts'
import { klineFacts } from './bar-columns.ts'
import { EARLIEST, LATEST, openQuery, type OpenQuery, type SeriesQuery } from './read-query.ts'

/** Bars of these rows. */
export type Bars = {
  /** The query for the rows that they are made of. */
  readonly source: OpenQuery
  /** Makes them, with all of their columns. */
  readonly make: (rows: AsyncIterable<RecordBatch>) => AsyncGenerator<RecordBatch, void, void>
}

/**
 * Opens a query for rows. Bars that are slots of time are those that open in its window, each whole: a bound within one
 * is moved to its end, so that what is read and what must be covered is the time of these bars. Where the query names no
 * bound, there is none to move.
 *
 * @throws UsageError for an interval that cannot be made of the stored one, and whatever {@link openQuery} throws.
 */
export async function openRows(query: SeriesQuery): Promise<OpenQuery> {
  const open = await openQuery(query)
  const measure = open.resample === undefined ? undefined : parseMeasure(open.resample)
  if (measure?.kind !== 'interval') return open
  const grid = await gridOf(open.files, open.manifest.key, measure)
  const { from, to } = open.window
  const window = {
    from: from === EARLIEST ? from : slotCeil(from, grid),
    to: to === LATEST ? to : slotCeil(to, grid),
  }
  return { ...open, window }
}

/** The slots of an interval. */
async function gridOf(files: Files, key: SeriesKey, length: Length): Promise<Grid> {
  return resampleGrid(length, key.interval, await threeDays(files, key, length))
}

/**
 * How the bars of a series are made whose query {@link openRows} opened.
 *
 * @throws UsageError for an interval that cannot be made of the stored one.
 */
export async function barsOf(series: OpenQuery, text: string): Promise<Bars> {
  const { files, manifest } = series
  const { key, numbers } = manifest
  const dataset = datasetOf(key)
  const measure = parseMeasure(text)
  const { present } = await lookAtSeries(files, key)
  const { coverage } = present ?? manifest
  const columns = dataset.columns.map(({ name }) => name)
  const source = { ...series, columns, resample: undefined }
  const target = { klines: klineFacts(key), numbers, hasIds: measure.kind !== 'interval' }
  if (measure.kind !== 'interval') {
    const how = { trades: dataset, target, size: measure, coverage }
    return { source, make: (rows) => tradeBars(rows, how) }
  }
  const { interval } = key
  const grid = await gridOf(files, key, measure)
  if (interval === undefined)
    return {
      source,
      make: (rows) => tradeKlines(rows, { trades: dataset, target, grid, coverage }),
    }
  const how = { dataset, numbers, interval, grid, coverage }
  return { source, make: (rows) => resample(rows, how) }
}

/** Where some 3d kline of the symbol opens. Each symbol has a grid of its own, and none is documented. */
async function threeDays(
  files: Files,
  key: SeriesKey,
  { count, unit }: Length,
): Promise<Micros | undefined> {
  if (count !== 3 || unit !== 'd') return undefined
  for (const other of await listSeries(files)) {
    const isOwn = seriesName(klinesOf(other)) === seriesName(klinesOf(key))
    if (!isOwn || other.interval !== '3d') continue
    const open = someOpen(await readManifest(files, other))
    if (open !== undefined) return open
  }
  return undefined
}

function someOpen(manifest: Manifest | undefined): Micros | undefined {
  const [entry] = manifest?.partitions.values() ?? []
  // After an outage it may open off the grid, but on its day.
  return entry === undefined ? undefined : gridFloor('3d', micros(BigInt(entry.lastKey)))
}
