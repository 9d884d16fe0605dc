/**
 * The one CSV in a zip, chunk by chunk. Trusts nothing that the zip states about itself: names, sizes and checksums are
 * checked against the data, and zip bombs are stopped while they inflate.
 */

import { pipeline, Readable as NodeReadable } from 'node:stream'
import { crc32, createInflateRaw } from 'node:zlib'
import yauzl from 'yauzl'
import { ArchiveError, StoreError } from '../../base/errors.ts'
import type { Readable } from '../../base/ports.ts'
import { quoteText } from '../../base/text.ts'

/** The most that an entry may inflate to; a larger month is downloaded by day. */
const INFLATED_BYTES_MAX = 8 * 2 ** 30
/** CSV of trades compresses to about a fifth, of idle klines to a fortieth; deflate's limit is a thousandth. */
const RATIO_MAX = 200
/** Below this, a high ratio does no harm. */
const RATIO_FROM_BYTES = 1 << 20
const READ_BYTES = 1 << 18
// As much as stays in a processor's cache until it is decoded.
const INFLATE_BYTES = 1 << 18

const STORED = 0
const DEFLATED = 8
const ZIP64_FIELD = 0x0001
const ZIP64_FROM = 0xffff_ffff
const FILE_TYPE = 0o170000
const REGULAR = 0o100000

/** What to find in a zip. */
export type ZipTarget = {
  /** The zip's path, for errors. */
  readonly path: string
  /** The exact name of its one entry. */
  readonly entry: string
}

/**
 * Inflates the one entry of a zip; each chunk is valid until the next is requested. Nothing is written to disk.
 *
 * @throws ArchiveError `zip` when there is not exactly one entry of the expected name, it is not a plain file, is
 * encrypted, too large, compressed too much, or its sizes or CRC-32 do not match. Chunks may have been returned by
 * then.
 */
export async function* unzip(
  file: Readable,
  target: ZipTarget,
): AsyncGenerator<Uint8Array, void, void> {
  const { entry, start } = await locate(file, target)
  const refuse = (what: string): ArchiveError => refusal(target, what)
  let size = 0
  let crc = 0
  for await (const piece of inflated(file, { entry, start, target })) {
    size += piece.byteLength
    if (size > entry.uncompressedSize)
      throw refuse(`inflates to more than the ${entry.uncompressedSize} bytes it states`)
    checkRatio(target, size, entry.compressedSize)
    crc = crc32(piece, crc)
    yield piece
  }
  if (size !== entry.uncompressedSize)
    throw refuse(`inflates to ${size} bytes, but states ${entry.uncompressedSize}`)
  if (crc !== entry.crc32) throw refuse('its CRC-32 does not match')
}

type Located = { readonly entry: yauzl.Entry; readonly start: number }

async function locate(file: Readable, target: ZipTarget): Promise<Located> {
  try {
    return await openEntry(file, target)
  } catch (error) {
    // Reading past the end is the zip's fault; other failures are the disk's.
    if (error instanceof StoreError && error.code !== 'E_STORE_CORRUPT') throw error
    if (error instanceof ArchiveError) throw error
    const why = error instanceof Error ? error.message : String(error)
    throw refusal(target, quoteText(why), error)
  }
}

async function openEntry(file: Readable, target: ZipTarget): Promise<Located> {
  const reader = new FileReader(file)
  const options = { autoClose: false, strictFileNames: true, validateEntrySizes: true }
  const zip = await yauzl.fromRandomAccessReaderPromise(reader, file.sizeBytes, options)
  try {
    if (zip.entryCount !== 1) throw refusal(target, `${zip.entryCount} entries instead of one`)
    const entries: yauzl.Entry[] = []
    for await (const next of zip.eachEntry()) entries.push(next)
    const [entry] = entries
    if (entry === undefined) throw refusal(target, 'no entry')
    checkEntry(target, entry)
    const local = await zip.readLocalFileHeaderPromise(entry)
    if (!local.fileName.equals(entry.fileNameRaw))
      throw refusal(target, 'the entry has two different names')
    if (local.compressionMethod !== entry.compressionMethod)
      throw refusal(target, 'the entry has two different compression methods')
    return { entry, start: local.fileDataStart }
  } finally {
    zip.close()
  }
}

