/** The manifest of a series, written anew from the footers of its files. */

import type { Files } from '../base/ports.ts'
import type { SeriesKey } from '../binance/series.ts'
import { parseFacts } from './footer.ts'
import { manifestPath, parsePeriodName, partitionPath, seriesPath } from './layout.ts'
import { emptyManifest, record } from './ledger.ts'
import { formatManifest, type Manifest } from './manifest.ts'
import { readFooter } from './parquet/read.ts'
import { hashOf } from './series.ts'

/** The periods that have a directory, oldest first. */
export async function listPeriods(files: Files, key: SeriesKey): Promise<readonly string[]> {
  const entries = await files.list(seriesPath(key))
  return entries.flatMap(({ name }) => parsePeriodName(name) ?? []).sort()
}

/**
 * What the footers of a series say, as a manifest; `undefined` when it has no files. Stretches without rows that no
 * later file speaks of are not in any footer: they will be asked for again.
 *
 * @throws DamageError, StoreError for a file that is not one of this series.
 */
export async function manifestFromFooters(
  files: Files,
  key: SeriesKey,
): Promise<Manifest | undefined> {
  let manifest: Manifest | undefined
  for (const period of await listPeriods(files, key)) {
    const path = partitionPath(key, period)
    const file = await files.open(path)
    if (file === undefined) continue
    try {
      const footer = await readFooter(file)
      const facts = parseFacts(footer.metadata, key, path)
      manifest ??= emptyManifest(key, facts.numbers, facts.partition)
      const sha256 = await hashOf(file)
      manifest = record(manifest, facts, { rows: footer.rows, bytes: file.sizeBytes, sha256 })
    } finally {
      await file.close()
    }
  }
  return manifest
}

/** Replaces a series' manifest. */
export async function writeManifest(files: Files, manifest: Manifest): Promise<void> {
  await files.replace(
    manifestPath(manifest.key),
    new TextEncoder().encode(formatManifest(manifest)),
  )
}
