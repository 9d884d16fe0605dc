/** Recorded archive files, served byte for byte: `archive/data/...` under the directory, as in the archive. */

import { readFileSync } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { fromMillis } from '../base/time.ts'
import type { RecordedFile } from './archive-options.ts'

/** The files below `archive` in `directory` by their paths in the archive; empty when there is no such folder. */
export async function recordedArchive(
  directory: string,
): Promise<ReadonlyMap<string, RecordedFile>> {
  const root = join(directory, 'archive')
  const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch(() => [])
  const files = new Map<string, RecordedFile>()
  for (const entry of entries.filter((own) => own.isFile())) {
    const absolute = join(entry.parentPath, entry.name)
    const { size, mtimeMs } = await stat(absolute)
    const path = absolute
      .slice(root.length + 1)
      .split(sep)
      .join('/')
    // Read on request: a recording may be larger than memory.
    files.set(path.normalize('NFC'), {
      sizeBytes: size,
      modified: fromMillis(Math.floor(mtimeMs)),
      read: () => readFileSync(absolute),
    })
  }
  return files
}
