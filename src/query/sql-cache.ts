/** Files of a lake in a bucket, fetched to this machine for DuckDB, and kept as long as they are what is there. */

import { atOnce } from '../base/at-once.ts'
import { isChanged, UsageError } from '../base/errors.ts'
import type { Files, TreeFile, Upload, Version } from '../base/ports.ts'
import type { DatasetKind } from '../binance/dataset.ts'
import type { Market, SeriesKey } from '../binance/series.ts'
import { cacheDirectory } from '../node/cache-directory.ts'
import { nodeFiles } from '../node/files.ts'
import { DATA_NAME, parsePeriodName, parseSeriesPath } from '../store/layout.ts'

/** What is about to be fetched. */
export type Fetch = { readonly files: number; readonly bytes: number }

type Folder = { readonly market: Market; readonly dataset: DatasetKind }

/** How much may be kept. */
export type CacheOptions = {
  readonly cacheMaxBytes?: number
  readonly onFetch?: (fetch: Fetch) => void
}

const CACHE_BYTES_MAX = 20e9
const FETCHED_AT_ONCE = 8
const PIECE_BYTES = 4 << 20
/** So often a file may be replaced while it is fetched. */
const TURNS_MAX = 8
/** Beside each copy: which version it is of. Written after it. */
const VERSION_NAME = '_version'

/**
 * Makes a directory of this machine hold the partitions of some datasets, as they are now.
 *
 * @returns the directory, laid out as the lake
 * @throws UsageError when they are larger than what may be kept.
 */
export async function cachedFiles(
  files: Files,
  dataDir: string,
  datasets: readonly Folder[],
  { cacheMaxBytes = CACHE_BYTES_MAX, onFetch }: CacheOptions,
): Promise<string> {
  const directory = cacheDirectory(dataDir)
  const cache = nodeFiles(directory)
  const wanted: TreeFile[] = []
  for (const market of new Set(datasets.map((one) => one.market)))
    for (const file of (await files.tree?.(market)) ?? []) {
      const key = seriesOf(file.path)
      if (datasets.some((one) => isIn(one, key))) wanted.push(file)
    }
  const bytes = sizeOf(wanted)
  if (bytes > cacheMaxBytes)
    throw new UsageError(
      `the query names datasets of ${megabytes(bytes)}, more than the cache may hold: ${megabytes(cacheMaxBytes)}`,
      { hint: 'Allow more with --cache-max, or export the series that you need.' },
    )
  await drop(cache, { wanted, datasets }, cacheMaxBytes - bytes)
  const missing: TreeFile[] = []
  for (const file of wanted) if (!(await isThere(cache, file))) missing.push(file)
  if (missing.length > 0) onFetch?.({ files: missing.length, bytes: sizeOf(missing) })
  await atOnce(FETCHED_AT_ONCE, missing, ({ path }) => fetchFile(files, cache, path))
  return directory
}

function sizeOf(files: readonly TreeFile[]): number {
  return files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1e6)} MB`
}

/** The series of a partition's file; `undefined` for any other file. */
function seriesOf(path: string): SeriesKey | undefined {
  const parts = path.split('/')
  const isPartition =
    parts.at(-1) === DATA_NAME && parsePeriodName(parts.at(-2) ?? '') !== undefined
  return isPartition ? parseSeriesPath(parts.slice(0, -2).join('/')) : undefined
}

/** Is a series one of a market's dataset, of whatever account? */
function isIn({ market, dataset }: Folder, key: SeriesKey | undefined): boolean {
  return market === key?.market && dataset === key.dataset
}

function versionPath(path: string): string {
  return `${path.slice(0, -DATA_NAME.length)}${VERSION_NAME}`
}

async function isThere(cache: Files, { path, sizeBytes, version }: TreeFile): Promise<boolean> {
  if ((await cache.size(path)) !== sizeBytes) return false
  const said = await cache.read(versionPath(path))
  return said !== undefined && new TextDecoder().decode(said.bytes) === version
}

/** Fetches a file, again as often as somebody replaces it meanwhile. */
async function fetchFile(files: Files, cache: Files, path: string): Promise<void> {
  for (let turn = 1; ; turn++)
    try {
      await fetchNow(files, cache, path)
      return
    } catch (error) {
      if (!isChanged(error) || turn === TURNS_MAX) throw error
    }
}

async function fetchNow(files: Files, cache: Files, path: string): Promise<void> {
  const file = await files.open(path)
  await forget(cache, path)
  if (file === undefined) return
  const upload = await cache.upload(path)
  try {
    for (let at = 0; at < file.sizeBytes; at += PIECE_BYTES)
      await upload.write(await file.read(at, Math.min(file.sizeBytes, at + PIECE_BYTES)))
    await keep(cache, path, { upload, version: await file.version() })
  } finally {
    await upload.abort()
    await file.close()
  }
}

async function keep(
  cache: Files,
  path: string,
  { upload, version }: { readonly upload: Upload; readonly version: Version },
): Promise<void> {
  try {
    await upload.commit('absent')
    await cache.replace(versionPath(path), new TextEncoder().encode(version), 'absent')
  } catch (error) {
    // Another query fetched it at the same moment.
    if (!isChanged(error) || (await cache.size(path)) === undefined) throw error
  }
}

async function forget(cache: Files, path: string): Promise<void> {
  await cache.remove(versionPath(path))
  await cache.remove(path)
}

/** Drops copies of what is not in the bucket any more; and others, where there is no room for them. */
async function drop(
  cache: Files,
  {
    wanted,
    datasets,
  }: { readonly wanted: readonly TreeFile[]; readonly datasets: readonly Folder[] },
  roomBytes: number,
): Promise<void> {
  const paths = new Set(wanted.map(({ path }) => path))
  let left = roomBytes
  for await (const path of copies(cache, '')) {
    if (paths.has(path)) continue
    left -= (await cache.size(path)) ?? 0
    const key = seriesOf(path)
    if (left >= 0 && !datasets.some((one) => isIn(one, key))) continue
    await forget(cache, path)
    await cache.prune(path.slice(0, -DATA_NAME.length - 1))
  }
}

async function* copies(cache: Files, directory: string): AsyncGenerator<string, void, void> {
  for (const { name, kind } of await cache.list(directory)) {
    const path = directory === '' ? name : `${directory}/${name}`
    if (kind === 'directory' && !name.startsWith('_')) yield* copies(cache, path)
    if (kind === 'file' && name === DATA_NAME) yield path
  }
}
