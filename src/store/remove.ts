/**
 * Takes rows out of a series for good. The manifest first, without their time, and then the files: so coverage never
 * runs ahead of the data, wherever it is stopped. What is left then is taken in by the next run, or removed by the next
 * removal.
 */

import type { RecordBatch } from 'apache-arrow'
import { subtractAll, union } from '../base/coverage.ts'
import { DamageError } from '../base/errors.ts'
import type { StoredFile } from '../base/ports.ts'
import { periodWindow, type Window } from '../base/time.ts'
import { columnIndex, type Dataset } from '../binance/dataset.ts'
import { datasetOf } from '../binance/market.ts'
import type { SeriesKey } from '../binance/series.ts'
import { schemaOf } from '../rows/schema.ts'
import type { Compression } from '../job/job.ts'
import { listPeriods } from './adopt.ts'
import { adoptedFresh } from './adopted-fresh.ts'
import { reading } from './damaged.ts'
import { partitionDirectory, partitionPath, seriesPath } from './layout.ts'
import { emptyManifest } from './ledger.ts'
import type { Manifest } from './manifest.ts'
import { readManifestFile, writeManifest } from './manifest-file.ts'
import { readFooter, readRowGroup } from './parquet/read.ts'
import { PartitionWriter } from './partition.ts'
import { factsFor, seal } from './publish.ts'
import { mendManifest, removeManifest } from './rebuild.ts'
import { openRecorded } from './recorded.ts'
import { isForgotten, periodsTouched, removalOf } from './removal.ts'
import type { SeriesWorld } from './series.ts'
import { int64Column, StoredRows } from './stored-rows.ts'

/** What was removed. */
export type Removed = {
  readonly files: number
  /** Files that were written anew without some of their rows. */
  readonly rewritten: number
}

/** Removes a series: all of its files, sound or damaged, and its manifest. */
export async function removeWhole(world: SeriesWorld, key: SeriesKey): Promise<Removed> {
  const { files } = world
  const { version, parse } = await readManifestFile(files, key)
  const manifest = soundOr(parse)
  if (manifest === undefined) await removeManifest(world, key)
  else {
    const empty = emptyManifest(key, manifest.numbers, manifest.partition)
    await writeManifest(world, empty, version)
  }
  const removed = await removeFiles(world, key, await listPeriods(files, key))
  await forgetSeries(world, key)
  return { files: removed, rewritten: 0 }
}

/** Nothing is left of the series, and so nothing of its directories that does not hold something else. */
async function forgetSeries(world: SeriesWorld, key: SeriesKey): Promise<void> {
  await removeManifest(world, key)
  await world.files.prune(seriesPath(key))
}

function soundOr(parse: () => Manifest | undefined): Manifest | undefined {
  try {
    return parse()
  } catch (error) {
    if (error instanceof DamageError) return undefined
    throw error
  }
}

/**
 * Removes the rows of a window, and that they were asked for. A file at its edge is written anew without them.
 *
 * @returns `undefined` when nothing is known of that time: nothing was removed.
 * @throws DamageError for a manifest or a file at the edge that cannot be read.
 */
export async function removeWindow(
  world: SeriesWorld,
  key: SeriesKey,
  window: Window,
): Promise<Removed | undefined> {
  const { files } = world
  const { version, parse } = await readManifestFile(files, key)
  const recorded = parse()
  if (recorded === undefined)
    throw new DamageError('the series has files but no manifest', {
      hint: 'Rebuild it first: binance-backfill verify --rebuild; or remove the whole series.',
    })
  const mended = await mendManifest(files, recorded, window)
  const gained = subtractAll(mended.coverage, recorded.coverage)
  const young = await adoptedFresh(files, mended, gained)
  const manifest = { ...mended, fresh: union(mended.fresh, young) }
  const emptied: string[] = []
  for (const period of periodsTouched(manifest, window))
    if (!(await hasRowsOutside(world, manifest, period, window))) emptied.push(period)
  const { after, between, rewritten } = removalOf(manifest, window, emptied)
  if (isSame(manifest, after)) {
    if (mended === recorded) return undefined
    // One that was stopped before had come so far that only this is left.
    await writeManifest(world, manifest, version)
    return { files: 0, rewritten: 0 }
  }
  const saved = await writeManifest(world, between, version)
  const removed = await removeFiles(world, key, emptied)
  let now = after
  for (const period of rewritten)
    now = await rewrite(world, { manifest, after: now, period, window })
  if (rewritten.length > 0) await writeManifest(world, now, saved)
  if (isForgotten(now)) await forgetSeries(world, key)
  const cut = rewritten.filter((period) => periodsTouched(manifest, window).includes(period))
  return { files: removed, rewritten: cut.length }
}

