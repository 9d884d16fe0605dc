/** A file on this machine that becomes an object when it is whole. */

import { randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { StoreError } from '../base/errors.ts'
import type { Expected, Readable, Upload, Version } from '../base/ports.ts'
import { quoteText } from '../base/text.ts'
import { asStore } from '../node/disk-error.ts'
import { nodeFsCalls, OPEN } from '../node/fs-calls.ts'
import { HashedFile } from '../node/hashed-file.ts'
import { readableAt } from '../node/open-file.ts'
import type { Body } from './objects.ts'

const OWN_MODE = 0o600

/**
 * Begins an upload to `path`, through a file that has no name any more: the system takes it back with this process,
 * however that ends.
 */
export async function beginSpool(path: string, put: Put): Promise<Upload> {
  const temp = join(tmpdir(), `binance-backfill-${process.pid}-${randomBytes(8).toString('hex')}`)
  const fd = await asStore('write', path, () => nodeFsCalls.open(temp, OPEN.create, OWN_MODE))
  const isNameless = await nodeFsCalls.unlink(temp).then(
    () => true,
    () => false,
  )
  return new Spool(path, { file: new HashedFile(nodeFsCalls, fd), temp, isNameless }, put)
}

type Temp = {
  readonly file: HashedFile
  readonly temp: string
  /** Windows keeps the name of an open file. */
  readonly isNameless: boolean
}

type Put = (body: Body, expected: Expected) => Promise<Version>

class Spool implements Upload {
  readonly #path: string
  readonly #temp: Temp
  readonly #put: Put
  #isOver = false

  constructor(path: string, temp: Temp, put: Put) {
    this.#path = path
    this.#temp = temp
    this.#put = put
  }

  write(bytes: Uint8Array): Promise<void> {
    return asStore('write', this.#path, async () => {
      this.#checkOpen()
      await this.#temp.file.append(bytes)
    })
  }

  sha256(): string {
    return this.#temp.file.sha256()
  }

  async flush(): Promise<Readable> {
    this.#checkOpen()
    const { fd, sizeBytes } = this.#temp.file
    return readableAt(nodeFsCalls, fd, { path: this.#path, sizeBytes })
  }

  async commit(expected: Expected): Promise<Version> {
    this.#checkOpen()
    const version = await this.#put(this.#body(), expected)
    await this.abort()
    return version
  }

  async abort(): Promise<void> {
    if (this.#isOver) return
    this.#isOver = true
    const { file, temp, isNameless } = this.#temp
    await nodeFsCalls.close(file.fd).catch(() => undefined)
    if (!isNameless) await nodeFsCalls.unlink(temp).catch(() => undefined)
  }

  #body(): Body {
    const { fd, sizeBytes } = this.#temp.file
    const whole = { fd, start: 0, end: sizeBytes - 1, autoClose: false }
    return {
      sizeBytes,
      sha256: this.sha256(),
      bytes: () => (sizeBytes === 0 ? new Uint8Array() : createReadStream('', whole)),
    }
  }

  #checkOpen(): void {
    if (this.#isOver)
      throw new StoreError('E_STORE_IO', `the upload of ${quoteText(this.#path)} is over`)
  }
}
