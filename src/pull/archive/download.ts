/** Verified archive files: no byte of a zip is used before its SHA-256 equals the one in its `.CHECKSUM`. */

import { createHash } from 'node:crypto'
import { ArchiveError } from '../../base/errors.ts'
import type { Files, Readable } from '../../base/ports.ts'
import { quoteText } from '../../base/text.ts'
import type { Micros } from '../../base/time.ts'
import { checksumPath } from '../../binance/archive.ts'
import { parseChecksum } from './checksum.ts'
import type { ArchiveClient } from './client.ts'
import { Spool } from './spool.ts'
import { transfer } from './transfer.ts'

/** More than any `.CHECKSUM` and most error pages. */
const CHECKSUM_BYTES_MAX = 1 << 20
const HASH_BYTES = 1 << 20

/** A zip on this machine that matches its checksum. Must be closed, which removes it unless it is kept. */
export type Archive = {
  readonly path: string
  /** In hex, lower case. */
  readonly sha256: string
  /** When the file was made, by the server; `undefined` when the server does not say, or the file was already here. */
  readonly modified: Micros | undefined
  readonly file: Readable
  close(): Promise<void>
}

/** Where zips are stored. */
export type DownloadOptions = {
  /** The lake; zips have temporary names in it and never appear. */
  readonly files: Files
  /** Where verified zips are kept under their own paths, and reused. */
  readonly keep?: Files | undefined
}

/** The second attempt bypasses every cache: a file that was just replaced may be cached without its checksum. */
const PAST_CACHES = { 'cache-control': 'no-cache', pragma: 'no-cache' }

/** Downloads files and checks them. */
export class Downloads {
  readonly #client: ArchiveClient
  readonly #options: DownloadOptions

  constructor(client: ArchiveClient, options: DownloadOptions) {
    this.#client = client
    this.#options = options
  }

  /**
   * The file at `path`.
   *
   * @returns `undefined` when it is not published.
   * @throws ArchiveError `checksum` when it does not match its checksum, twice; `unreachable`. StoreError.
   */
  async open(path: string, signal?: AbortSignal): Promise<Archive | undefined> {
    return this.#client.inTurn(async () => {
      try {
        return await this.#open(path, {}, signal)
      } catch (error) {
        if (!(error instanceof ArchiveError) || error.problem !== 'checksum') throw error
        return this.#open(path, PAST_CACHES, signal)
      }
    }, signal)
  }

  /**
   * The SHA-256 that the archive now states for the file at `path`, read past caches; used to find replaced files.
   *
   * @returns `undefined` when it is not published.
   * @throws ArchiveError `checksum` when there is no valid one; `unreachable`.
   */
  async checksum(path: string, signal?: AbortSignal): Promise<string | undefined> {
    return this.#client.inTurn(() => this.#checksum(path, PAST_CACHES, signal), signal)
  }

  async #open(
    path: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal | undefined,
  ): Promise<Archive | undefined> {
    const wanted = await this.#checksum(path, headers, signal)
    if (wanted === undefined) return undefined
    const { files, keep } = this.#options
    const kept = keep === undefined ? undefined : await openKept(keep, path, wanted)
    if (kept !== undefined) return kept
    const spool = new Spool(keep ?? files, path)
    try {
      const transferred = await transfer(this.#client, path, spool, { headers, signal })
      if (transferred === undefined) {
        await spool.abort()
        return undefined
      }
      checkHash(path, spool.sha256(), wanted)
      const archive = { path, sha256: wanted, modified: transferred.modified }
      return { ...archive, ...(await settle(spool, path, keep)) }
    } catch (error) {
      await spool.abort()
      throw error
    }
  }

  async #checksum(
    path: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal | undefined,
  ): Promise<string | undefined> {
    const url = this.#client.urlOf(checksumPath(path))
    const limits = { path: checksumPath(path), sizeBytesMax: CHECKSUM_BYTES_MAX }
    const answer = await this.#client.get(url, limits, { headers, signal })
    return answer === undefined ? undefined : parseChecksum(answer.body, path)
  }
}

function checkHash(path: string, found: string, wanted: string): void {
  if (found === wanted) return
  throw new ArchiveError(
    'checksum',
    path,
    `${quoteText(path)}: its SHA-256 is ${found}, not ${wanted} as in its .CHECKSUM`,
  )
}

/** A verified file, ready to be read: kept under its own path, or as long as it is open. */
async function settle(
  spool: Spool,
  path: string,
  keep: Files | undefined,
): Promise<Pick<Archive, 'file' | 'close'>> {
  const upload = await spool.upload()
  if (keep === undefined) {
    const file = await upload.flush()
    return { file, close: () => spool.abort() }
  }
  await upload.commit()
  const file = await keep.open(path)
  if (file !== undefined) return { file, close: () => file.close() }
  throw new ArchiveError('unreachable', path, `${quoteText(path)}: removed while in use`)
}

/** A kept file, if it still matches. Any other is left alone until its replacement is complete. */
async function openKept(keep: Files, path: string, wanted: string): Promise<Archive | undefined> {
  const file = await keep.open(path)
  if (file === undefined) return undefined
  if ((await hashOf(file)) === wanted)
    return { path, sha256: wanted, modified: undefined, file, close: () => file.close() }
  await file.close()
  return undefined
}

async function hashOf(file: Readable): Promise<string> {
  const hash = createHash('sha256')
  for (let from = 0; from < file.sizeBytes; from += HASH_BYTES)
    hash.update(await file.read(from, Math.min(from + HASH_BYTES, file.sizeBytes)))
  return hash.digest('hex')
}
