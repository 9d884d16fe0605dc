/** A file while it is being downloaded: bytes on disk under a temporary name, hashed with SHA-256 as they come. */

import { TransportError } from '../../base/errors.ts'
import { hashOfBytes } from '../../base/hash.ts'
import type { Files, Upload } from '../../base/ports.ts'

/** No archive file is near this size; more is not a download but a flood. */
export const FILE_BYTES_MAX: number = 16 * 2 ** 30

/** The bytes received so far. Must be aborted, or its upload committed. */
export class Spool {
  readonly #files: Files
  readonly #path: string
  #upload: Upload | undefined
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
    this.#sizeBytes = 0
  }

  async write(chunk: Uint8Array): Promise<void> {
    if (this.#sizeBytes + chunk.byteLength > FILE_BYTES_MAX)
      throw new TransportError(`more than ${FILE_BYTES_MAX} bytes`, { isTransient: false })
    const upload = (this.#upload ??= await this.#files.upload(this.#path))
    await upload.write(chunk)
    this.#sizeBytes += chunk.byteLength
  }

  /** The upload of everything received. */
  async upload(): Promise<Upload> {
    return (this.#upload ??= await this.#files.upload(this.#path))
  }

  /** SHA-256 of everything received, in hex. May be called at any time. */
  sha256(): string {
    return this.#upload?.sha256() ?? hashOfBytes(new Uint8Array())
  }

  /** Removes the temporary file. */
  async abort(): Promise<void> {
    const upload = this.#upload
    this.#upload = undefined
    await upload?.abort()
  }
}
