/**
 * The client of the archive's hosts: a few downloads at once, retried while that makes sense. They have no request
 * weight; limiting the load is up to us.
 */

import PQueue from 'p-queue'
import { ArchiveError, TransportError } from '../../base/errors.ts'
import type { HttpAnswer, World } from '../../base/ports.ts'
import { quoteText } from '../../base/text.ts'
import { toMillis } from '../../base/time.ts'
import { retryAfterMs } from '../../binance/verdict.ts'
import { backoffMs, RetryBudget } from '../backoff.ts'

const ATTEMPTS_MAX = 8
const SMALL_TIMEOUT_MS = 30_000

/** Options of a client. */
export type ArchiveClientOptions = {
  /** Where the files are, e.g. `https://data.binance.vision`. */
  readonly url: string
  /** Where the bucket can be listed; its query is added here. */
  readonly listingUrl: string
  /** Limits how much is requested at once; shared with other users of the same hosts. */
  readonly places: PQueue
  /** Attempts per request. */
  readonly attemptsMax?: number
}

/** Everything requested from the archive so far. */
export type ArchiveSpent = { readonly requests: number; readonly bytes: number }

/** How to make one request. */
export type FetchOptions = {
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal | undefined
}

/** Thrown inside an attempt that may succeed later. */
export class TryAgain extends TransportError {
  readonly atLeastMs: number

  constructor(message: string, atLeastMs = 0) {
    super(message)
    this.atLeastMs = atLeastMs
  }
}

/** Sends requests to the archive. */
export class ArchiveClient {
  readonly #world: Pick<World, 'clock' | 'random' | 'http'>
  readonly #options: ArchiveClientOptions
  readonly #retries = new RetryBudget()
  readonly #spent = { requests: 0, bytes: 0 }

  constructor(world: Pick<World, 'clock' | 'random' | 'http'>, options: ArchiveClientOptions) {
    this.#world = world
    this.#options = { ...options, url: bare(options.url), listingUrl: bare(options.listingUrl) }
  }

  get http(): World['http'] {
    return this.#world.http
  }

  /** Requests sent and bytes received, failed attempts included. */
  get spent(): ArchiveSpent {
    return { ...this.#spent }
  }

  /** Counts requests, or received bytes. */
  count(requests: number, bytes: number): void {
    this.#spent.requests += requests
    this.#spent.bytes += bytes
  }

  /** The URL of a file by its path. */
  urlOf(path: string): string {
    return `${this.#options.url}/${path.split('/').map(encodeURIComponent).join('/')}`
  }

  /** The URL of a listing. */
  listingUrl(params: Readonly<Record<string, string>>): string {
    const query = Object.entries(params).map(
      ([name, value]) => `${name}=${encodeURIComponent(value)}`,
    )
    return `${this.#options.listingUrl}/?${query.join('&')}`
  }

  /** Waits for one of the places that limit how much is requested at once. Never nest calls. */
  async inTurn<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    return this.#options.places.add(async () => {
      signal?.throwIfAborted()
      return work()
    })
  }

  /**
   * Reads a small body whole.
   *
   * @returns `undefined` when there is no such file.
   * @throws ArchiveError `unreachable` when every attempt failed.
   */
  async get(
    url: string,
    { path, sizeBytesMax }: { readonly path: string; readonly sizeBytesMax: number },
    { headers = {}, signal }: FetchOptions = {},
  ): Promise<HttpAnswer | undefined> {
    const attempt = async (): Promise<HttpAnswer | undefined> => {
      this.count(1, 0)
      const answer = await this.http.get({
        url,
        headers,
        timeoutMs: SMALL_TIMEOUT_MS,
        sizeBytesMax,
        signal,
      })
      this.count(0, answer.body.length)
      return this.isThere(path, answer) ? answer : undefined
    }
    return this.persist(path, attempt, signal)
  }

  /**
   * Does the answer hold what was requested? `false`: there is no such file. S3 returns 403 where it may not say.
   *
   * @throws TryAgain for a status that may pass, ArchiveError `unreachable` for one that will not.
   */
  isThere(path: string, { status, header }: Pick<HttpAnswer, 'status' | 'header'>): boolean {
    if (status === 200 || status === 206) return true
    if (status === 404 || status === 403) return false
    const message = `HTTP ${status}`
    if (status !== 408 && status !== 416 && status !== 429 && status < 500)
      throw new ArchiveError('unreachable', path, `${quoteText(path)}: ${message}`)
    const nowMs = toMillis(this.#world.clock.now())
    throw new TryAgain(message, retryAfterMs(header('retry-after'), nowMs) ?? 0)
  }

  /**
   * Repeats `attempt` while it ends in TransportError and has not failed too often.
   *
   * @param hasProgress - Did the failed attempt bring anything? Then it does not count.
   */
  async persist<T>(
    path: string,
    attempt: () => Promise<T>,
    signal: AbortSignal | undefined,
    hasProgress: () => boolean = () => false,
  ): Promise<T> {
    for (let inVain = 1; ; inVain++) {
      try {
        const value = await attempt()
        this.#retries.succeeded()
        return value
      } catch (error) {
        signal?.throwIfAborted()
        if (!(error instanceof TransportError)) throw error
        if (hasProgress()) inVain = 1
        const isHopeless =
          !error.isTransient || inVain >= (this.#options.attemptsMax ?? ATTEMPTS_MAX)
        if (isHopeless || !this.#retries.take()) throw unreachable(path, inVain, error)
        const atLeastMs = error instanceof TryAgain ? error.atLeastMs : 0
        const { clock, random } = this.#world
        // A wait stated by the server is meant as it is, not as a multiple.
        await clock.sleep(atLeastMs + backoffMs(inVain, random), signal)
      }
    }
  }
}

function bare(url: string): string {
  return url.replace(/\/+$/, '')
}

function unreachable(path: string, attempts: number, cause: TransportError): ArchiveError {
  const message = `${quoteText(path)}: gave up after ${attempts} attempts: ${cause.message}`
  return new ArchiveError('unreachable', path, message, { cause })
}
