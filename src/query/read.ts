/** Reads a series of the lake as Apache Arrow, one row group at a time, and tells what it covers. Never writes. */

import { Schema, Table, type RecordBatch } from 'apache-arrow'
import { clip, type Coverage } from '../base/coverage.ts'
import type { Gap } from '../base/gap.ts'
import { formatWindow, periodWindow, type Window } from '../base/time.ts'
import { type Dataset } from '../binance/dataset.ts'
import { datasetOf } from '../binance/market.ts'
import { selected } from '../rows/batch.ts'
import { schemaOf } from '../rows/schema.ts'
import { assertComplete, completeness } from './complete.ts'
import { openQuery, type OpenQuery, type SeriesQuery } from './read-query.ts'
import { barsOf, openRows } from './resample-query.ts'
import { schemaOfBars } from './bar-columns.ts'
import { clipGaps } from '../store/footer.ts'
import { lostFile, reading } from '../store/damaged.ts'
import { partitionPath } from '../store/layout.ts'
import {
  columnBounds,
  readFooter,
  readRowGroup,
  type ParquetFooter,
} from '../store/parquet/read.ts'
import { lookAtSeries } from '../store/present.ts'

export type { Moment, SeriesQuery } from './read-query.ts'

/**
 * Reads the rows of one series in the order of their keys, one batch for each row group that holds any.
 *
 * Only partitions and row groups that reach into `[from, to)` are opened, only the named columns are decoded, and one
 * row group is in memory at a time. Numbers are as the series stores them: Float64, Decimal or Utf8. Safe beside a
 * run: each file is read whole as it was when it was opened.
 *
 * @throws UsageError for a series, column or moment that the lake does not have.
 * @throws DamageError, naming it, for a file that the manifest names and that is gone, another one, or cannot be read.
 */
export async function* readSeries(query: SeriesQuery): AsyncGenerator<RecordBatch, void, void> {
  const series = await openRows(query)
  if (query.requireComplete === true) await assertComplete(series)
  yield* rowsOf(series, query.signal)
}

/**
 * Reads the rows of one series into one Arrow table, which holds all of them in memory; see {@link readSeries}.
 *
 * Where not all that was asked for is covered, the schema's metadata has `incomplete`: what is not, as a JSON list of
 * `{"from","to"}`. With `requireComplete` there is an error instead.
 */
export async function readTable(query: SeriesQuery): Promise<Table> {
  const series = await openRows(query)
  const { missing, isComplete } = await completeness(series)
  if (query.requireComplete === true && !isComplete) await assertComplete(series)
  const batches: RecordBatch[] = []
  for await (const batch of rowsOf(series, query.signal)) batches.push(batch)
  const { fields } = batches[0]?.schema ?? schemaFor(series)
  const said = JSON.stringify(missing.map(formatWindow))
  const schema = new Schema(fields, isComplete ? undefined : new Map([['incomplete', said]]))
  return new Table(schema, batches.length === 0 ? undefined : batches)
}

/** The columns that a query gives. */
export function schemaFor({ manifest, columns, resample: asked }: OpenQuery): Schema {
  const { key, numbers } = manifest
  const { fields } =
    asked === undefined ? schemaOf(datasetOf(key), numbers) : schemaOfBars(key, numbers, asked)
  return new Schema(columns.flatMap((name) => fields.filter((one) => one.name === name)))
}

/** The rows of a query that is open. @throws DamageError */
export async function* rowsOf(
  series: OpenQuery,
  signal: AbortSignal | undefined,
): AsyncGenerator<RecordBatch, void, void> {
  if (series.resample !== undefined) {
    const { source, make } = await barsOf(series, series.resample)
    for await (const batch of make(storedRows(source, signal)))
      yield selected(batch, series.columns)
    return
  }
  yield* storedRows(series, signal)
}

async function* storedRows(
  series: OpenQuery,
  signal: AbortSignal | undefined,
): AsyncGenerator<RecordBatch, void, void> {
  for (const period of periodsIn(series)) {
    signal?.throwIfAborted()
    yield* readPartition(series, period, signal)
  }
}

