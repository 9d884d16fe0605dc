/** What the machine refuses, as the errors of this project: what failed, on which file of the lake, and what to do. */

import { StoreError } from '../base/errors.ts'
import { quoteText } from '../base/text.ts'

const FULL = new Set(['ENOSPC', 'EDQUOT'])

const HINTS: Readonly<Record<string, string>> = {
  ENOSPC: 'Free some space, then run again.',
  EDQUOT: 'The quota is used up: free some space, then run again.',
  EACCES: 'Check who owns the data directory and whether this user may write to it.',
  EPERM: 'Check who owns the data directory and whether this user may write to it.',
  EROFS: 'The file system is read-only: choose another data directory with --data-dir.',
  EIO: 'The disk reports an error: check it, then run `binance-backfill verify`.',
  EMFILE: 'Too many open files: raise the limit (`ulimit -n`) or lower --concurrency.',
  ENFILE: 'Too many open files on this machine: close some, then run again.',
  ENAMETOOLONG: 'The path is too long for this file system: choose a shorter data directory.',
  EXDEV: '`_tmp` must be on the same file system as the rest of the data directory.',
  ELOOP: 'A symbolic link is in the way; the lake follows none out of its directory.',
  ENOTDIR: 'A file is where a directory should be: move it away, or choose another data directory.',
  EISDIR: 'A directory is where a file should be: move it away.',
  EEXIST: 'A file is where a directory should be: move it away, or choose another data directory.',
  ENOENT: 'It was there a moment ago: is another program working in the data directory?',
  ESTALE: 'The network file system lost the file: check the mount, then run again.',
}

/** About the disk, the path or the machine, whatever the call: another way to do the same would meet it too. */
const OF_DISK = new Set([
  ...FULL,
  'EIO',
  'EROFS',
  'EMFILE',
  'ENFILE',
  'ENOMEM',
  'ENOENT',
  'ENOTDIR',
  'ENAMETOOLONG',
  'ELOOP',
  'ESTALE',
  'ENODEV',
  'ENXIO',
  'ETIMEDOUT',
])

/** Is a refusal with `code` about the disk, rather than about what it cannot do at all? */
export function isOfDisk(code: string): boolean {
  return OF_DISK.has(code)
}

/** The system's error code, e.g. `ENOENT`, or `UNKNOWN` where Windows has one that Node has no name for; `undefined` for anything else than an error of the system. */
export function systemCode(error: unknown): string | undefined {
  const code: unknown = error instanceof Error ? (error as { code?: unknown }).code : undefined
  return typeof code === 'string' && /^(?:E[A-Z0-9]+|UNKNOWN)$/.test(code) ? code : undefined
}

/**
 * Turns an error of the system into a StoreError; any other error is returned as it is.
 *
 * @param doing - what was tried, e.g. `write`.
 * @param path - relative to the lake.
 */
export function toStoreError(error: unknown, doing: string, path: string): unknown {
  const code = systemCode(error)
  if (code === undefined) return error
  const what = path === '' ? 'the data directory' : quoteText(path)
  return new StoreError(
    FULL.has(code) ? 'E_STORE_FULL' : 'E_STORE_IO',
    `cannot ${doing} ${what}: ${FULL.has(code) ? 'no space left' : 'the system refuses'} (${code})`,
    { cause: error, hint: HINTS[code] },
  )
}

/** Runs `work`; what the system refuses meanwhile is thrown as by {@link toStoreError}. */
export async function asStore<T>(doing: string, path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw toStoreError(error, doing, path)
  }
}

/** Runs `work`; `otherwise` when the system refuses with one of `codes`. */
export async function unless<T, U>(
  codes: readonly string[],
  otherwise: U,
  work: () => Promise<T>,
): Promise<T | U> {
  try {
    return await work()
  } catch (error) {
    if (codes.includes(systemCode(error) ?? '')) return otherwise
    throw error
  }
}
