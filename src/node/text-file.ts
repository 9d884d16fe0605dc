/** Text files outside of the lake: reports and metrics. Whoever reads one sees the old file or the new, whole. */

import { randomBytes } from 'node:crypto'
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { UsageError } from '../base/errors.ts'
import { quoteText } from '../base/text.ts'
import { systemCode } from './disk-error.ts'

/**
 * Replaces the file at `path` by `text`, by rename.
 *
 * @throws UsageError when it cannot be written there; nothing is left behind.
 */
export async function replaceText(path: string, text: string): Promise<void> {
  const absolute = resolve(path)
  const unique = randomBytes(4).toString('hex')
  const temp = join(dirname(absolute), `.${basename(absolute)}.${unique}.tmp`)
  try {
    await writeFile(temp, text, { flag: 'wx' })
    await rename(temp, absolute)
  } catch (error) {
    await rm(temp, { force: true }).catch(() => undefined)
    throw new UsageError(
      `${quoteText(path)} cannot be written (${systemCode(error) ?? 'unknown error'})`,
      { cause: error, hint: 'Name a file in a directory that is there and can be written.' },
    )
  }
}

/** The text at `path`; `undefined` when it cannot be read. */
export async function readTextFile(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(() => undefined)
}
