/** Tries on a disk, before anything is asked of the exchange, what commits and their readers rely on. */

import { randomBytes } from 'node:crypto'
import { isChanged, StoreError, UsageError } from '../base/errors.ts'
import type { Files, Version } from '../base/ports.ts'
import { quoteText } from '../base/text.ts'
import { systemCode } from './disk-error.ts'

/** Where a holder of the lake probes it: one that died on the way leaves a file that the next one removes. */
const PROBE_PATH = '_probe'

/**
 * Does what a commit does, unless the files have a way of their own to try it: creates, writes, syncs, renames, renames over a file that is being read, reads back, removes.
 *
 * @param path - To be used by nobody else at this moment.
 * @throws StoreError when the system refuses, when it reads back something else, and when a reader of the old file
 * sees the bytes of the new one: then renaming is copying, and files are not whole while they appear.
 */
export async function probeFiles(files: Files, path: string = PROBE_PATH): Promise<void> {
  if (files.probe !== undefined) return files.probe()
  const [before, after] = [randomBytes(64), randomBytes(64)]
  const left = await files.read(path)
  const version = await files.replace(path, before, left?.version ?? 'absent')
  await replaceUnderReader(files, { path, version }, after)
  const back = await files.read(path)
  await files.remove(path)
  if (back === undefined || !after.equals(back.bytes)) throw readsOtherwise()
}

function readsOtherwise(cause?: unknown): StoreError {
  const message = 'the data directory does not read back what was written'
  return new StoreError('E_STORE_IO', message, { cause, hint: LOCAL })
}

const LOCAL = 'Choose a data directory on a local disk with --data-dir.'
/** Some systems refuse to replace a file that is open; nobody reads a wrong byte there. */
const BUSY: readonly unknown[] = ['EPERM', 'EACCES', 'EBUSY', 'ETXTBSY']

async function replaceUnderReader(
  files: Files,
  { path, version }: { readonly path: string; readonly version: Version },
  bytes: Buffer,
): Promise<void> {
  const reader = await files.open(path)
  let isBusy = false
  try {
    await files.replace(path, bytes, version)
    // A reader that gets an error instead of the old bytes is not misled.
    const seen = await reader?.read(0, bytes.length).catch(() => undefined)
    if (seen !== undefined && bytes.equals(seen))
      throw new StoreError('E_STORE_IO', 'the data directory renames files by copying them', {
        hint: LOCAL,
      })
  } catch (error) {
    // Nobody else works at this path.
    if (isChanged(error)) throw readsOtherwise(error)
    isBusy = error instanceof StoreError && BUSY.includes(systemCode(error.cause))
    if (!isBusy) throw error
  } finally {
    await reader?.close()
  }
  if (isBusy) await files.replace(path, bytes, version)
}

/**
 * {@link probeFiles} under a name of its own, in a directory that is made when it is not there.
 *
 * @param name - Of the directory, for the message.
 * @throws UsageError when the directory cannot be used as it is: not a directory, not writable, read-only.
 * @throws StoreError when it could be and fails now: full, I/O error, or it reads back something else.
 */
export async function probeDirectory(files: Files, name: string): Promise<void> {
  // A run may hold the lake and probe it at this moment.
  const own = `${PROBE_PATH}-${process.pid}-${randomBytes(4).toString('hex')}`
  await usable(name, () => probeFiles(files, own))
}

/**
 * Runs `work` in a data directory.
 *
 * @param name - Of the directory, for the message.
 * @throws UsageError when the directory cannot be used as it is: not a directory, not writable, read-only.
 */
export async function usable<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw asUsage(error, name)
  }
}

const UNUSABLE = new Set([
  'EACCES',
  'EPERM',
  'EROFS',
  'ENOTDIR',
  'EEXIST',
  'ELOOP',
  'EXDEV',
  'ENAMETOOLONG',
])

function asUsage(error: unknown, name: string): unknown {
  if (!(error instanceof StoreError)) return error
  const code = systemCode(error.cause)
  if (code === undefined || !UNUSABLE.has(code)) return error
  return new UsageError(`the data directory ${quoteText(name)} cannot be used (${code})`, {
    cause: error,
    hint: error.hint,
  })
}
