/** The few requests that a lake makes of a store, tried until the answer is certain. */

import { randomUUID } from 'node:crypto'
import type { Readable as ByteStream } from 'node:stream'
import type { PutObjectCommandInput } from '@aws-sdk/client-s3'
import { StoreError, UsageError } from '../base/errors.ts'
import type { Content, Expected, Version } from '../base/ports.ts'
import { quoteText } from '../base/text.ts'
import { awayError, cutOff, refusalOf, refusedError, type Refusal } from './failure.ts'
import type { Patience } from './patience.ts'
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

/** One entry of a listing. */
export type Listed = { readonly key: string; readonly sizeBytes: number; readonly version: Version }

/** What to put: the body anew for each try. */
export type Body = {
  readonly sizeBytes: number
  /** Lower-case hex. */
  readonly sha256: string
  readonly bytes: () => Uint8Array | ByteStream
}

/** A bucket that is reached. */
export type Bucket = {
  readonly name: string
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

/** Objects by their keys. Every method throws UsageError or StoreError for what the store refuses. */
export class Objects {
  readonly #bucket: Bucket
  /** Some stores never find an ETag equal to its quoted form, which is the right one. */
  #isQuoted = true
  /** Something was stored that is to stay: what fails from now on fails on the way. */
  #hasStored = false

  constructor(bucket: Bucket) {
    this.#bucket = bucket
  }

  /** To be called when something was stored that is to stay. */
  stored(): void {
    this.#hasStored = true
  }

  async head(key: string): Promise<Head | undefined> {
    return this.#tried('look at', key, async () => {
      const { client, name } = this.#bucket
      const found = await client.headObject({ Bucket: name, Key: key })
      return {
        version: versionOf(found.ETag),
        sizeBytes: found.ContentLength ?? 0,
        writeId: found.Metadata?.[WRITE_ID],
        writer: found.Metadata?.[WRITER],
      }
    })
  }

  async get(key: string): Promise<Content | undefined> {
    return this.#tried('read', key, async () => {
      const { client, name } = this.#bucket
      const found = await client.getObject({ Bucket: name, Key: key })
      const bytes = await bytesOf(found.Body, found.ContentLength)
      return { bytes, version: versionOf(found.ETag) }
    })
  }

  /** A part of an object. Of an empty one nothing, however many of its last bytes are asked for. */
  async part(key: string, range: Range): Promise<Piece | undefined> {
    return this.#tried('read', key, async () => {
      const { client, name } = this.#bucket
      const text = 'last' in range ? `-${range.last}` : `${range.from}-${range.to - 1}`
      const found = await client.getObject({ Bucket: name, Key: key, Range: `bytes=${text}` })
      const bytes = await bytesOf(found.Body, found.ContentLength)
      // Without it the whole object was sent: it is no longer than what was asked for, or ranges are not known there.
      const [, from = '0', size = bytes.length] =
        /^bytes (\d+)-\d+\/(\d+)$/.exec(found.ContentRange ?? '') ?? []
      return { bytes, version: versionOf(found.ETag), from: Number(from), sizeBytes: Number(size) }
    })
  }

  /** All keys that begin with `prefix`, in order; with `delimiter` those without one after it, and how others go on up to it. */
  async *list(
    prefix: string,
    delimiter?: '/',
  ): AsyncGenerator<{ readonly objects: readonly Listed[]; readonly below: readonly string[] }> {
    let token: string | undefined
    do {
      const asked = { Bucket: this.#bucket.name, Prefix: prefix, EncodingType: 'url' as const }
      const page = await this.#tried('list', prefix, () =>
        this.#bucket.client.listObjectsV2({
          ...asked,
          ...(delimiter === undefined ? {} : { Delimiter: delimiter }),
          ...(token === undefined ? {} : { ContinuationToken: token }),
        }),
      )
      const textOf = page?.EncodingType === 'url' ? decoded : (text: string): string => text
      const objects = (page?.Contents ?? []).map(({ Key = '', Size = 0, ETag }) => ({
        key: textOf(Key),
        sizeBytes: Size,
        version: versionOf(ETag),
      }))
      const below = (page?.CommonPrefixes ?? []).map(({ Prefix = '' }) => textOf(Prefix))
      yield { objects, below }
      token = page?.IsTruncated === true ? page.NextContinuationToken : undefined
    } while (token !== undefined)
  }

  async remove(key: string): Promise<void> {
    await this.#tried('remove', key, () =>
      this.#bucket.client.deleteObject({ Bucket: this.#bucket.name, Key: key }),
    )
  }

  /**
   * Puts an object in the place of what is expected there: once, whatever becomes of the answers.
   *
   * After every answer but a plain yes the store is asked what is there now. The write id says whether it is ours; a try
   * that nobody knows the end of carries the old condition, and cannot land on anything new.
   *
   * @throws StoreError `E_STORE_CHANGED` when something else is there; that stays as it is.
   */
  async put(key: string, body: Body, expected: Expected): Promise<Version> {
    const writeId = randomUUID()
    const { patience } = this.#bucket
    for (let tries = 1; ; tries++) {
      const isQuoted = this.#isQuoted
      const answer = await this.#send(key, body, { expected, isQuoted, writeId })
      if (typeof answer === 'string') return answer
      const { refusal, cause } = answer
      if (refusal.kind === 'refused') throw this.#refused(refusal, cause)
      const now = await this.head(key)
      if (now?.writeId === writeId) return now.version
      if ((now?.version ?? 'absent') !== expected) throw changedObject(key, now, cause)
      // What it refused to find equal, it names by that very tag.
      if (refusal.kind === 'changed' && expected !== 'absent') this.#isQuoted = !isQuoted
      if (tries === patience.tries) throw awayError(`write ${quoteText(key)}`, refusal, cause)
      await patience.pause(tries)
    }
  }

  async #send(
    key: string,
    { sizeBytes, sha256, bytes }: Body,
    { expected, isQuoted, writeId }: Sending,
  ): Promise<Version | { readonly refusal: Refusal; readonly cause: unknown }> {
    const { client, name, writer } = this.#bucket
    const asked: PutObjectCommandInput = {
      Bucket: name,
      Key: key,
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

  /** Tries something that may be done again; `undefined` where there is no such object. */
  async #tried<T>(doing: string, key: string, work: () => Promise<T>): Promise<T | undefined> {
    const { patience } = this.#bucket
    for (let tries = 1; ; tries++)
      try {
        return await work()
      } catch (cause) {
        const refusal = refusalOf(cause)
        if (refusal.kind === 'absent') return undefined
        if (refusal.kind !== 'doubtful') throw this.#refused(refusal, cause)
        if (tries === patience.tries) throw awayError(`${doing} ${quoteText(key)}`, refusal, cause)
        await patience.pause(tries)
      }
  }

  #refused(refusal: Refusal, cause: unknown): UsageError | StoreError {
    const error = refusedError(refusal, this.#bucket.name, cause)
    return this.#hasStored ? cutOff(error) : error
  }
}

/** The error of an object that is not the one any more that a writer built upon. */
export function changedObject(key: string, now: Head | undefined, cause?: unknown): StoreError {
  const rival = now?.writer === undefined ? '' : `: ${quoteText(now.writer, 80)} wrote it`
  const what = now === undefined ? 'is gone' : 'is not the object any more that was read'
  return new StoreError('E_STORE_CHANGED', `${quoteText(key)} ${what}${rival}`, {
    cause,
    path: key,
    hint: 'Another run works at the same series: let it end, then run again.',
  })
}

/** Quotes are a matter of the wire. @throws StoreError for an answer without a tag */
function versionOf(tag: string | undefined): Version {
  if (tag === undefined || tag === '')
    throw new StoreError('E_STORE_IO', 'the store names no version (ETag) of an object')
  return tag.replace(/^"(.*)"$/, '$1') as Version
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
