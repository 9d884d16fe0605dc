/** What a store answered when it did not do what was asked, as one of a few kinds, and as errors of this project. */

import { StoreError, UsageError } from '../base/errors.ts'
import { quoteText } from '../base/text.ts'

/**
 * - `absent`: there is no such object
 * - `changed`: a condition does not hold
 * - `doubtful`: it may have been done or not; another try may be worth it
 * - `refused`: another try gets the same answer
 */
export type Refusal = {
  readonly kind: 'absent' | 'changed' | 'doubtful' | 'refused'
  /** The store's own name of it, such as `AccessDenied`; nothing else of its answer is repeated. */
  readonly name: string
  readonly status: number | undefined
  /** Where the bucket is, if it is elsewhere. */
  readonly region: string | undefined
}

/** Refusals with a status of 400 that are about one transfer. */
const OF_TRANSFER = new Set([
  'RequestTimeout',
  'BadDigest',
  'IncompleteBody',
  'XAmzContentSHA256Mismatch',
  'XAmzContentChecksumMismatch',
])
const NO_CREDENTIALS = new Set(['CredentialsProviderError', 'TokenProviderError', 'ProviderError'])
/** A program's own mistakes, and no answer of anybody. */
const isBug = (error: unknown): boolean =>
  !(error instanceof Error) || error.name === 'TypeError' || error.name === 'RangeError'

type Answered = Error & {
  readonly $metadata?: { readonly httpStatusCode?: number }
  readonly $response?: { readonly headers?: Readonly<Record<string, string>> }
}

/** What kind of refusal a thrown error is; errors that are none are thrown again. */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof UsageError || error instanceof StoreError || isBug(error)) throw error
  const { name, $metadata, $response } = error as Answered
  const status = $metadata?.httpStatusCode
  const region = $response?.headers?.['x-amz-bucket-region']
  return { kind: kindOf(name, status), name: wordOf(name, status), status, region }
}

function kindOf(name: string, status: number | undefined): Refusal['kind'] {
  if (NO_CREDENTIALS.has(name)) return 'refused'
  if (status === undefined || status >= 500) return status === 501 ? 'refused' : 'doubtful'
  if (status === 404) return name === 'NoSuchBucket' ? 'refused' : 'absent'
  if (status === 412) return 'changed'
  if (status === 409 || status === 429 || status === 408) return 'doubtful'
  // A whole answer that could not be read.
  if (status < 300) return 'doubtful'
  return OF_TRANSFER.has(name) ? 'doubtful' : 'refused'
}

/** The name that the store gave, or its status where the answer had no body to name it. */
function wordOf(name: string, status: number | undefined): string {
  const isNamed = /^[A-Za-z][A-Za-z0-9]{2,60}$/.test(name) && name !== 'UnknownError'
  return isNamed && name !== 'Error' ? name : (status?.toString() ?? 'no answer')
}

/** The error of a refusal that no other try would mend. */
export function refusedError(
  { name, status, region }: Refusal,
  bucket: string,
  cause: unknown,
): UsageError {
  const [message, hint] = wordsOf({ name, status, region }, `"${quoteText(bucket)}"`)
  return new UsageError(message, { cause, hint })
}

function wordsOf(
  { name, status, region }: Omit<Refusal, 'kind'>,
  bucket: string,
): readonly [message: string, hint: string] {
  if (NO_CREDENTIALS.has(name))
    return [
      `no credentials for the bucket ${bucket}`,
      'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or sign in as your organisation does.',
    ]
  if (name === 'NoSuchBucket')
    return [`there is no bucket ${bucket}`, 'Make it, or name another one with --data-dir.']
  if (name === 'RequestTimeTooSkewed')
    return [
      `the store of the bucket ${bucket} refuses this machine's clock`,
      'Set the clock, then run again.',
    ]
  const isElsewhere =
    (status !== undefined && status >= 300 && status < 400) ||
    name === 'AuthorizationHeaderMalformed' ||
    name === 'IllegalLocationConstraintException'
  if (isElsewhere)
    return [
      `the bucket ${bucket} is in another region${region === undefined ? '' : `: ${quoteText(region, 40)}`}`,
      'Set AWS_REGION to the region of the bucket.',
    ]
  return [
    `the store refuses what is asked of the bucket ${bucket} (${name})`,
    'Check the credentials and what they may do with the bucket: docs/OPERATING.md has the policy.',
  ]
}

/** The error of a store that cannot be written to by several. */
export function unfitError(bucket: string, what: string, cause?: unknown): UsageError {
  return new UsageError(
    `the store of the bucket "${quoteText(bucket)}" does not honour conditional writes: ${what}`,
    {
      cause,
      hint: 'Several runs would overwrite each other there: use a store that has If-Match and If-None-Match.',
    },
  )
}

/** The error of a store whose conditions never hold. */
export function unmetError(bucket: string, cause: unknown): UsageError {
  return unfitError(bucket, 'it takes what is there for something else', cause)
}

/** The error of an answer that does not say what is there. */
export function noListing(start: string): StoreError {
  return new StoreError(
    'E_STORE_IO',
    `the store does not list ${quoteText(`${start}*`)}: it sends no listing, or breaks off in it`,
    { hint: 'See that AWS_ENDPOINT_URL_S3 names an S3-compatible store, then run again.' },
  )
}

/** The error of a store that did not do something in all tries. */
export function awayError(doing: string, { name }: Refusal, cause: unknown): StoreError {
  return new StoreError('E_STORE_AWAY', `cannot ${doing}: the store does not answer (${name})`, {
    cause,
    hint: 'What is whole is kept: check the network and the endpoint, then run again.',
  })
}

/** The error of a store that refuses what it took before. */
export function cutOff({ message, hint, cause }: UsageError): StoreError {
  return new StoreError('E_STORE_AWAY', message, { cause, hint })
}
