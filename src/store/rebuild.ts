/** The manifest of a series, written anew from the footers of its files. */

import type { Files } from '../base/ports.ts'
import { micros, type Window } from '../base/time.ts'
import type { SeriesKey } from '../binance/series.ts'
import { adoptFiles, checkAlike, listPeriods, withFile } from './adopt.ts'
import type { HeldFiles } from './held.ts'
import { partitionPath, manifestPath } from './layout.ts'
import { emptyManifest, forget, record } from './ledger.ts'
import type { Manifest } from './manifest.ts'
import { sizesOf } from './sizes.ts'

/**
 * What the footers of a series say, as a manifest; `undefined` when it has no files. What no footer speaks of is not
 * in it and will be asked for again: stretches without rows after the last file, and archives that gave no row.
 *
 * @throws DamageError for a file that is not one of this series, or is damaged.
 */
export async function manifestFromFooters(
  files: Files,
  key: SeriesKey,
): Promise<Manifest | undefined> {
  let manifest: Manifest | undefined
  for (const period of await listPeriods(files, key)) {
    const before = manifest
    manifest =
      (await withFile(files, key, period, async ({ facts, rows, bytes, sha256 }) => {
        const begun = before ?? emptyManifest(key, facts.numbers, facts.partition)
        const path = partitionPath(key, period)
        checkAlike(begun, facts, path)
        await files.settle(path)
        return record(begun, facts, { rows, bytes, sha256: await sha256() })
      })) ?? manifest
  }
  return manifest
}

/**
 * {@link manifestFromFooters}, to be written: each file is read through, since its hash is taken for the right one
 * from then on.
 *
 * @throws DamageError for a file that is not one of this series, or is damaged.
 */
export async function soundFromFooters(
  files: Files,
  key: SeriesKey,
): Promise<Manifest | undefined> {
  for (const period of await listPeriods(files, key))
    await withFile(files, key, period, ({ assertSound }) => assertSound())
  return manifestFromFooters(files, key)
}

/** What is mended. */
export type MendOptions = {
  /** Where files are opened that have the recorded size; default: everywhere. */
  readonly window?: Window
  /** Paths of files that turned out to be other ones than those that were recorded. */
  readonly suspects?: ReadonlySet<string>
}

/**
 * A sound manifest brought in line with the files: those that say more are taken in, and what is said of a file that
 * is gone is forgotten, so that its time is asked for again. The same object when there is nothing to mend.
 *
 * @throws DamageError for a file that is not one of this series, or is damaged.
 */
export async function mendManifest(
  files: Files,
  manifest: Manifest,
  { window = ALL_TIME, suspects }: MendOptions = {},
): Promise<Manifest> {
  let mended = await adoptFiles(files, manifest, [window], suspects)
  const sizeOf = await sizesOf(files, manifest.key)
  for (const period of manifest.partitions.keys())
    if ((await sizeOf(period)) === undefined) mended = forget(mended, period)
  return mended
}

const ALL_TIME: Window = { from: micros(-(2n ** 62n)), to: micros(2n ** 62n) }

/** Removes a series' manifest; `false` when there is none. @throws StoreError `E_STORE_FENCED`, when another process took the lake. */
export async function removeManifest(
  { files, assertHeld }: HeldFiles,
  key: SeriesKey,
): Promise<boolean> {
  const path = manifestPath(key)
  if ((await files.size(path)) === undefined) return false
  await assertHeld()
  await files.remove(path)
  return true
}
