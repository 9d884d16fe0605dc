/** Verified archive files: no byte of a zip is used before its SHA-256 equals the one in its `.CHECKSUM`. */

import { ArchiveError, isChanged } from '../../base/errors.ts'
import { hashOf } from '../../base/hash.ts'
import type { Expected, Files, Readable, StoredFile, Upload } from '../../base/ports.ts'
import { quoteText } from '../../base/text.ts'
import type { Micros } from '../../base/time.ts'
import { checksumPath } from '../../binance/archive.ts'
import { parseChecksum } from './checksum.ts'
import type { ArchiveClient } from './client.ts'
import { Spool } from './spool.ts'
import { transfer } from './transfer.ts'

/** More than any `.CHECKSUM` and most error pages. */
const CHECKSUM_BYTES_MAX = 1 << 20

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
    const kept = keep === undefined ? undefined : await lookForKept(keep, path, wanted)
    if (kept?.file !== undefined)
      return { path, sha256: wanted, modified: undefined, ...closable(kept.file) }
    const spool = new Spool(keep ?? files, path)
    try {
      const transferred = await transfer(this.#client, path, spool, { headers, signal })
      if (transferred === undefined) {
        await spool.abort()
        return undefined
      }
      checkHash(path, spool.sha256(), wanted)
      const archive = { path, sha256: wanted, modified: transferred.modified }
      const file = kept === undefined ? spooled(spool) : settle(spool, path, { ...kept, wanted })
      return { ...archive, ...(await file) }
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

type Opened = Pick<Archive, 'file' | 'close'>

/** A verified file, ready to be read for as long as it is open. */
async function spooled(spool: Spool): Promise<Opened> {
  const upload = await spool.upload()
  return { file: await upload.flush(), close: () => spool.abort() }
}

/** A verified file, kept under its own path. */
async function settle(
  spool: Spool,
  path: string,
  { keep, expected, wanted }: Kept & { readonly wanted: string },
): Promise<Opened> {
  const isMine = await commit(await spool.upload(), expected)
  // Another process that committed first normally has the same file.
  const file = isMine ? await keep.open(path) : (await lookForKept(keep, path, wanted)).file
  if (file !== undefined) return closable(file)
  throw new ArchiveError('unreachable', path, `${quoteText(path)}: removed while in use`)
}

/** Commits; `false` when another process committed first. */
async function commit(upload: Upload, expected: Expected): Promise<boolean> {
  try {
    await upload.commit(expected)
    return true
  } catch (error) {
    if (!isChanged(error)) throw error
    await upload.abort()
    return false
  }
}

/** What is kept of a file: the file itself, or the version that its replacement expects. */
type Kept = {
  readonly keep: Files
  readonly file: StoredFile | undefined
  readonly expected: Expected
}

/** A kept file, if it still matches. Any other is left alone until its replacement is complete. */
async function lookForKept(keep: Files, path: string, wanted: string): Promise<Kept> {
  const file = await keep.open(path)
  if (file === undefined) return { keep, file, expected: 'absent' }
  const [sha256, expected] = [await hashOf(file), await file.version()]
  if (sha256 === wanted) return { keep, file, expected }
  await file.close()
  return { keep, file: undefined, expected }
}

function closable(file: StoredFile): Opened {
  return { file, close: () => file.close() }
}
