/** A file that is written from its beginning on, and hashed as it is. */

import { createHash } from 'node:crypto'
import { StoreError } from '../base/errors.ts'
import type { FsCalls } from './fs-calls.ts'

/** Writes all of `bytes` at `position`, in as many steps as the system takes. */
export async function writeAll(
  calls: FsCalls,
  fd: number,
  bytes: Uint8Array,
  position: number,
): Promise<void> {
  for (let done = 0; done < bytes.byteLength;) {
    const count = await calls.write(fd, bytes.subarray(done), position + done)
    if (count === 0) throw new StoreError('E_STORE_IO', 'the system takes no more bytes of a file')
    done += count
  }
}

/** An open file, empty at first, whose hash is that of all that was written to it. */
export class HashedFile {
  readonly fd: number
  readonly #calls: FsCalls
  readonly #hash = createHash('sha256')
  #sizeBytes = 0

  constructor(calls: FsCalls, fd: number) {
    this.fd = fd
    this.#calls = calls
  }

  /** How long it is to be; once all writes are over, how long it is. */
  get sizeBytes(): number {
    return this.#sizeBytes
  }

  /** Lower-case hex. */
  sha256(): string {
    return this.#hash.copy().digest('hex')
  }

  async append(bytes: Uint8Array): Promise<void> {
    // Taken before waiting, so that two writes at once do not land on each other.
    const position = this.#sizeBytes
    this.#sizeBytes += bytes.byteLength
    this.#hash.update(bytes)
    await writeAll(this.#calls, this.fd, bytes, position)
  }
}
