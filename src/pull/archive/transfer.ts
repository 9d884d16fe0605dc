/** Downloads one file, however often the connection breaks: what arrived is kept if the server can continue there. */

import { TransportError } from '../../base/errors.ts'
import type { HttpStream } from '../../base/ports.ts'
import { fromMillis, type Micros } from '../../base/time.ts'
import type { ArchiveClient, FetchOptions } from './client.ts'
import { FILE_BYTES_MAX, type Spool } from './spool.ts'

/** The total deadline of one attempt; the next one continues from what arrived. */
const ATTEMPT_MS = 600_000
/** Most bytes read of an answer that is not the file. */
const DRAIN_BYTES_MAX = 65_536

/** What the server reported about the file. */
export type Transferred = {
  /** `Last-Modified`; `undefined` when it was not sent or is not a date. */
  readonly modified: Micros | undefined
}

/** Shows whether two answers are about the same bytes. */
type Identity = { readonly validator: string | undefined; readonly total: number | undefined }

/**
 * Downloads the file at `path` into `spool`.
 *
 * A broken connection is resumed where it broke (`Range` with `If-Range`), if the server still has the same file and
 * supports ranges; otherwise from the start. An attempt that brought bytes does not count as failed.
 *
 * @returns `undefined` when there is no such file.
 * @throws ArchiveError `unreachable` when too many attempts in a row brought nothing.
 */
export async function transfer(
  client: ArchiveClient,
  path: string,
  spool: Spool,
  options: FetchOptions = {},
): Promise<Transferred | undefined> {
  const work = new Transfer(client, path, { spool, options })
  return client.persist(
    path,
    () => work.attempt(),
    options.signal,
    () => work.takeProgress(),
  )
}

class Transfer {
  readonly #client: ArchiveClient
  readonly #path: string
  readonly #spool: Spool
  readonly #options: FetchOptions
  #known: Identity | undefined
  #most = 0
  #seen = 0

  constructor(
    client: ArchiveClient,
    path: string,
    { spool, options }: { readonly spool: Spool; readonly options: FetchOptions },
  ) {
    this.#client = client
    this.#path = path
    this.#spool = spool
    this.#options = options
  }

  /** Is there more now than ever before? Restarts alone do not count, or a loop of them would never end. */
  takeProgress(): boolean {
    const hasProgress = this.#most > this.#seen
    this.#seen = this.#most
    return hasProgress
  }

  async attempt(): Promise<Transferred | undefined> {
    const from = this.#known?.validator === undefined ? 0 : this.#spool.sizeBytes
    const answer = await this.#ask(from)
    if (!(await this.#isThere(answer))) return undefined
    const identity = identityOf(answer)
    if (from > 0 && answer.status === 206 && !this.#continues(answer, identity, from)) {
      await drain(answer)
      this.#known = undefined
      throw new TransportError('the file changed while it was downloaded')
    }
    if (answer.status === 200 || from === 0) await this.#spool.restart()
    this.#known = identity
    for await (const chunk of answer.chunks) {
      this.#client.count(0, chunk.byteLength)
      await this.#spool.write(chunk)
      this.#most = Math.max(this.#most, this.#spool.sizeBytes)
    }
    // A body that ends with the connection has no stated length to compare with.
    const { total } = identity
    if (total !== undefined && total !== this.#spool.sizeBytes)
      throw new TransportError(`ends at byte ${this.#spool.sizeBytes} of ${total}`)
    return { modified: dateOf(answer.header('last-modified')) }
  }

  #ask(from: number): Promise<HttpStream> {
    const { headers = {}, signal } = this.#options
    const range =
      from === 0 ? {} : { range: `bytes=${from}-`, 'if-range': this.#known?.validator ?? '' }
    this.#client.count(1, 0)
    return this.#client.http.stream({
      url: this.#client.urlOf(this.#path),
      headers: { ...headers, ...range },
      timeoutMs: ATTEMPT_MS,
      sizeBytesMax: FILE_BYTES_MAX,
      signal,
    })
  }

  async #isThere(answer: HttpStream): Promise<boolean> {
    if (answer.status === 200 || answer.status === 206) return true
    await drain(answer)
    // The server has nothing beyond our bytes: they are not part of this file.
    if (answer.status === 416) this.#known = undefined
    return this.#client.isThere(this.#path, answer)
  }

  #continues({ header }: HttpStream, { validator, total }: Identity, from: number): boolean {
    const [, first] = /^bytes (\d+)-\d+\/(?:\d+|\*)$/.exec(header('content-range') ?? '') ?? []
    const { validator: before, total: totalBefore } = this.#known ?? {}
    const isSameLength = total === undefined || totalBefore === undefined || total === totalBefore
    return Number(first) === from && validator === before && isSameLength
  }
}

function identityOf({ status, header }: HttpStream): Identity {
  const etag = header('etag')
  // A weak tag means that two files are equivalent, not that they have the same bytes.
  const strong = etag?.startsWith('W/') === true ? undefined : etag
  const length =
    status === 206 ? /\/(\d+)$/.exec(header('content-range') ?? '')?.[1] : header('content-length')
  return {
    validator: strong ?? header('last-modified'),
    total: length !== undefined && /^\d{1,15}$/.test(length) ? Number(length) : undefined,
  }
}

/** Reads the rest, so that the connection can be reused; gives up if that is much. */
async function drain({ chunks }: HttpStream): Promise<void> {
  let size = 0
  try {
    for await (const chunk of chunks) {
      size += chunk.byteLength
      if (size > DRAIN_BYTES_MAX) break
    }
  } catch {
    // Its content does not matter any more.
  }
}

function dateOf(text: string | undefined): Micros | undefined {
  if (text === undefined || !/^[A-Z][a-z]{2}, /.test(text)) return undefined
  const ms = Date.parse(text)
  return Number.isNaN(ms) ? undefined : fromMillis(ms)
}
