/**
 * Takes rows out of a series for good. The manifest first, without their time, and then the files: so coverage never
 * runs ahead of the data, wherever it is stopped. What is left then is taken in by the next run, or removed by the next
 * removal.
 */

import { randomInt } from 'node:crypto'
import type { RecordBatch } from 'apache-arrow'
import { subtractAll, union } from '../base/coverage.ts'
import { DamageError } from '../base/errors.ts'
import type { Expected, StoredFile } from '../base/ports.ts'
import { micros, periodWindow, type Window } from '../base/time.ts'
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
import { isForgotten, type Manifest } from './manifest.ts'
import { readManifestFile, writeManifest } from './manifest-file.ts'
import { readFooter, readRowGroup } from './parquet/read.ts'
import { PartitionWriter } from './partition.ts'
import { factsFor, seal } from './publish.ts'
import { mendManifest, removeManifest } from './rebuild.ts'
import { openRecorded } from './recorded.ts'
import { periodsTouched, removalOf } from './removal.ts'
import type { SeriesWorld } from './series.ts'
import { int64Column, StoredRows } from './stored-rows.ts'

/** What was removed. */
export type Removed = {
  readonly files: number
  /** Files that were written anew without some of their rows. */
  readonly rewritten: number
}

/** What is being removed, as it goes on. */
type Tally = { -readonly [Count in keyof Removed]: Removed[Count] }

/** How a removal goes on where another writer was faster. */
export type RemovalTurn = {
  /** Of all turns. */
  readonly removed: Tally
  /** Paths of files that turned out to be other ones than those that were recorded. */
  readonly suspects: ReadonlySet<string>
}

/**
 * Removes a series: all of its files, sound or damaged, and its manifest.
 *
 * @throws StoreError `E_STORE_CHANGED` when somebody else wrote to it meanwhile: another turn goes on.
 */
export async function removeWhole(
  world: SeriesWorld,
  key: SeriesKey,
  { removed }: RemovalTurn,
): Promise<void> {
  const { files } = world
  const { version, parse } = await readManifestFile(files, key)
  const manifest = soundOr(parse)
  const { numbers = 'string', partition = 'month' } = manifest ?? {}
  const empty = emptyManifest(key, numbers, partition)
  let saved: Expected = version
  if (files.isShared) saved = await writeManifest(world, marked(empty), version)
  else if (manifest === undefined) await removeManifest(world, key)
  else await writeManifest(world, empty, version)
  await removeFiles(world, key, { periods: await listPeriods(files, key), removed })
  if (files.isShared) await writeManifest(world, marked(empty), saved)
  else await forgetSeries(world, key)
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
 * @returns whether there was anything to do.
 * @throws DamageError for a manifest or a file at the edge that cannot be read.
 * @throws StoreError `E_STORE_CHANGED` when somebody else wrote to the series meanwhile: another turn goes on.
 */
export async function removeWindow(
  world: SeriesWorld,
  key: SeriesKey,
  window: Window,
  { removed, suspects }: RemovalTurn,
): Promise<boolean> {
  const { files } = world
  const { version, parse } = await readManifestFile(files, key)
  const recorded = parse()
  if (recorded === undefined)
    throw new DamageError('the series has files but no manifest', {
      hint: 'Rebuild it first: binance-backfill verify --rebuild; or remove the whole series.',
    })
  const mended = await mendManifest(files, recorded, { window, suspects })
  const gained = subtractAll(mended.coverage, recorded.coverage)
  const young = await adoptedFresh(files, mended, gained)
  const manifest = { ...mended, fresh: union(mended.fresh, young) }
  const emptied: string[] = []
  for (const period of periodsTouched(manifest, window))
    if (!(await hasRowsOutside(world, manifest, period, window))) emptied.push(period)
  const { after, between, rewritten } = removalOf(manifest, window, emptied)
  if (isSame(manifest, after)) {
    if (mended === recorded) return false
    // One that was stopped before had come so far that only this is left.
    await writeManifest(world, manifest, version)
    return true
  }
  const mark = files.isShared ? marked : (plain: Manifest): Manifest => plain
  const saved = await writeManifest(world, mark(between), version)
  await removeFiles(world, key, { periods: emptied, removed })
  let now = after
  for (const period of rewritten) {
    now = await rewrite(world, { manifest, after: now, period, window })
    if (periodsTouched(manifest, window).includes(period)) removed.rewritten++
  }
  if (files.isShared || rewritten.length > 0) await writeManifest(world, mark(now), saved)
  if (!files.isShared && isForgotten(now)) await forgetSeries(world, key)
  return true
}

/** Nothing of the exchange is as old. */
const BEFORE_ALL = 2 ** 47

/**
 * Where many write, one may take a file in before it is removed, and write its manifest after: it must not find the one
 * that it built upon. So the manifest is written both before files go and after, and never twice the same, since versions
 * are told by the bytes: a moment of long ago, by chance, is to be asked for again, which the next commit forgets. For the
 * same reason it stays where nothing is left: no store promises to remove it only if it still is what it was.
 */
function marked(manifest: Manifest): Manifest {
  const from = randomInt(BEFORE_ALL)
  const moment = { from: micros(BigInt(from)), to: micros(BigInt(from + 1)) }
  return { ...manifest, fresh: union(manifest.fresh, [moment]) }
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
  { periods, removed }: { readonly periods: readonly string[]; readonly removed: Tally },
): Promise<void> {
  for (const period of periods) {
    const path = partitionPath(key, period)
    if ((await files.size(path)) === undefined) continue
    await assertHeld()
    await files.remove(path)
    await files.prune(partitionDirectory(key, period))
    removed.files++
  }
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
