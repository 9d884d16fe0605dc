/** The file system of this machine as the {@link Files} port: atomic, durable, and never outside of its root. */

import { dirname, posix, resolve } from 'node:path'
import { hashOfBytes } from '../base/hash.ts'
import type { Content, Expected, FileEntry, Files, StoredFile, Version } from '../base/ports.ts'
import { asStore, isOfDisk, systemCode, unless } from './disk-error.ts'
import { changedFile, inTurn } from './expected.ts'
import { nodeFsCalls, OPEN, type FsCalls } from './fs-calls.ts'
import { ABSENT, notAFile, openAt, versionOf } from './open-file.ts'
import { beginUpload, discard, publish, writeTemp, type Disk } from './temp-file.ts'
import { checkPath, openTree } from './tree.ts'

/**
 * How often a small write starts over when its temporary file is swept away by a process that takes the lake, or its
 * directory by one that prunes it.
 */
const SWEPT_MAX = 3

/**
 * Files below `root`, which is made by the first write. Writes are durable when they resolve; whoever reads sees the
 * old file or the new, whole.
 *
 * @param calls - the system calls to use; tests give others.
 */
export function nodeFiles(root: string, calls: FsCalls = nodeFsCalls): Files {
  const disk: Disk = { tree: openTree(root, calls), calls }
  return {
    isShared: false,
    read: async (path) => readWhole(disk, path),
    open: async (path) => openForReading(disk, path),
    size: async (path) => {
      checkPath(path)
      return asStore('read', path, () => sizeOf(disk, path))
    },
    list: async (path) => asStore('list', path, () => listDirectory(disk, path)),
    upload: async (path) => beginUpload(disk, checkPath(path)),
    replace: async (path, bytes, expected) => {
      checkPath(path)
      return asStore('write', path, () => replaceFile(disk, path, bytes, expected))
    },
    settle: async (path) => {
      checkPath(path)
      await asStore('write', path, () => settleFile(disk, path))
    },
    freeBytes: () => freeBytes(root, calls),
    remove: async (path) => {
      checkPath(path)
      await asStore('remove', path, () => removeFile(disk, path))
    },
    prune: async (directory) => {
      checkPath(directory)
      await asStore('remove', directory, () => pruneDirectories(disk, directory))
    },
  }
}

/** Of the lake's directory, or of the nearest one above that is there. */
async function freeBytes(root: string, calls: FsCalls): Promise<number | undefined> {
  for (let path = resolve(root); ; path = dirname(path)) {
    try {
      return await calls.freeBytes(path)
    } catch {
      if (dirname(path) === path) return undefined
    }
  }
}

async function readWhole(disk: Disk, path: string): Promise<Content | undefined> {
  const file = await openForReading(disk, path)
  if (file === undefined) return undefined
  try {
    const bytes = await file.read(0, file.sizeBytes)
    return { bytes, version: versionOf(hashOfBytes(bytes)) }
  } finally {
    await file.close()
  }
}

async function openForReading(
  { tree, calls }: Disk,
  path: string,
): Promise<StoredFile | undefined> {
  checkPath(path)
  return asStore('read', path, async () => {
    const absolute = await tree.find(path)
    return absolute === undefined ? undefined : openAt(calls, absolute, path)
  })
}

async function sizeOf({ tree, calls }: Disk, path: string): Promise<number | undefined> {
  const absolute = await tree.find(path)
  if (absolute === undefined) return undefined
  const stat = await unless(ABSENT, undefined, () => calls.lstat(absolute))
  if (stat !== undefined && stat.kind !== 'file') throw notAFile(path)
  return stat?.sizeBytes
}

async function listDirectory({ tree, calls }: Disk, path: string): Promise<readonly FileEntry[]> {
  // A name inside, so that the directory itself is checked to be in the root; '' is the root.
  const inside = await tree.find(path === '' ? '_' : `${checkPath(path)}/_`)
  if (inside === undefined) return []
  const entries = await unless(ABSENT, [], () => calls.readdir(inside.slice(0, -2)))
  return [...entries].sort((a, b) => (a.name < b.name ? -1 : 1))
}

async function replaceFile(
  disk: Disk,
  path: string,
  bytes: Uint8Array,
  expected: Expected,
): Promise<Version> {
  if (expected === 'absent') await createFile(disk, path, bytes)
  else await throughTemp(disk, bytes, (temp) => publish(disk, { temp, path, expected }))
  return versionOf(hashOfBytes(bytes))
}