/** The rows of a query that is open, for each partition on its own, oldest first. @throws DamageError */
export function partitionsOf(
  series: OpenQuery,
  signal: AbortSignal | undefined,
): readonly AsyncIterable<RecordBatch>[] {
  return periodsIn(series).map((period) => readPartition(series, period, signal))
}

/**
 * What was asked for and answered in full, within `[from, to)`: in order, disjoint, not touching. The rows of a file that
 * is gone are not covered.
 */
export async function coverage(query: SeriesQuery): Promise<Coverage> {
  const { manifest, window } = await openPresent(query)
  return clip(manifest.coverage, window)
}

/** The stretches without rows within `[from, to)`, with the reason of each, oldest first. */
export async function gaps(query: SeriesQuery): Promise<readonly Gap[]> {
  const { manifest, window } = await openPresent(query)
  return clipGaps(manifest.gaps, window)
}

/** A query whose series is there, without what the manifest says of files that are gone. @throws DamageError */
async function openPresent(query: SeriesQuery): Promise<OpenQuery> {
  const series = await openQuery(query)
  const { present } = await lookAtSeries(series.files, series.manifest.key)
  return { ...series, manifest: present ?? series.manifest }
}

/** The periods that reach into the window, oldest first. */
function periodsIn({ manifest, window }: OpenQuery): readonly string[] {
  return [...manifest.partitions.keys()]
    .filter((period) => clip([window], periodWindow(period)).length > 0)
    .sort()
}

async function* readPartition(
  { files, manifest, window, columns }: OpenQuery,
  period: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<RecordBatch, void, void> {
  const path = partitionPath(manifest.key, period)
  const file = await files.open(path)
  if (file === undefined) throw lostFile(path)
  try {
    // Beside a run it may be a later one; what is neither that nor the recorded one is damage.
    if (file.sizeBytes !== manifest.partitions.get(period)?.bytes)
      await lookAtSeries(files, manifest.key)
    const footer = await reading(path, () => readFooter(file))
    const dataset = datasetOf(manifest.key)
    for (const index of footer.rowGroups.keys()) {
      signal?.throwIfAborted()
      const place = placeOf(footer, index, dataset, window)
      if (place === 'outside') continue
      const names = place === 'inside' ? columns : withTime(columns, dataset)
      const batch = await reading(path, () => readRowGroup(file, footer, index, names))
      if (place === 'inside') yield batch
      else yield* clipped(batch, { dataset, window, columns })
    }
  } finally {
    await file.close()
  }
}

/** Does a row group lie in the window as a whole, in part, or not at all? By its bounds, without reading a row. */
function placeOf(
  footer: ParquetFooter,
  index: number,
  { time }: Dataset,
  window: Window,
): 'inside' | 'across' | 'outside' {
  const { min, max } = columnBounds(footer, index, time) ?? {}
  if (typeof min !== 'bigint' || typeof max !== 'bigint') return 'across'
  if (max < window.from || min >= window.to) return 'outside'
  return min >= window.from && max < window.to ? 'inside' : 'across'
}

function withTime(columns: readonly string[], { time }: Dataset): readonly string[] {
  return columns.includes(time) ? columns : [...columns, time]
}

/** The rows of a group whose time lies in the window. Trades are in the order of their ids, so these may be several runs. */
function* clipped(
  batch: RecordBatch,
  { dataset, window, columns }: { dataset: Dataset; window: Window; columns: readonly string[] },
): Generator<RecordBatch, void, void> {
  const names = withTime(columns, dataset)
  const times = batch.data.children[names.indexOf(dataset.time)]?.values as BigInt64Array
  const wanted = names === columns ? batch : selected(batch, columns)
  for (const [begin, end] of runsIn(times.subarray(0, batch.numRows), window))
    yield wanted.slice(begin, end)
}

function* runsIn(times: BigInt64Array, { from, to }: Window): Generator<readonly [number, number]> {
  let begin = -1
  for (let row = 0; row < times.length; row++) {
    const time = times[row] ?? 0n
    const isInside = time >= from && time < to
    if (isInside && begin < 0) begin = row
    if (isInside || begin < 0) continue
    yield [begin, row]
    begin = -1
  }
  if (begin >= 0) yield [begin, times.length]
}
