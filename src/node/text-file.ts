/** Files outside of the lake: reports, metrics, exports. Whoever reads one sees the old file or the new, whole. */

import { randomBytes } from 'node:crypto'
import { open, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { setTimeout } from 'node:timers/promises'
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

/**
 * Replaces the file at `path` by what `change` makes of it. Of several processes that do so at once each sees what the
 * one before it wrote.
 *
 * @throws UsageError when it cannot be read or written.
 */
export async function updateText(
  path: string,
  change: (before: string | undefined) => Promise<string>,
): Promise<void> {
  const release = await hold(resolve(path))
  try {
    await replaceText(path, await change(await textBefore(path)))
  } finally {
    await release()
  }
}

async function textBefore(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    const code = systemCode(error) ?? 'unknown error'
    // Why nothing can be written there, writing says.
    if (ABSENT.has(code)) return undefined
    throw new UsageError(`${quoteText(path)} cannot be read (${code})`, { cause: error })
  }
}

const ABSENT: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'EISDIR'])

/** Whoever holds a file does so for milliseconds: one that does for so long has died. */
const HELD_MS_MAX = 5_000
const RETRY_MS = 20

/** Waits until no other process is about to replace the file. */
async function hold(absolute: string): Promise<() => Promise<void>> {
  const lock = join(dirname(absolute), `.${basename(absolute)}.lock`)
  const release = (): Promise<void> => rm(lock, { force: true }).catch(() => undefined)
  const deadline = performance.now() + HELD_MS_MAX
  for (;;)
    try {
      await writeFile(lock, '', { flag: 'wx' })
      return release
    } catch (error) {
      // Where no file can be made, the writing itself says why.
      if (systemCode(error) !== 'EEXIST') return async () => undefined
      if (performance.now() > deadline) return release
      await setTimeout(RETRY_MS)
    }
}