/** Not by rename: a link is refused by the system itself where the name is taken, by other processes too. */
async function createFile(disk: Disk, path: string, bytes: Uint8Array): Promise<void> {
  const { tree, calls } = disk
  const made = await throughTemp(disk, bytes, async (temp) => {
    const absolute = await tree.make(path)
    const isMade = await inTurn(calls, absolute, async () => {
      const linked = await linkNew(calls, temp, absolute)
      if (linked === 'no links') return claimAndRename(disk, temp, absolute)
      await discard(disk, temp)
      return linked === 'made'
    })
    return isMade ? absolute : undefined
  })
  if (made === undefined) throw changedFile(path)
  await tree.sync(made)
}

/** Gives `temp` its name, unless the name is taken: whole or not at all, in one step. */
async function linkNew(
  calls: FsCalls,
  temp: string,
  absolute: string,
): Promise<'made' | 'taken' | 'no links'> {
  try {
    await calls.link(temp, absolute)
    return 'made'
  } catch (error) {
    const code = systemCode(error)
    if (code === 'EEXIST') return 'taken'
    // exFAT and network drives have no links, and each says so with a code of its own: EPERM, ENOTSUP, ENOSYS, EINVAL,
    // EACCES, on Windows EISDIR. Where it was another refusal after all, the second way meets it too, and tells it.
    if (code === undefined || isOfDisk(code)) throw error
    return 'no links'
  }
}

/**
 * The second way: an empty file takes the name, and `temp` replaces it. As with links, one of many wins, and nobody
 * ever sees a part of the bytes. But a reader may see the file empty, and a process that ends in between leaves it
 * so: the name stays taken. All that is created so can live with that. An empty lock is nobody's after a while,
 * like any that cannot be read; the lake's mark and a ban say nothing when they are torn.
 */
async function claimAndRename(disk: Disk, temp: string, absolute: string): Promise<boolean> {
  const { calls } = disk
  const fd = await unless(['EEXIST'], undefined, () => calls.open(absolute, OPEN.create, 0o644))
  if (fd === undefined) {
    await discard(disk, temp)
    return false
  }
  try {
    await calls.close(fd)
    await calls.rename(temp, absolute)
  } catch (error) {
    await calls.unlink(absolute).catch(() => undefined)
    throw error
  }
  return true
}

async function throughTemp<T>(
  disk: Disk,
  bytes: Uint8Array,
  use: (temp: string) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const temp = await writeTemp(disk, bytes)
    try {
      return await use(temp)
    } catch (error) {
      await discard(disk, temp)
      if (systemCode(error) !== 'ENOENT' || attempt === SWEPT_MAX) throw error
      disk.tree.forget()
    }
  }
}

/** Files are synced before they get their names, so that only the name may be missing on the disk. */
async function settleFile({ tree }: Disk, path: string): Promise<void> {
  const absolute = await tree.find(path)
  if (absolute !== undefined) await tree.sync(absolute)
}

async function removeFile({ tree, calls }: Disk, path: string): Promise<void> {
  const absolute = await tree.find(path)
  if (absolute === undefined) return
  const unlink = async (): Promise<boolean> => {
    await calls.unlink(absolute)
    return true
  }
  const isGone = await unless(ABSENT, false, () => inTurn(calls, absolute, unlink))
  if (isGone) await tree.sync(absolute)
}

/** Not empty (each system has its own word), not ours to remove, or not even a directory: it stays. */
const STAYS = ['ENOTEMPTY', 'EEXIST', 'EBUSY', 'EPERM', 'EACCES', 'ENOTDIR']

/** By `rmdir` alone: the system itself refuses where somebody has just put a file. */
async function pruneDirectories({ tree, calls }: Disk, directory: string): Promise<void> {
  for (let path = directory; path !== '.'; path = posix.dirname(path)) {
    const absolute = await tree.find(path)
    // A file that is created there from now on makes its directory first.
    tree.forget()
    const isGone = await unless(STAYS, false, async () => {
      if (absolute !== undefined) await unless(['ENOENT'], undefined, () => calls.rmdir(absolute))
      return true
    })
    if (!isGone) return
  }
}
