/** Mends the manifest of a series: what `verify --rebuild` does. */

import { subtractAll, union } from '../base/coverage.ts'
import { DamageError } from '../base/errors.ts'
import type { Expected, Files } from '../base/ports.ts'
import type { SeriesKey } from '../binance/series.ts'
import type { Flaw } from '../store/flaw.ts'
import { failureIn, type HeldFiles } from '../store/held.ts'
import type { Manifest } from '../store/manifest.ts'
import { readManifestFile, writeManifest, type ManifestFile } from '../store/manifest-file.ts'
import { mendManifest, removeManifest, soundFromFooters } from '../store/rebuild.ts'
import { adoptedFresh } from '../store/adopted-fresh.ts'

/**
 * Writes a lost or damaged manifest anew from the footers, and brings a sound one in line with the files.
 *
 * @throws StoreError `E_STORE_CHANGED` when somebody else wrote to it meanwhile: another turn goes on.
 * @param suspects - Paths of files that turned out to be other ones than those that were recorded.
 * @returns What was done, or why it could not be; nothing where there was nothing to do.
 */
export async function mendSeries(
  lake: HeldFiles,
  key: SeriesKey,
  suspects: ReadonlySet<string>,
): Promise<readonly Flaw[]> {
  try {
    const done = await mend(lake, key, suspects)
    return done === undefined ? [] : [{ severity: 'note', code: 'rebuilt', message: done }]
  } catch (thrown) {
    const error = await failureIn(lake.assertHeld, thrown)
    if (!(error instanceof DamageError)) throw error
    const { message, hint } = error
    const flaw = { severity: 'damage', code: 'not-rebuilt', message } as const
    return [hint === undefined ? flaw : { ...flaw, hint }]
  }
}

async function mend(
  lake: HeldFiles,
  key: SeriesKey,
  suspects: ReadonlySet<string>,
): Promise<string | undefined> {
  const file = await readManifestFile(lake.files, key)
  const { version } = file
  const manifest = soundness(file)
  if (!('code' in manifest)) {
    const mended = await mendManifest(lake.files, manifest, { suspects })
    if (mended === manifest) return undefined
    const gained = subtractAll(mended.coverage, manifest.coverage)
    const young = await adoptedFresh(lake.files, mended, gained)
    await write(lake, mended, { young, version })
    return 'brought in line with the files'
  }
  const rebuilt = await soundFromFooters(lake.files, key)
  if (rebuilt === undefined) {
    // Nothing says what was known, so it is not known.
    const wasThere = await removeManifest(lake, key)
    return wasThere
      ? 'removed: no file says what was in it, so its time is asked for again'
      : undefined
  }
  const young = await adoptedFresh(lake.files, rebuilt, rebuilt.coverage)
  await write(lake, rebuilt, { young, version })
  return 'written anew from the footers'
}

async function write(
  lake: HeldFiles,
  manifest: Manifest,
  { young, version }: { readonly young: Manifest['fresh']; readonly version: Expected },
): Promise<void> {
  await writeManifest(lake, { ...manifest, fresh: union(manifest.fresh, young) }, version)
}

/** The manifest of a series, or what is wrong with it. */
export async function soundManifest(files: Files, key: SeriesKey): Promise<Manifest | Flaw> {
  return soundness(await readManifestFile(files, key))
}

function soundness({ parse }: ManifestFile): Manifest | Flaw {
  try {
    const manifest = parse()
    if (manifest !== undefined) return manifest
    return lostManifest('manifest-missing', 'the series has files but no manifest')
  } catch (error) {
    if (error instanceof DamageError) return lostManifest('manifest-damaged', error.message)
    throw error
  }
}

function lostManifest(code: string, message: string): Flaw {
  return { severity: 'damage', code, message, hint: 'binance-backfill verify --rebuild' }
}
