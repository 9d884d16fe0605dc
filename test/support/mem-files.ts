/** The {@link Files} port in memory. Nothing is durable, nothing fails. Versions are numbers, never given twice. */

import { createHash } from 'node:crypto'
import { StoreError } from '../../src/base/errors.ts'
import type {
  Expected,
  FileEntry,
  Files,
  Readable,
  StoredFile,
  Upload,
  Version,
} from '../../src/base/ports.ts'
import { checkPath } from '../../src/node/tree.ts'
import { described } from './inline-threads.ts'

/** Files in memory, and a look at all of them. */
export type MemFiles = Files & {
  /** Every file by its path. */
  readonly contents: ReadonlyMap<string, Uint8Array>
}

/** An empty tree. */
export function memFiles(): MemFiles {
  const contents = new Map<string, Uint8Array>()
  const versions = new Map<string, Version>()
  let uploads = 0
  let puts = 0

  const fileAt = (path: string): Uint8Array | undefined => {
    const bytes = contents.get(checkPath(path))
    if (bytes === undefined && isDirectory(path)) throw refusal(`${path} is not a regular file`)
    return bytes
  }
  const isDirectory = (path: string): boolean =>
    [...contents.keys()].some((name) => name.startsWith(`${path}/`))
  const put = (path: string, bytes: Uint8Array, expected: Expected): Version => {
    if (isDirectory(checkPath(path))) throw refusal(`${path} is a directory`)
    for (let end = path.indexOf('/'); end !== -1; end = path.indexOf('/', end + 1))
      if (contents.has(path.slice(0, end))) throw refusal(`${path.slice(0, end)} is a file`)
    if ((versions.get(path) ?? 'absent') !== expected)
      throw new StoreError('E_STORE_CHANGED', `${path} is not the file that was expected`, { path })
    const version = `version ${++puts}` as Version
    contents.set(path, new Uint8Array(bytes))
    versions.set(path, version)
    return version
  }

  return {
    isShared: false,
    contents,
    read: async (path) => {
      const [bytes, version] = [fileAt(path), versions.get(path)]
      return bytes && version && { bytes: new Uint8Array(bytes), version }
    },
    open: async (path) => {
      const [bytes, version] = [fileAt(path), versions.get(path)]
      return bytes && version && storedFile(bytes, version)
    },
    size: async (path) => fileAt(path)?.byteLength,
    list: async (path) => listNames(contents, path === '' ? '' : `${checkPath(path)}/`),
    upload: async (path) => {
      checkPath(path)
      return memUpload(contents, `_tmp/${++uploads}.tmp`, (bytes, expected) =>
        put(path, bytes, expected),
      )
    },
    replace: async (path, bytes, expected) => put(path, bytes, expected),
    freeBytes: async () => undefined,
    settle: async (path) => {
      checkPath(path)
    },
    // A directory is there for as long as it has files.
    prune: async (directory) => {
      checkPath(directory)
    },
    remove: async (path) => {
      if (fileAt(path) === undefined) return
      contents.delete(path)
      versions.delete(path)
    },
  }
}

function refusal(message: string): StoreError {
  return new StoreError('E_STORE_IO', message)
}

function readable(bytes: Uint8Array): Readable {
  return {
    sizeBytes: bytes.byteLength,
    read: async (from, to) => {
      if (from < 0 || to < from || to > bytes.byteLength)
        throw new StoreError('E_STORE_CORRUPT', `[${from}, ${to}) is outside of the file`)
      return bytes.slice(from, to)
    },
  }
}

function storedFile(bytes: Uint8Array, version: Version): StoredFile {
  return { ...readable(bytes), version: async () => version, close: async () => undefined }
}

function listNames(contents: ReadonlyMap<string, Uint8Array>, prefix: string): FileEntry[] {
  const kinds = new Map<string, FileEntry['kind']>()
  for (const path of contents.keys()) {
    if (!path.startsWith(prefix)) continue
    const [name = '', ...below] = path.slice(prefix.length).split('/')
    kinds.set(name, below.length > 0 ? 'directory' : 'file')
  }
  return [...kinds]
    .map(([name, kind]) => ({ name, kind }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

function memUpload(
  contents: Map<string, Uint8Array>,
  temp: string,
  publish: (bytes: Uint8Array, expected: Expected) => Version,
): Upload {
  contents.set(temp, new Uint8Array())
  let isOver = false
  const written = createHash('sha256')
  const current = (): Uint8Array => {
    const bytes = contents.get(temp)
    if (isOver || bytes === undefined) throw refusal('the upload is over')
    return bytes
  }
  return {
    write: async (bytes) => {
      contents.set(temp, Buffer.concat([current(), bytes]))
      written.update(bytes)
    },
    sha256: () => written.copy().digest('hex'),
    flush: async () => described(readable(current())),
    commit: async (expected) => {
      const version = publish(current(), expected)
      isOver = true
      contents.delete(temp)
      return version
    },
    abort: async () => {
      if (!isOver) contents.delete(temp)
      isOver = true
    },
  }
}
