/** The few requests that a lake makes of a store, tried until the answer is certain. */

import { randomUUID } from 'node:crypto'
import type { Readable as ByteStream } from 'node:stream'
import type {
  ListObjectsV2CommandInput,
  ListObjectsV2CommandOutput,
  PutObjectCommandInput,
} from '@aws-sdk/client-s3'
import { StoreError, UsageError } from '../base/errors.ts'
import type { Content, Expected, TreeFile, Version } from '../base/ports.ts'
import { quoteText } from '../base/text.ts'
import {
  awayError,
  cutOff,
  noListing,
  refusalOf,
  refusedError,
  unmetError,
  type Refusal,
} from './failure.ts'
import type { Patience } from './patience.ts'
import type { Place } from './place.ts'
import type { Client } from './sdk.ts'

/** What is known of an object without its bytes. */
export type Head = {
  readonly version: Version
  readonly sizeBytes: number
  /** Which upload it came from, and whose that was. */
  readonly writeId: string | undefined
  readonly writer: string | undefined
}

/** A part of an object, and what it is a part of. */
export type Piece = Content & { readonly sizeBytes: number; readonly from: number }

/** Bytes `[from, to)`, or the last `last`. */
export type Range = { readonly from: number; readonly to: number } | { readonly last: number }

/** One page of a listing. */
export type Page = {
  readonly objects: readonly (TreeFile & { readonly version: Version })[]
  /** How others go on, up to the delimiter. */
  readonly below: readonly string[]
}

/** What to put: the body anew for each try. */
export type Body = {
  readonly sizeBytes: number
  /** Lower-case hex. */
  readonly sha256: string
  readonly bytes: () => Uint8Array | ByteStream
}

/** A bucket that is reached, and where in it the lake lies. */
export type Bucket = Place & {
  readonly client: Client
  readonly patience: Patience
  /** Who writes, for those who lose to us. */
  readonly writer: string
}

type Sending = {
  readonly expected: Expected
  readonly isQuoted: boolean
  readonly writeId: string
}

const WRITE_ID = 'write'
const WRITER = 'writer'

/**
 * Objects by their paths in the lake, which is what errors name as well. Every method throws UsageError or StoreError for
 * what the store refuses.
 */
export class Objects {
  readonly #bucket: Bucket
  /** Some stores never find an ETag equal to its quoted form, which is the right one. */
  #isQuoted = true
  /** The store took what was written: what is refused from now on is refused on the way. */
  #isUnderWay = false

  constructor(bucket: Bucket) {
    this.#bucket = bucket
  }

  /** To be called once the store took what was written. */
  underWay(): void {
    this.#isUnderWay = true
  }

