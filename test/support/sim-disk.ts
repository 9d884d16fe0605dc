/**
 * A disk in memory, down to the system calls that the lake is written with. It keeps apart what programs see and what
 * would survive a power cut: bytes last once their file was synced, names once their directory was.
 */

import { constants } from 'node:fs'
import { basename, dirname } from 'node:path'
import type { FsCalls, FsStat } from '../../src/node/fs-calls.ts'

type FileNode = { readonly kind: 'file'; bytes: Uint8Array; synced: Uint8Array }
type DirectoryNode = { readonly kind: 'directory'; names: Names; synced: Names }
type Node = FileNode | DirectoryNode
type Names = Map<string, Node>

/**
 * What a crash leaves.
 *
 * - `all`: everything, as when only the process died
 * - `synced`: nothing that was not synced
 * - `names`: all names, with only the synced bytes behind them: the order in which some file systems write
 */
export type Survival = 'all' | 'synced' | 'names'

/** The disk. */
export type SimDisk = {
  readonly calls: FsCalls
  /** The power goes: what did not last is gone, and so are all open descriptors. */
  crash(survival: Survival): void
  /** Every file by its absolute path, as programs see it. */
  files(): ReadonlyMap<string, Uint8Array>
  /** How many descriptors are open. */
  openCount(): number
}

/**
 * An empty disk.
 *
 * @param options - `writeBytesMax`: the most that one write takes, to show that callers go on after a short one;
 * `linkRefusal`: what every link is refused with.
 */
export function simDisk({
  writeBytesMax = Infinity,
  linkRefusal,
}: { readonly writeBytesMax?: number; readonly linkRefusal?: string } = {}): SimDisk {
  const root = newDirectory()
  const open = new Map<number, Node>()
  let lastFd = 2

  const find = (path: string): Node => {
    let node: Node = root
    for (const name of path.split('/').filter((part) => part !== '')) {
      if (node.kind !== 'directory') throw systemError('ENOTDIR', path)
      const next: Node | undefined = node.names.get(name)
      if (next === undefined) throw systemError('ENOENT', path)
      node = next
    }
    return node
  }
  const parentOf = (path: string): Names => {
    const node = find(dirname(path))
    if (node.kind !== 'directory') throw systemError('ENOTDIR', path)
    return node.names
  }
  const fileOf = (fd: number): FileNode => {
    const node = open.get(fd)
    if (node?.kind !== 'file') throw systemError('EBADF', String(fd))
    return node
  }

  const calls: FsCalls = {
    open: async (path, flags) => {
      const names = parentOf(path)
      let node = names.get(basename(path)) ?? (path === '/' ? root : undefined)
      if ((flags & constants.O_CREAT) !== 0) {
        if (node !== undefined) throw systemError('EEXIST', path)
        node = { kind: 'file', bytes: new Uint8Array(), synced: new Uint8Array() }
        names.set(basename(path), node)
      }
      if (node === undefined) throw systemError('ENOENT', path)
      open.set(++lastFd, node)
      return lastFd
    },
    write: async (fd, bytes, position) => {
      const node = fileOf(fd)
      const taken = bytes.subarray(0, writeBytesMax)
      const size = Math.max(node.bytes.length, position + taken.length)
      node.bytes = withRoom(node.bytes, size)
      node.bytes.set(taken, position)
      return taken.length
    },
    read: async (fd, into, position) => {
      const part = fileOf(fd).bytes.subarray(position, position + into.length)
      into.set(part)
      return part.length
    },
    fsync: async (fd) => {
      const node = open.get(fd)
      if (node === undefined) throw systemError('EBADF', String(fd))
      if (node.kind === 'file') node.synced = new Uint8Array(node.bytes)
      else node.synced = new Map(node.names)
    },
    close: async (fd) => {
      if (!open.delete(fd)) throw systemError('EBADF', String(fd))
    },
    fstat: async (fd) => statOf(open.get(fd) ?? fileOf(fd)),
    lstat: async (path) => statOf(find(path)),
    rename: async (from, to) => {
      const node = find(from)
      const names = parentOf(to)
      if (names.get(basename(to))?.kind === 'directory') throw systemError('EISDIR', to)
      parentOf(from).delete(basename(from))
      names.set(basename(to), node)
    },
    link: async (from, to) => {
      if (linkRefusal !== undefined) throw systemError(linkRefusal, to)
      const node = find(from)
      const names = parentOf(to)
      if (names.has(basename(to))) throw systemError('EEXIST', to)
      names.set(basename(to), node)
    },
    unlink: async (path) => {
      if (find(path).kind === 'directory') throw systemError('EISDIR', path)
      parentOf(path).delete(basename(path))
    },
    mkdir: async (path) => {
      const names = parentOf(path)
      if (names.has(basename(path))) throw systemError('EEXIST', path)
      names.set(basename(path), newDirectory())
    },
    rmdir: async (path) => {
      const node = find(path)
      if (node.kind !== 'directory') throw systemError('ENOTDIR', path)
      if (node.names.size > 0) throw systemError('ENOTEMPTY', path)
      parentOf(path).delete(basename(path))
    },
    readdir: async (path) => {
      const node = find(path)
      if (node.kind !== 'directory') throw systemError('ENOTDIR', path)
      return [...node.names].map(([name, { kind }]) => ({ name, kind }))
    },
    freeBytes: async () => 2 ** 50,
    realpath: async (path) => {
      find(path)
      return path
    },
  }
  return {
    calls,
    crash: (survival) => {
      open.clear()
      settle(root, survival)
    },
    files: () => collect(root, ''),
    openCount: () => open.size,
  }
}

// Doubles its buffer, so that many small writes stay linear.
function withRoom(bytes: Uint8Array, size: number): Uint8Array {
  const { buffer, byteOffset, byteLength } = bytes
  if (byteOffset === 0 && size <= buffer.byteLength) return new Uint8Array(buffer, 0, size)
  const grown = new Uint8Array(Math.max(64, byteLength * 2, size))
  grown.set(bytes)
  return grown.subarray(0, size)
}

function newDirectory(): DirectoryNode {
  return { kind: 'directory', names: new Map(), synced: new Map() }
}

function statOf(node: Node): FsStat {
  return { kind: node.kind, sizeBytes: node.kind === 'file' ? node.bytes.length : 0 }
}

function settle(node: Node, survival: Survival): void {
  if (node.kind === 'file') {
    if (survival !== 'all') node.bytes = new Uint8Array(node.synced)
    return
  }
  if (survival === 'synced') node.names = new Map(node.synced)
  for (const child of node.names.values()) settle(child, survival)
}

function collect(directory: DirectoryNode, path: string): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>()
  for (const [name, node] of directory.names) {
    if (node.kind === 'file') files.set(`${path}/${name}`, node.bytes)
    else for (const [inner, bytes] of collect(node, `${path}/${name}`)) files.set(inner, bytes)
  }
  return files
}

/** An error as the system reports it. */
export function systemError(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: simulated, '${path}'`), { code })
}
