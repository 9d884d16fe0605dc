/** The manifest of a series, and whether the files that it speaks of are there: anyone may have removed one. */

import { ASKED_AT_ONCE, atOnce } from '../base/at-once.ts'
import { DamageError } from '../base/errors.ts'
import type { Files } from '../base/ports.ts'
import type { SeriesKey } from '../binance/series.ts'
import { checkAlike, isRecorded, listPeriods, withFile } from './adopt.ts'
import { partitionPath } from './layout.ts'
import { forgetRows } from './ledger.ts'
import type { Manifest } from './manifest.ts'
import { readManifestFile } from './manifest-file.ts'
import { sizesOf } from './sizes.ts'

/** Periods whose files are not as the manifest says, oldest first. */
export type Stray = {
  /** The file is gone. */
  readonly lost: readonly string[]
  /** It has another size. */
  readonly changed: readonly string[]
}

/** Holds the files of a manifest against it, by their sizes. Opens none. */
export async function strayPeriods(files: Files, manifest: Manifest): Promise<Stray> {
  const entries = [...manifest.partitions].sort(([a], [b]) => (a < b ? -1 : 1))
  const [lost, changed]: [string[], string[]] = [[], []]
  if (entries.length === 0) return { lost, changed }
  const sizeOf = await sizesOf(files, manifest.key)
  const sizes = await atOnce(ASKED_AT_ONCE, entries, ([period]) => sizeOf(period))
  for (const [index, [period, { bytes }]] of entries.entries()) {
    if (sizes[index] === undefined) lost.push(period)
    else if (sizes[index] !== bytes) changed.push(period)
  }
  return { lost, changed }
}

/** A manifest without the rows of files that are gone, so that exactly their time is asked for again. */
export function withoutRows(manifest: Manifest, lost: readonly string[]): Manifest {
  return lost.reduce(forgetRows, manifest)
}

/** A series as its manifest and its files together tell it. */
export type Present = {
  readonly manifest: Manifest | undefined
  /** The manifest without the rows of files that are gone. */
  readonly present: Manifest | undefined
  readonly lost: readonly string[]
  /** Is a file there that says more than the manifest? The next run takes it in. */
  readonly isBehind: boolean
}

/**
 * Looks at a series, and at each of its files that has not the recorded size. Writes nothing.
 *
 * @throws DamageError, naming it, for a damaged manifest, and for a file that says less than was recorded of it.
 */
export async function lookAtSeries(files: Files, key: SeriesKey): Promise<Present> {
  const { version, parse } = await readManifestFile(files, key)
  const manifest = parse()
  if (manifest === undefined) return { manifest, present: undefined, lost: [], isBehind: false }
  const { lost, changed } = await strayPeriods(files, manifest)
  const isReplaced = async (): Promise<boolean> => {
    const now = await readManifestFile(files, key)
    return now.version !== version && now.version !== 'absent'
  }
  let others: readonly string[]
  try {
    others = await othersAmong(files, manifest, changed)
  } catch (error) {
    // A run may have replaced both since the manifest was read: look again before crying wolf.
    if (await isReplaced()) return lookAtSeries(files, key)
    throw error
  }
  if (others.length > 0 && (await isReplaced())) return lookAtSeries(files, key)
  return {
    manifest,
    present: withoutRows(manifest, [...lost, ...others]),
    lost,
    isBehind: changed.length > 0,
  }
}

/** Of these periods those whose file is neither the recorded one nor a later one, as many writers may leave it. */
async function othersAmong(
  files: Files,
  manifest: Manifest,
  periods: readonly string[],
): Promise<readonly string[]> {
  const { key } = manifest
  const others: string[] = []
  for (const period of periods)
    await withFile(files, key, period, async (found) => {
      checkAlike(manifest, found.facts, partitionPath(key, period))
      if (!(await isRecorded(files, manifest, found))) others.push(period)
    })
  return others
}

/**
 * What a series without a manifest was begun as, by its first file: its first commit may have been cut short.
 * `undefined` when there is none, or none that can be read, which whoever takes it in will tell.
 */
export async function begunAs(
  files: Files,
  key: SeriesKey,
): Promise<Pick<Manifest, 'key' | 'numbers' | 'partition'> | undefined> {
  for (const period of await listPeriods(files, key))
    try {
      const facts = await withFile(files, key, period, async (found) => found.facts)
      if (facts !== undefined) return facts
    } catch (error) {
      if (!(error instanceof DamageError)) throw error
    }
  return undefined
}
