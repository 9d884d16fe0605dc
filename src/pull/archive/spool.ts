/** A file while it is being downloaded: bytes on disk under a temporary name, hashed with SHA-256 as they come. */

import { createHash, type Hash } from 'node:crypto'
import { TransportError } from '../../base/errors.ts'
import type { Files, Upload } from '../../base/ports.ts'

/** No archive file is near this size; more is not a download but a flood. */
export const FILE_BYTES_MAX: number = 16 * 2 ** 30

/** The bytes received so far. Must be aborted, or its upload committed. */
export class Spool {
  readonly #files: Files
  readonly #path: string
  #upload: Upload | undefined
  #hash: Hash = createHash('sha256')
  #sizeBytes = 0

  /** @param path - The file's name once it is committed, if it ever is. */
  constructor(files: Files, path: string) {
    this.#files = files
    this.#path = path
  }

  get sizeBytes(): number {
    return this.#sizeBytes
  }

  /** Discards what arrived. */
  async restart(): Promise<void> {
    await this.abort()
    this.#hash = createHash('sha256')
    this.#sizeBytes = 0
  }

  async write(chunk: Uint8Array): Promise<void> {
    if (this.#sizeBytes + chunk.byteLength > FILE_BYTES_MAX)
      throw new TransportError(`more than ${FILE_BYTES_MAX} bytes`, { isTransient: false })
    const upload = (this.#upload ??= await this.#files.upload(this.#path))
    this.#hash.update(chunk)
    await upload.write(chunk)
    this.#sizeBytes += chunk.byteLength
  }

  /** The upload of everything received. */
  async upload(): Promise<Upload> {
    return (this.#upload ??= await this.#files.upload(this.#path))
  }

  /** SHA-256 of everything received, in hex. May be called at any time. */
  sha256(): string {
    return this.#hash.copy().digest('hex')
  }

  /** Removes the temporary file. */
  async abort(): Promise<void> {
    const upload = this.#upload
    this.#upload = undefined
    await upload?.abort()
  }
}