function checkEntry(target: ZipTarget, entry: yauzl.Entry): void {
  if (entry.fileName !== target.entry)
    throw refusal(target, `its entry is "${quoteText(entry.fileName)}", not "${target.entry}"`)
  if (entry.isEncrypted()) throw refusal(target, 'encrypted')
  // If made on Unix, the upper half holds the file's mode; 0 means unknown.
  const type = (entry.externalFileAttributes >>> 16) & FILE_TYPE
  if (type !== 0 && type !== REGULAR) throw refusal(target, 'its entry is not a regular file')
  if (entry.compressionMethod !== STORED && entry.compressionMethod !== DEFLATED)
    throw refusal(target, `compressed with method ${entry.compressionMethod}`)
  const { compressedSize, uncompressedSize, relativeOffsetOfLocalHeader: offset } = entry
  const isLarge = Math.max(compressedSize, uncompressedSize, offset) >= ZIP64_FROM
  if (!isLarge && entry.extraFields.some(({ id }) => id === ZIP64_FIELD))
    throw refusal(target, 'unneeded zip64')
  if (uncompressedSize > INFLATED_BYTES_MAX)
    throw refusal(target, `inflates to ${uncompressedSize} bytes, which is too many`)
  checkRatio(target, uncompressedSize, compressedSize)
}

function checkRatio(target: ZipTarget, inflatedBytes: number, compressedBytes: number): void {
  if (inflatedBytes > RATIO_FROM_BYTES && inflatedBytes > RATIO_MAX * compressedBytes)
    throw refusal(target, `inflates to more than ${RATIO_MAX} times its size`)
}

async function* inflated(
  file: Readable,
  { entry, start, target }: Located & { readonly target: ZipTarget },
): AsyncGenerator<Uint8Array, void, void> {
  const packed = pieces(file, start, start + entry.compressedSize)
  if (entry.compressionMethod === STORED) {
    yield* packed
    return
  }
  // One chunk ahead: it is inflated in another thread while the one before it is decoded.
  const ahead = { readableHighWaterMark: 2 * INFLATE_BYTES }
  const inflate = createInflateRaw({ chunkSize: INFLATE_BYTES, ...ahead })
  // The iteration below receives failures.
  pipeline(NodeReadable.from(packed, { objectMode: false }), inflate, () => undefined)
  try {
    for await (const piece of inflate) yield piece as Uint8Array
  } catch (error) {
    throw isZlib(error) ? refusal(target, 'the compressed data is damaged', error) : error
  } finally {
    inflate.destroy()
  }
  if (inflate.bytesWritten !== entry.compressedSize)
    throw refusal(target, 'the compressed data ends before its stated size')
}

function isZlib(error: unknown): boolean {
  const { code } = error as { readonly code?: unknown }
  return typeof code === 'string' && code.startsWith('Z_')
}

async function* pieces(file: Readable, from: number, to: number): AsyncGenerator<Uint8Array> {
  for (let at = from; at < to; at += READ_BYTES)
    yield await file.read(at, Math.min(at + READ_BYTES, to))
}

function refusal({ path }: ZipTarget, what: string, cause?: unknown): ArchiveError {
  return new ArchiveError('zip', path, `${quoteText(path)}: ${what}`, { cause })
}

/** A file as yauzl wants it. */
class FileReader extends yauzl.RandomAccessReader {
  readonly #file: Readable

  constructor(file: Readable) {
    super()
    this.#file = file
  }

  override _readStreamForRange(start: number, end: number): NodeReadable {
    return NodeReadable.from(pieces(this.#file, start, end), { objectMode: false })
  }
}
