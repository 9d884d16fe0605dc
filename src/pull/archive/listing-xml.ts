/** A page of a bucket's listing, from its XML. A file of its own, since only calls that list files load the parser. */

import { XMLParser } from 'fast-xml-parser'
import { TransportError } from '../../base/errors.ts'
import { quoteText } from '../../base/text.ts'
import { parseMicros, type Micros } from '../../base/time.ts'

/** One file as the bucket lists it. */
export type ListedFile = {
  readonly path: string
  readonly sizeBytes: number
  readonly modified: Micros | undefined
}

/** A page of a listing. */
export type ListingPage = {
  readonly files: readonly ListedFile[]
  /** What is up to the next delimiter, with it. */
  readonly folders: readonly string[]
  /** Where the next page begins; `undefined` on the last. */
  readonly marker: string | undefined
}

const parser = new XMLParser({
  // Sizes and names are text; 0123 is not 123.
  parseTagValue: false,
  ignoreAttributes: true,
  isArray: (name) => name === 'Contents' || name === 'CommonPrefixes',
})

/**
 * Reads a page of a listing.
 *
 * @throws TransportError when it is not a listing.
 */
export function parseListing(xml: string): ListingPage {
  const { ListBucketResult: result } = readXml(xml)
  const truncated = isRecord(result) ? result['IsTruncated'] : undefined
  // The parser is lenient; a truncated page must not pass for the last one.
  const isWhole = xml.trimEnd().endsWith('</ListBucketResult>')
  if (!isRecord(result) || !isWhole || (truncated !== 'true' && truncated !== 'false'))
    throw notAListing(xml)
  const contents = (result['Contents'] ?? []) as readonly Record<string, unknown>[]
  const files = contents.map(({ Key: key, Size: size, LastModified: modified }) => {
    if (typeof key !== 'string' || !/^\d{1,15}$/.test(String(size))) throw notAListing(xml)
    return { path: key, sizeBytes: Number(size), modified: momentOf(modified) }
  })
  const prefixes = (result['CommonPrefixes'] ?? []) as readonly Record<string, unknown>[]
  const folders = prefixes.map(({ Prefix: prefix }) => {
    if (typeof prefix !== 'string') throw notAListing(xml)
    return prefix
  })
  if (truncated === 'false') return { files, folders, marker: undefined }
  // Without a delimiter S3 omits NextMarker; the last key then serves as well.
  const marker = result['NextMarker'] ?? files.at(-1)?.path
  if (typeof marker !== 'string') throw notAListing(xml)
  return { files, folders, marker }
}

function readXml(xml: string): Readonly<Record<string, unknown>> {
  try {
    const document: unknown = parser.parse(xml)
    return isRecord(document) ? document : {}
  } catch {
    throw notAListing(xml)
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

function momentOf(text: unknown): Micros | undefined {
  try {
    return typeof text === 'string' ? parseMicros(text) : undefined
  } catch {
    return undefined
  }
}

function notAListing(xml: string): TransportError {
  return new TransportError(`not a bucket listing: "${quoteText(xml, 100)}"`)
}