function isSame(a: Manifest, b: Manifest): boolean {
  const lengths = ({ coverage, gaps, partitions }: Manifest): string =>
    JSON.stringify([[...partitions.keys()], coverage.map(text), gaps.map(text)])
  return lengths(a) === lengths(b)
}

function text({ from, to }: Window): string {
  return `${from} ${to}`
}

async function removeFiles(
  { files, assertHeld }: SeriesWorld,
  key: SeriesKey,
  periods: readonly string[],
): Promise<number> {
  let count = 0
  for (const period of periods) {
    const path = partitionPath(key, period)
    if ((await files.size(path)) === undefined) continue
    await assertHeld()
    await files.remove(path)
    await files.prune(partitionDirectory(key, period))
    count++
  }
  return count
}

async function hasRowsOutside(
  { files }: SeriesWorld,
  manifest: Manifest,
  period: string,
  window: Window,
): Promise<boolean> {
  const dataset = datasetOf(manifest.key)
  const path = partitionPath(manifest.key, period)
  const { from, to } = periodWindow(period)
  if (window.from <= from && to <= window.to) return false
  const file = await openRecorded(files, manifest, period)
  if (file === undefined) return false
  try {
    const footer = await reading(path, () => readFooter(file))
    for (const index of footer.rowGroups.keys()) {
      const batch = await reading(path, () => readRowGroup(file, footer, index, [dataset.time]))
      if (int64Column(batch, 0).some((time) => time < window.from || time >= window.to)) return true
    }
    return false
  } finally {
    await file.close()
  }
}

/** Writes the file of `period` anew, without the rows of the window, and with what is known afterwards in its footer. */
async function rewrite(
  world: SeriesWorld,
  {
    manifest,
    after,
    period,
    window,
  }: {
    readonly manifest: Manifest
    readonly after: Manifest
    readonly period: string
    readonly window: Window
  },
): Promise<Manifest> {
  const { files, createdBy } = world
  const { key, numbers } = manifest
  const path = partitionPath(key, period)
  const dataset = datasetOf(key)
  const schema = schemaOf(dataset, numbers)
  const file = await openRecorded(files, manifest, period)
  if (file === undefined) return after
  const expected = await file.version()
  const compression = await compressionOf(file, path)
  const stored = await StoredRows.open({ file, path, schema })
  const options = { files, path, stored: undefined, key, schema, compression, createdBy }
  const writer = await PartitionWriter.open(options)
  try {
    for (let rows = await stored.head(); rows !== undefined; rows = await stored.head()) {
      for (const part of outside(rows, dataset, window)) await writer.append(part)
      stored.skip(rows.numRows)
    }
    await stored.close()
    const drained = { period, writer, keys: await writer.drain([]), expected }
    return (await seal(world, factsFor(after, drained), drained)).manifest
  } finally {
    await stored.close()
    await writer.abort()
  }
}

/** What the file is compressed with; nothing else says it. */
async function compressionOf(file: StoredFile, path: string): Promise<Compression> {
  const { rowGroups } = await reading(path, () => readFooter(file))
  return rowGroups[0]?.chunks[0]?.compression ?? 'zstd'
}

/** The runs of rows whose time is not in the window; ids, not times, are in order. */
function* outside(
  batch: RecordBatch,
  dataset: Dataset,
  { from, to }: Window,
): Generator<RecordBatch, void, void> {
  const times = int64Column(batch, columnIndex(dataset, dataset.time))
  let begin = -1
  for (const [row, time] of times.entries()) {
    const isKept = time < from || time >= to
    if (isKept && begin < 0) begin = row
    if (isKept || begin < 0) continue
    yield batch.slice(begin, row)
    begin = -1
  }
  if (begin >= 0) yield batch.slice(begin)
}
