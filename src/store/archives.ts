/** What a manifest knows of the archives that rows were taken from. */

import type { Coverage } from '../base/coverage.ts'
import { periodWindow } from '../base/time.ts'
import type { ArchiveEntry, Manifest } from './manifest.ts'

/**
 * The manifest with archives that rows were taken from. One that was replaced meanwhile stays known as it was, so that
 * its other rows are known to be old: see {@link renewArchive}.
 */
export function useArchives(
  manifest: Manifest,
  used: Readonly<Record<string, ArchiveEntry>> = {},
): Manifest {
  return { ...manifest, archives: new Map([...Object.entries(used), ...manifest.archives]) }
}

/** The manifest with an archive as it is now, once all of its time was stored anew. */
export function renewArchive(manifest: Manifest, path: string, entry: ArchiveEntry): Manifest {
  return { ...manifest, archives: new Map([...manifest.archives, [path, entry]]) }
}

/** The time of archives that were replaced between the two. */
export function renewedTime(before: Manifest, after: Manifest): Coverage {
  return [...after.archives].flatMap(([path, { sha256, period }]) => {
    const known = before.archives.get(path)?.sha256 ?? sha256
    return known === sha256 ? [] : [periodWindow(period)]
  })
}
