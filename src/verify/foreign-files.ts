/** What lies in the lake and is not of it: files of others, files of nobody's, and what dead runs left behind. */

import { TEMP_DIRECTORY, type FileEntry, type Files } from '../base/ports.ts'
import { seriesName, type SeriesKey } from '../binance/series.ts'
import type { Flaw } from '../store/flaw.ts'
import { RESCUE_DIRECTORY } from '../store/lake.ts'
import { DATA_NAME, parsePeriodName, parseSeriesPath, seriesPath } from '../store/layout.ts'
import type { Manifest } from '../store/manifest.ts'

/** A flaw and where it is. */
export type PlacedFlaw = Flaw & { readonly path: string }

/** What is in a series' directory and not in its manifest. */
export async function* strangersIn(
  files: Files,
  key: SeriesKey,
  manifest: Manifest | undefined,
): AsyncGenerator<PlacedFlaw, void, void> {
  const base = seriesPath(key)
  for (const entry of await files.list(base)) {
    const path = `${base}/${entry.name}`
    const period = parsePeriodName(entry.name)
    if (period === undefined || entry.kind !== 'directory') {
      if (isForeign(entry)) yield { path, ...FOREIGN }
      continue
    }
    for (const file of await files.list(path)) {
      if (file.name !== DATA_NAME || file.kind !== 'file') {
        if (isForeign(file)) yield { path: `${path}/${file.name}`, ...FOREIGN }
      } else if (manifest?.partitions.has(period) === false)
        yield { path: `${path}/${file.name}`, ...ORPHAN }
    }
  }
}

/** What is in the lake outside of its series. */
export async function* strangersOutside(
  files: Files,
  series: readonly SeriesKey[],
): AsyncGenerator<PlacedFlaw, void, void> {
  const known = new Set(series.map(seriesName))
  for (const { name } of await files.list(TEMP_DIRECTORY))
    yield { path: `${TEMP_DIRECTORY}/${name}`, ...LEFTOVER }
  const visit = async function* (path: string): AsyncGenerator<PlacedFlaw, void, void> {
    const key = parseSeriesPath(path)
    if (key !== undefined && known.has(seriesName(key))) return
    for (const entry of await files.list(path)) {
      const inside = path === '' ? entry.name : `${path}/${entry.name}`
      if (entry.kind !== 'directory') {
        if (isForeign(entry)) yield { path: inside, ...FOREIGN }
      } else if (!/^[._]/.test(entry.name) && inside !== RESCUE_DIRECTORY) yield* visit(inside)
    }
  }
  yield* visit('')
}

/**
 * Names that begin with `_` or `.` are not data, and readers skip them; but for the companions that macOS makes of
 * every file, which end as the file does.
 *
 * @see https://github.com/duckdb/duckdb/issues/16466
 */
function isForeign({ name }: FileEntry): boolean {
  return !/^[._]/.test(name) || name.startsWith('._') || name === '.DS_Store'
}

const FOREIGN: Flaw = {
  severity: 'warning',
  code: 'foreign-file',
  message: 'not written by binance-backfill; readers that glob may trip over it',
  hint: 'Move it out of the lake.',
}

const ORPHAN: Flaw = {
  severity: 'warning',
  code: 'orphan',
  message: 'published but not in the manifest: a run ended between the two',
  hint: 'The next run that asks for its time takes it in, or: binance-backfill verify --rebuild',
}

const LEFTOVER: Flaw = {
  severity: 'note',
  code: 'leftover',
  message: 'a file that is being written, or that a run which died did not finish',
  hint: 'The next run removes it.',
}
