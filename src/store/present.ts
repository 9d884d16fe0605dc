/** The manifest of a series, and whether the files that it speaks of are there: anyone may have removed one. */

import type { Files } from '../base/ports.ts'
import type { SeriesKey } from '../binance/series.ts'
import { manifestPath, partitionPath } from './layout.ts'
import { forgetRows } from './ledger.ts'
import { parseManifest, type Manifest } from './manifest.ts'

/** Files looked at at once. */
const LOOKS_AT_ONCE = 32

/** Reads the manifest of a series; `undefined` when the lake has none. */
export async function readManifest(files: Files, key: SeriesKey): Promise<Manifest | undefined> {
  const path = manifestPath(key)
  const bytes = await files.read(path)
  if (bytes === undefined) return undefined
  return parseManifest(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes), key, path)
}

/** The partitions of a manifest whose files are gone, oldest first. */
export async function lostPeriods(files: Files, manifest: Manifest): Promise<readonly string[]> {
  const periods = [...manifest.partitions.keys()].sort()
  const lost: string[] = []
  for (let first = 0; first < periods.length; first += LOOKS_AT_ONCE) {
    const some = periods.slice(first, first + LOOKS_AT_ONCE)
    const sizes = await Promise.all(
      some.map((period) => files.size(partitionPath(manifest.key, period))),
    )
    lost.push(...some.filter((_, index) => sizes[index] === undefined))
  }
  return lost
}

/** A manifest without the rows of files that are gone, so that exactly their time is asked for again. */
export function withoutRows(manifest: Manifest, lost: readonly string[]): Manifest {
  return lost.reduce(forgetRows, manifest)
}
