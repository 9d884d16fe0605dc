/** Files outside of the lake: reports, metrics, exports. Whoever reads one sees the old file or the new, whole. */

import { randomBytes } from 'node:crypto'
import { open, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises'
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
  await replaced(path, resolve(path), (temp) => writeFile(temp, text, { flag: 'wx' }))
}

/**
 * Replaces the file at `path` by `pieces`, by rename, once all of them are on the disk. A link leads to the file that is
 * replaced; what is no file, such as a device, is left alone.
 *
 * @returns the size in bytes
 * @throws UsageError when it cannot be written there, and whatever `pieces` throws; nothing is left behind.
 */
export async function replaceFile(
  path: string,
  pieces: AsyncIterable<Uint8Array>,
): Promise<number> {
  const target = await realpath(path).catch(() => resolve(path))
  const there = await stat(target).catch(() => undefined)
  if (there?.isFile() === false) throw new UsageError(`${quoteText(path)} is not a file`)
  let bytes = 0
  await replaced(path, target, async (temp) => {
    const handle = await open(temp, 'wx')
    try {
      for await (const piece of pieces) {
        await handle.writeFile(piece)
        bytes += piece.byteLength
      }
      await handle.sync()
    } finally {
      await handle.close()
    }
  })
  return bytes
}

async function replaced(
  path: string,
  target: string,
  write: (temp: string) => Promise<void>,
): Promise<void> {
  const unique = randomBytes(4).toString('hex')
  const temp = join(dirname(target), `.${basename(target)}.${unique}.tmp`)
  try {
    await write(temp)
    await rename(temp, target)
  } catch (error) {
    await rm(temp, { force: true }).catch(() => undefined)
    const code = systemCode(error)
    if (code === undefined) throw error
    throw new UsageError(`${quoteText(path)} cannot be written (${code})`, {
      cause: error,
      hint: 'Name a file in a directory that is there and can be written.',
    })
  }
}

/** The text at `path`; `undefined` when it cannot be read. */
export async function readTextFile(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(() => undefined)
}
