/**
 * The directory tree of the lake: where a relative path lies on this machine, never outside of the root, and how a
 * name in it is made to last.
 */

import { basename, dirname, join, posix, resolve, sep } from 'node:path'
import { StoreError } from '../base/errors.ts'
import { quoteText } from '../base/text.ts'
import { systemCode, unless } from './disk-error.ts'
import { OPEN, type FsCalls } from './fs-calls.ts'

/** Directories below a root. */
export type Tree = {
  /** Where `path` is, with every symlink in its directories resolved; `undefined` when its directory is absent. */
  find(path: string): Promise<string | undefined>
  /** Like {@link Tree.find}, after making the directories of `path`, durably. */
  make(path: string): Promise<string>
  /** Makes what was renamed, linked or unlinked in the directory of `absolute` last. */
  sync(absolute: string): Promise<void>
  /** Forgets which directories are there; the next {@link Tree.make} looks again. */
  forget(): void
}

/** File systems that cannot fsync a directory say so with one of these; there a rename is as durable as it gets. */
const NO_DIRECTORY_SYNC = ['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EISDIR', 'EPERM', 'EBADF']
const ABSENT = ['ENOENT', 'ENOTDIR']

/**
 * Refuses a path that is not made of plain segments: absolute, with `..`, `.`, empty segments, `\` or NUL.
 *
 * @throws StoreError for such a path.
 */
export function checkPath(path: string): string {
  const isPlain = path
    .split('/')
    .every((segment) => segment !== '' && segment !== '.' && segment !== '..')
  if (isPlain && !path.includes('\0') && !path.includes('\\')) return path
  throw new StoreError('E_STORE_IO', `not a path inside the data directory: "${quoteText(path)}"`)
}

/** The tree below `root`, which need not exist yet. */
export function openTree(root: string, calls: FsCalls): Tree {
  const top = resolve(root)
  const made = new Map<string, Promise<void>>()
  // Once it is there. Should it be moved later, everything seems to lie outside, and is refused.
  let knownTop: string | undefined

  async function confine(path: string): Promise<string> {
    const directory = posix.dirname(path)
    const real = await calls.realpath(join(top, directory))
    const realTop = (knownTop ??= await calls.realpath(top))
    const inside = realTop.endsWith(sep) ? realTop : realTop + sep
    if (real !== realTop && !real.startsWith(inside))
      throw new StoreError(
        'E_STORE_IO',
        `${quoteText(directory)} leads out of the data directory`,
        {
          hint: 'A symbolic link is in the way; the lake follows none out of its directory.',
        },
      )
    return join(real, basename(path))
  }

  // A directory lasts once its parent was synced after it was made. That may have been by a process that died
  // before the sync, so each directory is synced once by this process too, whoever made it.
  function ensure(directory: string): Promise<void> {
    const known = made.get(directory)
    if (known !== undefined) return known
    const making = makeLasting(directory)
    made.set(directory, making)
    making.catch(() => made.delete(directory))
    return making
  }

  async function makeLasting(directory: string): Promise<void> {
    if (directory === '.') return makeRoot(top, calls)
    await ensure(posix.dirname(directory))
    const absolute = await confine(directory)
    await unless(['EEXIST'], undefined, () => calls.mkdir(absolute))
    await syncDirectory(dirname(absolute), calls)
  }

  return {
    find: (path) => unless(ABSENT, undefined, () => confine(path)),
    make: async (path) => {
      await ensure(posix.dirname(path))
      return confine(path)
    },
    sync: (absolute) => syncDirectory(dirname(absolute), calls),
    forget: () => {
      made.clear()
    },
  }
}

async function makeRoot(absolute: string, calls: FsCalls): Promise<void> {
  try {
    await calls.mkdir(absolute)
  } catch (error) {
    const code = systemCode(error)
    // Made by a process that may have ended before its name was on the disk; in a directory that we may not read, it
    // is what it is.
    if (code === 'EEXIST')
      return unless(['EACCES'], undefined, () => syncDirectory(dirname(absolute), calls))
    if (code !== 'ENOENT' || dirname(absolute) === absolute) throw error
    await makeRoot(dirname(absolute), calls)
    // Once: where nothing can be made, such as in /proc, the parent is there and the answer stays the same.
    await unless(['EEXIST'], undefined, () => calls.mkdir(absolute)).catch((again: unknown) => {
      if (systemCode(again) !== 'ENOENT') throw again
      throw new StoreError('E_STORE_IO', `${quoteText(absolute)} cannot be made (ENOENT)`, {
        cause: again,
        hint: 'Choose another data directory with --data-dir.',
      })
    })
  }
  await syncDirectory(dirname(absolute), calls)
}

async function syncDirectory(absolute: string, calls: FsCalls): Promise<void> {
  await unless(NO_DIRECTORY_SYNC, undefined, async () => {
    const fd = await calls.open(absolute, OPEN.directory)
    try {
      await calls.fsync(fd)
    } finally {
      await calls.close(fd)
    }
  })
}
