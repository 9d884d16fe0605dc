/** The {@link Files} port in memory. Nothing is durable, nothing fails. */

import { StoreError } from '../../src/base/errors.ts'
import type { FileEntry, Files, Readable, Upload } from '../../src/base/ports.ts'
import { checkPath } from '../../src/node/tree.ts'

/** Files in memory, and a look at all of them. */
export type MemFiles = Files & {
  /** Every file by its path. */
  readonly contents: ReadonlyMap<string, Uint8Array>
}

/** An empty tree. */
export function memFiles(): MemFiles {
  const contents = new Map<string, Uint8Array>()
  let uploads = 0

  const fileAt = (path: string): Uint8Array | undefined => {
    const bytes = contents.get(checkPath(path))
    if (bytes === undefined && isDirectory(path)) throw refusal(`${path} is not a regular file`)
    return bytes
  }
  const isDirectory = (path: string): boolean =>
    [...contents.keys()].some((name) => name.startsWith(`${path}/`))
  const put = (path: string, bytes: Uint8Array): void => {
    if (isDirectory(checkPath(path))) throw refusal(`${path} is a directory`)
    for (let end = path.indexOf('/'); end !== -1; end = path.indexOf('/', end + 1))
      if (contents.has(path.slice(0, end))) throw refusal(`${path.slice(0, end)} is a file`)
    contents.set(path, bytes.slice())
  }

  return {
    contents,
    read: async (path) => fileAt(path)?.slice(),
    open: async (path) => {
      const bytes = fileAt(path)
      return bytes === undefined ? undefined : readable(bytes)
    },
    size: async (path) => fileAt(path)?.byteLength,
    list: async (path) => listNames(contents, path === '' ? '' : `${checkPath(path)}/`),
    upload: async (path) => {
      checkPath(path)
      return memUpload(contents, `_tmp/${++uploads}.tmp`, (bytes) => {
        put(path, bytes)
      })
    },
    replace: async (path, bytes) => {
      put(path, bytes)
    },
    putIfAbsent: async (path, bytes) => {
      if (contents.has(checkPath(path)) || isDirectory(path)) return false
      put(path, bytes)
      return true
    },
    settle: async (path) => {
      checkPath(path)
    },
    remove: async (path) => {
      if (fileAt(path) !== undefined) contents.delete(path)
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
    close: async () => undefined,
  }
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
  publish: (bytes: Uint8Array) => void,
): Upload {
  contents.set(temp, new Uint8Array())
  let isOver = false
  const current = (): Uint8Array => {
    const bytes = contents.get(temp)
    if (isOver || bytes === undefined) throw refusal('the upload is over')
    return bytes
  }
  return {
    write: async (bytes) => {
      contents.set(temp, Buffer.concat([current(), bytes]))
    },
    flush: async () => readable(current()),
    commit: async () => {
      publish(current())
      isOver = true
      contents.delete(temp)
    },
    abort: async () => {
      if (!isOver) contents.delete(temp)
      isOver = true
    },
  }
}
