/**
 * A file being written under a temporary name and then published whole under its own: write → fsync → length check →
 * close → rename → fsync of the directory.
 */

import { randomBytes } from 'node:crypto'
import { StoreError } from '../base/errors.ts'
import {
  TEMP_DIRECTORY,
  type Expected,
  type Readable,
  type Upload,
  type Version,
} from '../base/ports.ts'
import { quoteText } from '../base/text.ts'
import { asStore, systemCode, unless } from './disk-error.ts'
import { assertExpected, inTurn } from './expected.ts'
import { OPEN, type FsCalls } from './fs-calls.ts'
import { HashedFile, writeAll } from './hashed-file.ts'
import { readableAt, versionOf } from './open-file.ts'
import type { Tree } from './tree.ts'

const FILE_MODE = 0o644

/** The machine as the writers see it. */
export type Disk = { readonly tree: Tree; readonly calls: FsCalls }

/** A new temporary file, open for writing and reading. */
export type TempFile = { readonly fd: number; readonly absolute: string }

/** Creates a temporary file with a name that nobody else has. */
export async function createTemp({ tree, calls }: Disk): Promise<TempFile> {
  const name = `${TEMP_DIRECTORY}/${process.pid}-${randomBytes(8).toString('hex')}.tmp`
  try {
    return await createAt(await tree.make(name), calls)
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error
    // Somebody removed `_tmp` since it was made.
    tree.forget()
    return createAt(await tree.make(name), calls)
  }
}

async function createAt(absolute: string, calls: FsCalls): Promise<TempFile> {
  return { absolute, fd: await calls.open(absolute, OPEN.create, FILE_MODE) }
}

/** A temporary file, whole and closed, that is to be found at `path` in the place of what is expected there. */
export type Ready = { readonly temp: string; readonly path: string; readonly expected: Expected }

/**
 * Renames a file to its path and makes that last. The directories of the path are made as needed.
 *
 * @throws StoreError `E_STORE_CHANGED`
 */
export async function publish(disk: Disk, ready: Ready): Promise<void> {
  const { tree } = disk
  const absolute = await renameExpected(disk, ready).catch((error: unknown) => {
    if (systemCode(error) !== 'ENOENT') throw error
    // Either the temporary file was swept away, then this fails again; or an empty directory was.
    tree.forget()
    return renameExpected(disk, ready)
  })
  await tree.sync(absolute)
}

async function renameExpected(
  { tree, calls }: Disk,
  { temp, path, expected }: Ready,
): Promise<string> {
  const absolute = await tree.make(path)
  await inTurn(calls, absolute, async () => {
    await assertExpected(calls, absolute, path, expected)
    await calls.rename(temp, absolute)
  })
  return absolute
}

/** Begins an upload to `path`. */
export async function beginUpload(disk: Disk, path: string): Promise<Upload> {
  const temp = await asStore('write', path, () => createTemp(disk))
  return new NodeUpload(disk, path, temp)
}

class NodeUpload implements Upload {
  readonly #disk: Disk
  readonly #path: string
  readonly #absolute: string
  readonly #file: HashedFile
  #isSynced = false
  #state: 'open' | 'closed' | 'over' = 'open'

  constructor(disk: Disk, path: string, { absolute, fd }: TempFile) {
    this.#disk = disk
    this.#path = path
    this.#absolute = absolute
    this.#file = new HashedFile(disk.calls, fd)
  }

  write(bytes: Uint8Array): Promise<void> {
    return asStore('write', this.#path, async () => {
      this.#checkOpen()
      this.#isSynced = false
      await this.#file.append(bytes)
    })
  }

  sha256(): string {
    return this.#file.sha256()
  }

  flush(): Promise<Readable> {
    return asStore('write', this.#path, async () => {
      this.#checkOpen()
      await this.#sync()
      const { fd, sizeBytes } = this.#file
      return readableAt(this.#disk.calls, fd, { path: this.#path, sizeBytes })
    })
  }

  commit(expected: Expected): Promise<Version> {
    return asStore('write', this.#path, async () => {
      this.#checkOpen()
      await this.#sync()
      await this.#close()
      await publish(this.#disk, { temp: this.#absolute, path: this.#path, expected })
      this.#state = 'over'
      return versionOf(this.sha256())
    })
  }

  async abort(): Promise<void> {
    if (this.#state === 'over') return
    const wasOpen = this.#state === 'open'
    this.#state = 'over'
    const { calls } = this.#disk
    try {
      if (wasOpen) await calls.close(this.#file.fd)
      await calls.unlink(this.#absolute)
    } catch (error) {
      // The failure that led here is the one to tell; a leftover is swept by the next run.
      if (systemCode(error) === undefined) throw error
    }
  }

  #checkOpen(): void {
    if (this.#state !== 'open')
      throw new StoreError('E_STORE_IO', `the upload of ${quoteText(this.#path)} is over`)
  }

  async #sync(): Promise<void> {
    if (this.#isSynced) return
    const { calls } = this.#disk
    const { fd, sizeBytes: written } = this.#file
    await calls.fsync(fd)
    const { sizeBytes } = await calls.fstat(fd)
    if (sizeBytes !== written)
      throw new StoreError(
        'E_STORE_IO',
        `${quoteText(this.#path)}: ${written} bytes were written and ${sizeBytes} are there`,
      )
    this.#isSynced = true
  }

  async #close(): Promise<void> {
    // The descriptor is gone even when closing it fails.
    this.#state = 'closed'
    await this.#disk.calls.close(this.#file.fd)
  }
}

/** Writes a whole temporary file, synced and closed; resolves to where it is. */
export async function writeTemp(disk: Disk, bytes: Uint8Array): Promise<string> {
  const temp = await createTemp(disk)
  try {
    await fill(disk.calls, temp.fd, bytes)
  } catch (error) {
    await discard(disk, temp.absolute)
    throw error
  }
  return temp.absolute
}

/** Writes `bytes` into the new file `fd`, syncs and closes it; closes it also when that fails. */
async function fill(calls: FsCalls, fd: number, bytes: Uint8Array): Promise<void> {
  try {
    await writeAll(calls, fd, bytes, 0)
    await calls.fsync(fd)
  } catch (error) {
    await calls.close(fd).catch(() => undefined)
    throw error
  }
  await calls.close(fd)
}

/** Removes a temporary file; what the system refuses is left to the next run's sweep. */
export async function discard({ calls }: Disk, absolute: string): Promise<void> {
  try {
    await unless(['ENOENT'], undefined, () => calls.unlink(absolute))
  } catch (error) {
    if (systemCode(error) === undefined) throw error
  }
}