  async head(path: string): Promise<Head | undefined> {
    return this.#tried('look at', path, async () => {
      const found = await this.#bucket.client.headObject(this.#at(path))
      return {
        version: versionOf(found.ETag),
        sizeBytes: found.ContentLength ?? 0,
        writeId: found.Metadata?.[WRITE_ID],
        writer: found.Metadata?.[WRITER],
      }
    })
  }

  async get(path: string): Promise<Content | undefined> {
    return this.#tried('read', path, async () => {
      const found = await this.#bucket.client.getObject(this.#at(path))
      const bytes = await bytesOf(found.Body, found.ContentLength)
      return { bytes, version: versionOf(found.ETag) }
    })
  }

  /** A part of an object. Of an empty one nothing, however many of its last bytes are asked for. */
  async part(path: string, range: Range): Promise<Piece | undefined> {
    return this.#tried('read', path, async () => {
      const text = 'last' in range ? `-${range.last}` : `${range.from}-${range.to - 1}`
      const asked = { ...this.#at(path), Range: `bytes=${text}` }
      const found = await this.#bucket.client.getObject(asked)
      const bytes = await bytesOf(found.Body, found.ContentLength)
      // Without it the whole object was sent: it is no longer than what was asked for, or ranges are not known there.
      const [, from = '0', size = bytes.length] =
        /^bytes (\d+)-\d+\/(\d+)$/.exec(found.ContentRange ?? '') ?? []
      return { bytes, version: versionOf(found.ETag), from: Number(from), sizeBytes: Number(size) }
    })
  }

  /**
   * All paths that begin with `start`, in order; with `delimiter` those without one after it, and how others go on up to it.
   *
   * @throws StoreError for what is no listing, or only a part of one: what is not in it would be taken for gone.
   */
  async *list(start: string, delimiter?: '/'): AsyncGenerator<Page, void, void> {
    const { client, bucket: name, prefix } = this.#bucket
    let token: string | undefined
    do {
      const asked: ListObjectsV2CommandInput = {
        Bucket: name,
        Prefix: `${prefix}${start}`,
        EncodingType: 'url',
        ...(delimiter === undefined ? {} : { Delimiter: delimiter }),
        ...(token === undefined ? {} : { ContinuationToken: token }),
      }
      const listed = await this.#tried('list', start, () => client.listObjectsV2(asked), 'refused')
      if (listed?.IsTruncated === undefined) throw noListing(start)
      yield pageOf(listed, prefix, start)
      const next = listed.IsTruncated ? (listed.NextContinuationToken ?? '') : undefined
      if (next === '' || (next !== undefined && next === token)) throw noListing(start)
      token = next
    } while (token !== undefined)
  }

  async remove(path: string): Promise<void> {
    await this.#tried('remove', path, () => this.#bucket.client.deleteObject(this.#at(path)))
  }

  /**
   * Puts an object in the place of what is expected there: once, whatever becomes of the answers.
   *
   * After every answer but a plain yes the store is asked what is there now. The write id says whether it is ours; a try
   * that nobody knows the end of carries the old condition, and cannot land on anything new.
   *
   * @throws StoreError `E_STORE_CHANGED` when something else is there; that stays as it is. UsageError where the store
   * finds nothing equal to what it is.
   */
  async put(path: string, body: Body, expected: Expected): Promise<Version> {
    const writeId = randomUUID()
    const { patience } = this.#bucket
    for (let tries = 1; ; tries++) {
      const isQuoted = this.#isQuoted
      const answer = await this.#send(path, body, { expected, isQuoted, writeId })
      if (typeof answer === 'string') return answer
      const { refusal, cause } = answer
      if (refusal.kind === 'refused') throw this.#refused(refusal, cause)
      const now = await this.head(path)
      if (now?.writeId === writeId) return now.version
      if ((now?.version ?? 'absent') !== expected) throw changedObject(path, now, cause)
      // What it refused to find equal, it names by that very tag.
      if (refusal.kind === 'changed' && expected !== 'absent') this.#isQuoted = !isQuoted
      if (tries === patience.tries)
        throw refusal.kind === 'changed'
          ? this.#onTheWay(unmetError(this.#bucket.bucket, cause))
          : awayError(`write ${quoteText(path)}`, refusal, cause)
      await patience.pause(tries)
    }
  }

  #at(path: string): { readonly Bucket: string; readonly Key: string } {
    const { bucket, prefix } = this.#bucket
    return { Bucket: bucket, Key: `${prefix}${path}` }
  }

  async #send(
    path: string,
    { sizeBytes, sha256, bytes }: Body,
    { expected, isQuoted, writeId }: Sending,
  ): Promise<Version | { readonly refusal: Refusal; readonly cause: unknown }> {
    const { client, writer } = this.#bucket
    const asked: PutObjectCommandInput = {
      ...this.#at(path),
      Body: bytes(),
      ContentLength: sizeBytes,
      ChecksumSHA256: Buffer.from(sha256, 'hex').toString('base64'),
      Metadata: { [WRITE_ID]: writeId, [WRITER]: writer },
      ...(expected === 'absent'
        ? { IfNoneMatch: '*' }
        : { IfMatch: isQuoted ? `"${expected}"` : expected }),
    }
    try {
      return versionOf((await client.putObject(asked)).ETag)
    } catch (cause) {
      return { refusal: refusalOf(cause), cause }
    }
  }

  /** Tries something that may be done again; `undefined` where there is no such object, unless that is a refusal. */
  async #tried<T>(
    doing: string,
    path: string,
    work: () => Promise<T>,
    absent?: 'refused',
  ): Promise<T | undefined> {
    const { patience } = this.#bucket
    for (let tries = 1; ; tries++)
      try {
        return await work()
      } catch (cause) {
        const refusal = refusalOf(cause)
        if (refusal.kind === 'absent' && absent === undefined) return undefined
        if (refusal.kind !== 'doubtful') throw this.#refused(refusal, cause)
        if (tries === patience.tries) throw awayError(`${doing} ${quoteText(path)}`, refusal, cause)
        await patience.pause(tries)
      }
  }

  #refused(refusal: Refusal, cause: unknown): UsageError | StoreError {
    return this.#onTheWay(refusedError(refusal, this.#bucket.bucket, cause))
  }

  #onTheWay(error: UsageError): UsageError | StoreError {
    return this.#isUnderWay ? cutOff(error) : error
  }
}

/** The error of an object that is not the one any more that a writer built upon. */
export function changedObject(path: string, now: Head | undefined, cause?: unknown): StoreError {
  const rival = now?.writer === undefined ? '' : `: ${quoteText(now.writer, 80)} wrote it`
  const what = now === undefined ? 'is gone' : 'is not the object any more that was read'
  return new StoreError('E_STORE_CHANGED', `${quoteText(path)} ${what}${rival}`, {
    cause,
    path,
    hint: 'Another run works at the same series: let it end, then run again.',
  })
}

/** Quotes are a matter of the wire. @throws StoreError for an answer without a tag */
function versionOf(tag: string | undefined): Version {
  if (tag === undefined || tag === '')
    throw new StoreError('E_STORE_IO', 'the store names no version (ETag) of an object')
  return tag.replace(/^"(.*)"$/, '$1') as Version
}

function pageOf(
  { EncodingType, Contents = [], CommonPrefixes = [] }: ListObjectsV2CommandOutput,
  prefix: string,
  start: string,
): Page {
  const textOf = EncodingType === 'url' ? decoded : (text: string): string => text
  const pathOf = (key = ''): string => {
    if (!textOf(key).startsWith(`${prefix}${start}`)) throw noListing(start)
    return textOf(key).slice(prefix.length)
  }
  const objects = Contents.map(({ Key, Size = 0, ETag }) => ({
    path: pathOf(Key),
    sizeBytes: Size,
    version: versionOf(ETag),
  }))
  return { objects, below: CommonPrefixes.map(({ Prefix }) => pathOf(Prefix)) }
}

function decoded(text: string): string {
  return decodeURIComponent(text.replaceAll('+', ' '))
}

type SentBody = { transformToByteArray(): Promise<Uint8Array> } | undefined

/** @throws an error of the transfer, worth another try, when it ended early */
async function bytesOf(body: SentBody, length: number | undefined): Promise<Uint8Array> {
  const bytes = (await body?.transformToByteArray()) ?? new Uint8Array()
  if (length === undefined || bytes.length === length) return bytes
  const error = new Error(`${length} bytes were announced, ${bytes.length} came`)
  error.name = 'IncompleteBody'
  throw error
}
