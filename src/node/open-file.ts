/** Files of the disk, open for random access. */

import { StoreError } from '../base/errors.ts'
import { hashOf } from '../base/hash.ts'
import type { Readable, StoredFile, Version } from '../base/ports.ts'
import { quoteText } from '../base/text.ts'
import { asStore, unless } from './disk-error.ts'
import { nodeFsCalls, OPEN, type FsCalls } from './fs-calls.ts'

/** What the system says of a name that is not there. */
export const ABSENT: readonly string[] = ['ENOENT', 'ENOTDIR']

/**
 * Opens the file at `absolute`; `undefined` when there is none.
 *
 * @param path - Relative to the lake, for errors.
 */
export async function openAt(
  calls: FsCalls,
  absolute: string,
  path: string,
): Promise<StoredFile | undefined> {
  const fd = await unless(ABSENT, undefined, () => calls.open(absolute, OPEN.read))
  if (fd === undefined) return undefined
  try {
    const { kind, sizeBytes } = await calls.fstat(fd)
    if (kind !== 'file') throw notAFile(path)
    return storedFile(calls, fd, { path, sizeBytes })
  } catch (error) {
    await calls.close(fd).catch(() => undefined)
    throw error
  }
}

/** The error of a name that something else than a file has. */
export function notAFile(path: string): StoreError {
  return new StoreError('E_STORE_IO', `${quoteText(path)} is not a regular file`, {
    hint: 'Move it away, or choose another data directory.',
  })
}

type Named = { readonly path: string; readonly sizeBytes: number }

function storedFile(calls: FsCalls, fd: number, named: Named): StoredFile {
  let isOpen = true
  const file: StoredFile = {
    ...readableAt(calls, fd, named),
    version: async () => versionOf(await hashOf(file)),
    close: () =>
      asStore('close', named.path, async () => {
        if (!isOpen) return
        isOpen = false
        await calls.close(fd)
      }),
  }
  return file
}

/** On a disk a version is the hash of the content: names, times and inodes are given anew, and to other bytes. */
export function versionOf(sha256: string): Version {
  return sha256 as Version
}

/** Random access to a file that this process has open. */
export function readOpen({
  descriptor,
  ...named
}: Named & { readonly descriptor: number }): Readable {
  return readableAt(nodeFsCalls, descriptor, named)
}

/** Random access to a file, by its descriptor. */
export function readableAt(calls: FsCalls, fd: number, { path, sizeBytes }: Named): Readable {
  return {
    sizeBytes,
    descriptor: fd,
    read: (from, to) =>
      asStore('read', path, async () => {
        if (from < 0 || to < from || to > sizeBytes)
          throw new StoreError(
            'E_STORE_CORRUPT',
            `${quoteText(path)} has ${sizeBytes} bytes; [${from}, ${to}) is outside of it`,
          )
        return readFully(calls, fd, from, new Uint8Array(to - from), path)
      }),
  }
}

// eslint-disable-next-line max-params -- a system call's own arguments, and the name for the error
async function readFully(
  calls: FsCalls,
  fd: number,
  from: number,
  into: Uint8Array,
  path: string,
): Promise<Uint8Array> {
  for (let done = 0; done < into.byteLength;) {
    const count = await calls.read(fd, into.subarray(done), from + done)
    if (count === 0) throw new StoreError('E_STORE_IO', `${quoteText(path)} became shorter`)
    done += count
  }
  return into
}
