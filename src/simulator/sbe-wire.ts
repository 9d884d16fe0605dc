/**
 * Chooses the format in which a request is answered.
 *
 * @see binance-spot-api-docs, faqs/sbe_faq.md, "REST API" and "Regarding Legacy support".
 */

import { gzipSync } from 'node:zlib'
import type { CachedPage } from './page-cache.ts'
import { Refusal } from './query.ts'
import type { SbeSchema } from './sbe.ts'

/** The schemas that the exchange supports, as `id:version`. */
export type SbeOptions = {
  /** Default `3:5`. */
  readonly live?: string
  /** Answered in the live schema, with a warning. Default: `3:2` to `3:4`. */
  readonly deprecated?: readonly string[]
  /** Refused. Default: those before. */
  readonly retired?: readonly string[]
  /** Bytes that the live schema has added to every block since 3:5. Default 0. */
  readonly extraBytes?: number
}

/** How to answer. */
type SimWire = {
  /** Absent: in JSON. */
  readonly schema?: SbeSchema
  readonly isDeprecated?: boolean
  /** Why the request is refused. */
  readonly refusal?: Refusal
}

const LIVE = '3:5'
const DEPRECATED = ['3:4', '3:3', '3:2']
const RETIRED = ['3:1', '3:0', '2:1', '2:0', '1:0']
const NOT_ACCEPTABLE = 406

/** How a request with these headers is answered; `off`: SBE is not enabled. */
export function wireOf(
  headers: Readonly<Record<string, string>>,
  options: SbeOptions | 'off' = {},
): SimWire {
  const accepted = (headers['accept'] ?? '').split(',').map((part) => part.split(';')[0]?.trim())
  if (!accepted.includes('application/sbe')) return {}
  const isJsonFine = accepted.includes('application/json') || accepted.includes('*/*')
  if (options === 'off')
    return isJsonFine ? {} : { refusal: new Refusal(-1155, 'SBE is not enabled.', NOT_ACCEPTABLE) }
  const { live = LIVE, deprecated = DEPRECATED, retired = RETIRED } = options
  const schema = { ...parsed(live), extraBytes: options.extraBytes ?? 0 }
  const asked = headers['x-mbx-sbe']?.trim()
  if (asked === live) return { schema }
  if (asked !== undefined && deprecated.includes(asked)) return { schema, isDeprecated: true }
  const inWords = `Unsupported SBE schema ID or version specified in the X-MBX-SBE header.`
  if (asked !== undefined && retired.includes(asked))
    return { ...(isJsonFine ? {} : { schema }), refusal: new Refusal(-1153, inWords) }
  if (isJsonFine) return {}
  const isWellFormed = asked !== undefined && /^\d+:\d+$/.test(asked)
  const malformed = 'Invalid X-MBX-SBE header; expected <SCHEMA_ID>:<VERSION>.'
  return {
    schema,
    refusal: isWellFormed ? new Refusal(-1153, inWords) : new Refusal(-1152, malformed),
  }
}

function parsed(schema: string): { readonly id: number; readonly version: number } {
  const [id = 0, version = 0] = schema.split(':').map(Number)
  return { id, version }
}

/** The page in the form sent to clients that want SBE. */
export function inSbe(page: CachedPage, { schema, isDeprecated }: SimWire): CachedPage {
  const { answer } = page
  if (schema === undefined || answer.sbe === undefined) return page
  const body = answer.sbe(schema)
  const headers = {
    ...answer.headers,
    'content-type': 'application/sbe',
    ...(isDeprecated === true ? { 'x-mbx-sbe-deprecated': 'true' } : {}),
  }
  return { answer: { ...answer, headers }, body, gzip: () => gzipSync(body, { level: 1 }) }
}
