/** Where a lake on object storage lies: `s3://BUCKET/PREFIX`. */

import { UsageError } from '../base/errors.ts'
import { quoteText } from '../base/text.ts'

/** A bucket, and what the keys of all objects in it begin with: nothing, or a text that ends with `/`. */
export type Place = { readonly bucket: string; readonly prefix: string }

const SCHEME = 's3://'
/** Buckets of today have lower-case names; some old ones, and other stores, take more. */
const BUCKET = /^[A-Za-z0-9][A-Za-z0-9._-]{1,254}$/
const HINT = 'Write --data-dir s3://BUCKET/PREFIX, or the name of a directory.'

/** Does a data directory lie in an object store, rather than on a disk? */
export function isCloud(dataDir: string): boolean {
  return /^[a-z][a-z0-9+.-]+:\/\//i.test(dataDir) || /^s3:/i.test(dataDir)
}

/**
 * Reads `s3://BUCKET/PREFIX`.
 *
 * @throws UsageError for any other scheme, a name that no bucket has, and a prefix with `..` or empty parts.
 */
export function parsePlace(dataDir: string): Place {
  const [scheme = ''] = dataDir.split(':')
  if (!dataDir.startsWith(SCHEME))
    throw new UsageError(`a lake cannot lie at ${quoteText(`${scheme}:`)}; expected ${SCHEME}`, {
      hint: HINT,
    })
  const [bucket = '', ...parts] = dataDir.slice(SCHEME.length).split('/')
  // Not repeated: where a name is expected, some would write a key and its secret.
  if (!BUCKET.test(bucket))
    throw new UsageError(`what follows ${SCHEME} is not the name of a bucket`, { hint: HINT })
  while (parts.at(-1) === '') parts.pop()
  const bad = parts.find(
    (part) => part === '' || part === '.' || part === '..' || /\p{Cc}|\\/u.test(part),
  )
  if (bad !== undefined)
    throw new UsageError(
      `the prefix in ${quoteText(dataDir)} has ${bad === '' ? 'an empty part' : `"${quoteText(bad)}"`}`,
      { hint: HINT },
    )
  return { bucket, prefix: parts.map((part) => `${part}/`).join('') }
}
