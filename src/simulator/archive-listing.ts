/** A bucket listing as S3 writes it ("ListObjects", version 1). */

import { formatMicros, type Micros } from '../base/time.ts'

/** One key of the bucket. */
export type BucketKey = {
  readonly key: string
  readonly sizeBytes: number
  readonly modified: Micros
}

/** The parameters of a listing. */
export type ListingQuery = {
  readonly prefix: string
  readonly delimiter: string
  readonly marker: string
  readonly maxKeys: number
}

type Item =
  | { readonly name: string; readonly file: BucketKey }
  | { readonly name: string; readonly file?: undefined }

/** The page of a listing. `keys` must be sorted. */
export function listingXml(keys: readonly BucketKey[], query: ListingQuery): string {
  const items = itemsOf(keys, query)
  const page = items.slice(0, query.maxKeys)
  const isTruncated = page.length < items.length
  const next = isTruncated && query.delimiter !== '' ? (page.at(-1)?.name ?? '') : ''
  return [
    '<?xml version="1.0" encoding="UTF-8"?>\n',
    '<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>data.binance.vision</Name>',
    tag('Prefix', query.prefix),
    tag('Marker', query.marker),
    next === '' ? '' : tag('NextMarker', next),
    tag('MaxKeys', String(query.maxKeys)),
    tag('Delimiter', query.delimiter),
    tag('IsTruncated', String(isTruncated)),
    ...page.map(({ name, file }) =>
      file === undefined
        ? `<CommonPrefixes>${tag('Prefix', name)}</CommonPrefixes>`
        : contents(file),
    ),
    '</ListBucketResult>',
  ].join('')
}

/** The first files after the marker, and everything up to the next delimiter as one item: one more than fill a page. */
function itemsOf(
  keys: readonly BucketKey[],
  { prefix, delimiter, marker, maxKeys }: ListingQuery,
): readonly Item[] {
  const items = new Map<string, Item>()
  for (const file of keys) {
    if (items.size > maxKeys) break
    if (file.key <= marker || !file.key.startsWith(prefix)) continue
    const end = delimiter === '' ? -1 : file.key.indexOf(delimiter, prefix.length)
    const name = end < 0 ? file.key : file.key.slice(0, end + delimiter.length)
    if (name > marker) items.set(name, end < 0 ? { name, file } : { name })
  }
  return [...items.values()]
}

function contents({ key, sizeBytes, modified }: BucketKey): string {
  const time = `${formatMicros(modified).slice(0, 23)}Z`
  return `<Contents>${tag('Key', key)}${tag('LastModified', time)}${tag('ETag', '"0"')}${tag('Size', String(sizeBytes))}${tag('StorageClass', 'STANDARD')}</Contents>`
}

function tag(name: string, text: string): string {
  const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
  return text === '' ? `<${name}/>` : `<${name}>${escaped}</${name}>`
}
