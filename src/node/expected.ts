/**
 * Replacing what was expected, on a disk, where no system call compares: writers of this process take turns between
 * comparing and renaming. Other processes are kept away by the lake's lock.
 */

import { StoreError } from '../base/errors.ts'
import type { Expected, StoredFile, Version } from '../base/ports.ts'
import { quoteText } from '../base/text.ts'
import { unless } from './disk-error.ts'
import type { FsCalls } from './fs-calls.ts'
import { ABSENT, notAFile, openAt } from './open-file.ts'

/** Who works at a path last, by the system that it lies on: all that is opened with the same calls takes turns. */
const lines = new WeakMap<FsCalls, Map<string, Promise<unknown>>>()

/** Runs `work` when all that was begun before at the same path is over. */
export async function inTurn<T>(
  calls: FsCalls,
  absolute: string,
  work: () => Promise<T>,
): Promise<T> {
  const line = lines.get(calls) ?? new Map<string, Promise<unknown>>()
  lines.set(calls, line)
  const mine = (line.get(absolute) ?? Promise.resolve()).then(work)
  const over = mine.catch(() => undefined)
  line.set(absolute, over)
  try {
    return await mine
  } finally {
    if (line.get(absolute) === over) line.delete(absolute)
  }
}

/**
 * To be called in turn.
 *
 * @param path - Of the file at `absolute`, relative to the lake.
 * @throws StoreError `E_STORE_CHANGED` when another file is there than the one that was expected.
 */
export async function assertExpected(
  calls: FsCalls,
  absolute: string,
  path: string,
  expected: Expected,
): Promise<void> {
  if (expected === 'absent') {
    const stat = await unless(ABSENT, undefined, () => calls.lstat(absolute))
    if (stat === undefined) return
    throw stat.kind === 'file' ? changedFile(path) : notAFile(path)
  }
  const file = await openAt(calls, absolute, path)
  if (file === undefined || (await closing(file)) !== expected) throw changedFile(path)
}

async function closing(file: StoredFile): Promise<Version> {
  try {
    return await file.version()
  } finally {
    await file.close()
  }
}

/** The error of a file that is not the one any more that a writer built upon. */
export function changedFile(path: string): StoreError {
  return new StoreError(
    'E_STORE_CHANGED',
    `${quoteText(path)} is not the file any more that was read; it was left as it is`,
    {
      path,
      hint: 'Something else writes to the lake: see that nothing does, and run again, which looks at the file anew.',
    },
  )
}
