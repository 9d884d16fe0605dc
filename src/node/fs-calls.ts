/**
 * The few system calls that the lake is written with, as a table: what a test can count, fail and stop at each step.
 */

import fs from 'node:fs'
import { promisify } from 'node:util'
import type { FileEntry } from '../base/ports.ts'

/** What a file is and how large. */
export type FsStat = { readonly kind: FileEntry['kind']; readonly sizeBytes: number }

/** System calls by path or file descriptor; each rejects with an error that has the system's `code`. */
export type FsCalls = {
  open(path: string, flags: number, mode?: number): Promise<number>
  /** Writes some of `bytes` at `position`; resolves to how many. */
  write(fd: number, bytes: Uint8Array, position: number): Promise<number>
  /** Fills some of `into` from `position`; resolves to how much, 0 at the end. */
  read(fd: number, into: Uint8Array, position: number): Promise<number>
  fsync(fd: number): Promise<void>
  close(fd: number): Promise<void>
  fstat(fd: number): Promise<FsStat>
  lstat(path: string): Promise<FsStat>
  rename(from: string, to: string): Promise<void>
  link(from: string, to: string): Promise<void>
  unlink(path: string): Promise<void>
  mkdir(path: string): Promise<void>
  rmdir(path: string): Promise<void>
  readdir(path: string): Promise<readonly FileEntry[]>
  realpath(path: string): Promise<string>
  /** Bytes that this user can still write to the file system of `path`. */
  freeBytes(path: string): Promise<number>
}

const { constants } = fs
// Windows has neither flag; there `?? 0` leaves them out.
const noFollow = (constants.O_NOFOLLOW as number | undefined) ?? 0
const noBlock = (constants.O_NONBLOCK as number | undefined) ?? 0
const directory = (constants.O_DIRECTORY as number | undefined) ?? 0

/** Flags of {@link FsCalls.open}. None follows a symlink in the last segment. */
export const OPEN: Readonly<Record<'create' | 'read' | 'directory', number>> = {
  /** A new file for writing and reading back; fails when the name is taken. */
  create: constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | noFollow,
  /** Without O_NONBLOCK, opening a pipe that lies in the lake would hang for ever. */
  read: constants.O_RDONLY | noFollow | noBlock,
  /** A directory, to fsync it. */
  directory: constants.O_RDONLY | directory,
}

const open = promisify(fs.open)
const write = promisify(fs.write)
const read = promisify(fs.read)
const fstat = promisify(fs.fstat)
const lstat = promisify(fs.lstat)
const readdir = promisify(fs.readdir)
const mkdir = promisify(fs.mkdir)
const realpath = promisify(fs.realpath.native)
const statfs = promisify(fs.statfs)

/** The system calls of this machine. */
export const nodeFsCalls: FsCalls = {
  open: (path, flags, mode) => open(path, flags, mode),
  write: async (fd, bytes, position) =>
    (await write(fd, bytes, 0, bytes.byteLength, position)).bytesWritten,
  read: async (fd, into, position) =>
    (await read(fd, into, 0, into.byteLength, position)).bytesRead,
  fsync: promisify(fs.fsync),
  close: promisify(fs.close),
  fstat: async (fd) => toStat(await fstat(fd)),
  lstat: async (path) => toStat(await lstat(path)),
  rename: promisify(fs.rename),
  link: promisify(fs.link),
  unlink: promisify(fs.unlink),
  mkdir: async (path) => {
    await mkdir(path, { mode: 0o755 })
  },
  rmdir: promisify(fs.rmdir),
  readdir: async (path) =>
    (await readdir(path, { withFileTypes: true })).map((entry) => ({
      name: entry.name,
      kind: kindOf(entry),
    })),
  freeBytes: async (path) => {
    const { bavail, bsize } = await statfs(path)
    return bavail * bsize
  },
  realpath: (path) => realpath(path),
}

type Kinds = { isFile(): boolean; isDirectory(): boolean }

function toStat(stats: Kinds & { readonly size: number }): FsStat {
  return { kind: kindOf(stats), sizeBytes: stats.size }
}

function kindOf(kinds: Kinds): FileEntry['kind'] {
  if (kinds.isFile()) return 'file'
  return kinds.isDirectory() ? 'directory' : 'other'
}
