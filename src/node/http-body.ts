/** Reading a body to its declared end, and inflating it strictly. */

import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { TransportError } from '../base/errors.ts'
import { quoteText } from '../base/text.ts'

const inflate = promisify(gunzip)

/** What is known of a body before it is read. */
export type BodyHead = {
  /** Origin and path, for messages. */
  readonly where: string
  /** The declared length; `undefined` when the body is chunked or ends with the connection. */
  readonly length: number | undefined
  readonly sizeBytesMax: number
}

/** Reads `content-length`; refuses one that is larger than what is wanted. */
export function bodyHead(
  where: string,
  contentLength: string | undefined,
  sizeBytesMax: number,
): BodyHead {
  const length =
    contentLength !== undefined && /^\d{1,15}$/.test(contentLength)
      ? Number(contentLength)
      : undefined
  if (length !== undefined && length > sizeBytesMax) throw tooLarge(where, sizeBytesMax)
  return { where, length, sizeBytesMax }
}

/**
 * The chunks of `body`, counted.
 *
 * @throws TransportError when there are more bytes than allowed, or fewer than declared.
 */
export async function* countChunks(
  body: AsyncIterable<Uint8Array>,
  { where, length, sizeBytesMax }: BodyHead,
): AsyncGenerator<Uint8Array, void, undefined> {
  let size = 0
  for await (const chunk of body) {
    size += chunk.byteLength
    if (size > sizeBytesMax) throw tooLarge(where, sizeBytesMax)
    yield chunk
  }
  if (length !== undefined && size !== length)
    throw new TransportError(`GET ${where}: the body ends at byte ${size} of ${length}`)
}

/** The whole of `body`, as sent. */
export async function readBody(
  body: AsyncIterable<Uint8Array>,
  head: BodyHead,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for await (const chunk of countChunks(body, head)) chunks.push(chunk)
  const [first] = chunks
  return first !== undefined && chunks.length === 1 ? first : Buffer.concat(chunks)
}

/**
 * Undoes the content coding of a whole body. Unlike lenient inflaters, it refuses one that was cut, even if only the
 * checksum at its end is missing.
 *
 * @throws TransportError when the body is damaged, too large, or coded in a way that was not asked for.
 */
export async function decodeBody(
  bytes: Uint8Array,
  coding: string | undefined,
  { where, sizeBytesMax }: BodyHead,
): Promise<Uint8Array> {
  const name = (coding ?? 'identity').trim().toLowerCase()
  if (name === '' || name === 'identity') return bytes
  if (name !== 'gzip' && name !== 'x-gzip')
    throw new TransportError(`GET ${where}: the body is coded as ${quoteText(name)}, not gzip`)
  try {
    return await inflate(bytes, { maxOutputLength: sizeBytesMax })
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ERR_BUFFER_TOO_LARGE')
      throw tooLarge(where, sizeBytesMax)
    throw new TransportError(`GET ${where}: the body is truncated or damaged gzip`, {
      cause: error,
    })
  }
}

function tooLarge(where: string, sizeBytesMax: number): TransportError {
  return new TransportError(`GET ${where}: the body has more than ${sizeBytesMax} bytes`)
}
