/** The manifest of a series in the lake: read with its version, and replaced only where it still is that one. */

import type { Expected, Files, Version } from '../base/ports.ts'
import type { SeriesKey } from '../binance/series.ts'
import { replaceHeld, type HeldFiles } from './held.ts'
import { manifestPath } from './layout.ts'
import { formatManifest, parseManifest, type Manifest } from './manifest.ts'

/** What was at a manifest's path. */
export type ManifestFile = {
  /** What whoever writes it anew builds upon. */
  readonly version: Expected
  /** `undefined` when there is none. @throws DamageError, UsageError */
  readonly parse: () => Manifest | undefined
}

/** Reads the manifest of a series, and says which version that is, whether it is sound or not. */
export async function readManifestFile(files: Files, key: SeriesKey): Promise<ManifestFile> {
  const path = manifestPath(key)
  const found = await files.read(path)
  if (found === undefined) return { version: 'absent', parse: () => undefined }
  const { bytes, version } = found
  const text = (): string => new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)
  return { version, parse: () => parseManifest(text(), key, path) }
}

/** Reads the manifest of a series; `undefined` when the lake has none. */
export async function readManifest(files: Files, key: SeriesKey): Promise<Manifest | undefined> {
  return (await readManifestFile(files, key)).parse()
}

/**
 * Replaces a series' manifest.
 *
 * @returns the version that is there now
 * @throws StoreError `E_STORE_FENCED` when another process took the lake, `E_STORE_CHANGED` when it is not the manifest
 * any more that was expected.
 */
export async function writeManifest(
  lake: HeldFiles,
  manifest: Manifest,
  expected: Expected,
): Promise<Version> {
  const bytes = new TextEncoder().encode(formatManifest(manifest))
  return replaceHeld(lake, manifestPath(manifest.key), { bytes, expected })
}
