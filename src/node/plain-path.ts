/** Another name for a directory, for programs to which some characters of a path are more than characters. */

import { rmdirSync, unlinkSync } from 'node:fs'
import { mkdtemp, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve, sep } from 'node:path'
import { UsageError } from '../base/errors.ts'
import { quoteText } from '../base/text.ts'
import { systemCode } from './disk-error.ts'

/** A name of a directory, until it is released. */
export type PlainPath = { readonly path: string; readonly release: () => void }

/** Patterns, and `key=value`, which tools that know Hive's layout take for a column of all files below. */
const PATTERN = /[*?[\]=]/

/**
 * An absolute path of `directory` without characters that a pattern, an escape or Hive's layout gives a meaning. Where
 * its own has some, the path is that of a link, which lies among the system's temporary files until it is released.
 *
 * @throws UsageError when such a link cannot be made.
 */
export async function plainPath(directory: string): Promise<PlainPath> {
  const absolute = resolve(directory)
  if (isPlain(absolute)) return { path: absolute, release: () => undefined }
  const around = join(tmpdir(), 'binance-backfill-')
  if (!isPlain(resolve(around))) throw unnamed(directory)
  try {
    const own = await mkdtemp(resolve(around))
    const path = join(own, 'lake')
    // Windows gives everyone junctions, and symlinks only to some; elsewhere the word is passed over.
    await symlink(absolute, path, 'junction')
    return {
      path,
      release: () => {
        unlinkSync(path)
        rmdirSync(own)
      },
    }
  } catch (cause) {
    if (systemCode(cause) === undefined) throw cause
    throw unnamed(directory, cause)
  }
}

function isPlain(absolute: string): boolean {
  return !PATTERN.test(absolute) && (sep === '\\' || !absolute.includes('\\'))
}

function unnamed(directory: string, cause?: unknown): UsageError {
  return new UsageError(
    `"${quoteText(directory)}" has characters of a pattern, and there is no room for a link to it`,
    { cause, hint: 'Let TMPDIR name a directory of a plain name that can be written.' },
  )
}
