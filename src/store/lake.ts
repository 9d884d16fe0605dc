/** The lake: every series under one directory, held by one writer at a time. */

import { UsageError } from '../base/errors.ts'
import type { FileEntry, Files } from '../base/ports.ts'
import { quoteText } from '../base/text.ts'
import { MARKET_NAMES, type SeriesKey } from '../binance/series.ts'
import { MANIFEST_NAME, parseSeriesPath } from './layout.ts'
import { putIfAbsent } from './put-if-absent.ts'
import { RUNS_DIRECTORY } from './runs.ts'

/** The lake's own mark, so that a directory of something else is not taken for one. */
const MARK_PATH = '_lake.json'
const MARK = { format: 1, made_by: 'binance-backfill' }
/** What a file system keeps in its own root: an empty volume has it too, and not everyone may look inside. */
export const RESCUE_DIRECTORY = 'lost+found'

/**
 * Checks that the directory is a lake of this version, or may become one. Writes nothing.
 *
 * @returns whether it has its mark
 * @throws UsageError when it holds something else, or was written by a newer version.
 */
export async function checkLake(files: Files): Promise<boolean> {
  const mark = await files.read(MARK_PATH)
  if (mark !== undefined) {
    checkMark(new TextDecoder().decode(mark.bytes))
    return true
  }
  const foreign = (await files.list('')).find(
    ({ name }) => !/^[._]/.test(name) && ![...MARKET_NAMES, RESCUE_DIRECTORY].includes(name),
  )
  if (foreign !== undefined)
    throw new UsageError(
      `the data directory is not a lake: it holds "${quoteText(foreign.name)}"`,
      { hint: 'Name an empty directory with --data-dir.' },
    )
  return false
}

/** By one of these a lake is known, also one whose mark was not copied with it. */
const OF_A_LAKE: ReadonlySet<string> = new Set([MARK_PATH, RUNS_DIRECTORY, ...MARKET_NAMES])

/**
 * Checks that there is a lake, for calls that only read one. Writes nothing.
 *
 * @param name - Of the directory, for the message.
 * @throws UsageError when there is none, or it was written by a newer version.
 */
export async function requireLake(files: Files, name: string): Promise<void> {
  await checkLake(files)
  if ((await files.list('')).some((entry) => OF_A_LAKE.has(entry.name))) return
  throw new UsageError(`there is no lake at ${quoteText(name)}`, {
    hint: 'Name the lake with --data-dir; `binance-backfill run` begins one.',
  })
}

function checkMark(text: string): void {
  let format: unknown
  try {
    ;({ format } = JSON.parse(text) as { format?: unknown })
  } catch {
    // A torn mark says no more than a missing one.
    return
  }
  if (typeof format === 'number' && format > MARK.format)
    throw new UsageError(`${MARK_PATH}: the lake has format ${format}, newer than ${MARK.format}`, {
      hint: 'Upgrade binance-backfill.',
    })
}

/** Marks the directory as a lake, once. */
export async function markLake(files: Files): Promise<void> {
  await putIfAbsent(files, MARK_PATH, new TextEncoder().encode(`${JSON.stringify(MARK)}\n`))
}

/** Directories of which the last file was removed stay, and are nothing. */
async function isSeries(
  files: Files,
  path: string,
  entries: readonly FileEntry[],
): Promise<boolean> {
  if (entries.some(({ name }) => name === MANIFEST_NAME)) return true
  for (const { name } of entries) {
    if (!name.startsWith('period=')) continue
    if ((await files.list(`${path}/${name}`)).length > 0) return true
  }
  return false
}

async function allFiles(
  files: Files,
  tree: NonNullable<Files['tree']>,
): Promise<readonly string[]> {
  const markets = await Promise.all(MARKET_NAMES.map((market) => tree.call(files, market)))
  return markets.flat().map(({ path }) => path)
}

/** The series that have a manifest or a partition among these files, in the order of directories. */
function seriesAmong(paths: readonly string[]): readonly SeriesKey[] {
  const found = new Map<string, SeriesKey>()
  for (const path of paths) {
    const parts = path.split('/')
    const depth = parts.findIndex((part) => part === MANIFEST_NAME || part.startsWith('period='))
    const directory = depth === -1 ? '' : parts.slice(0, depth).join('/')
    const key = found.has(directory) ? undefined : parseSeriesPath(directory)
    if (key !== undefined) found.set(directory, key)
  }
  return [...found].sort(([a], [b]) => inOrder(a.split('/'), b.split('/'))).map(([, key]) => key)
}

function inOrder(a: readonly string[], b: readonly string[]): number {
  const at = a.findIndex((part, index) => part !== b[index])
  const [mine, theirs] = [a[at] ?? '', b[at] ?? '']
  return mine === theirs ? 0 : mine < theirs ? -1 : 1
}

/** Every series that has a manifest or a partition, sorted by path. */
export async function listSeries(files: Files): Promise<readonly SeriesKey[]> {
  if (files.tree !== undefined) return seriesAmong(await allFiles(files, files.tree))
  const found: SeriesKey[] = []
  const visit = async (path: string): Promise<void> => {
    const entries = await files.list(path)
    const key = parseSeriesPath(path)
    if (key !== undefined && (await isSeries(files, path, entries))) {
      found.push(key)
      return
    }
    for (const { name, kind } of entries)
      if (kind === 'directory' && !/^[._]/.test(name)) await visit(`${path}/${name}`)
  }
  for (const market of MARKET_NAMES) await visit(market)
  return found
}
