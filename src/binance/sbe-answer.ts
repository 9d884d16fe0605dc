/**
 * What a binary answer is, before its rows are read: SBE or JSON, an error, of a schema that is on its way out.
 *
 * @see binance-spot-api-docs, faqs/sbe_faq.md, "REST API" and "Regarding Legacy support"; errors.md, -1152 to -1161.
 */

import { TransportError } from '../base/errors.ts'
import type { HttpAnswer } from '../base/ports.ts'
import { SBE_HEADER_BYTES } from './sbe.ts'

/** The message that holds an error. */
const ERROR_TEMPLATE = 100

/** A binary answer that this schema cannot tell: JSON can. Worth another try without SBE. */
export class SbeUnknownError extends TransportError {}

/** What an answer to a request for SBE is. */
type SbeOutcome = {
  /** The format of the body; JSON where the exchange fell back to it. */
  readonly format: 'sbe' | 'json'
  /** Was the schema that was asked for deprecated? The answer is in the newest that is compatible. */
  readonly isDeprecated: boolean
}

/** Judges an accepted answer by its headers, or by its first bytes where they do not tell. */
export function sbeOutcome({ header, body }: HttpAnswer): SbeOutcome {
  const type = header('content-type')?.toLowerCase() ?? ''
  const isJson = type.includes('json') || (!type.includes('sbe') && !looksBinary(body))
  return {
    format: isJson ? 'json' : 'sbe',
    isDeprecated: header('x-mbx-sbe-deprecated') !== undefined,
  }
}

// A message begins with a block length below 256 and a template: its second byte is 0, as no byte of a text is.
function looksBinary(body: Uint8Array): boolean {
  return body.length >= SBE_HEADER_BYTES && body[1] === 0
}

/** -1152 malformed header, -1153 unknown or retired schema, -1155 not enabled, -1161 schema too old to tell this. */
const REFUSALS = new Set([-1152, -1153, -1155, -1161])

/** Was a request refused for asking for SBE? Then the same one in JSON may be answered. */
export function isSbeRefusal(status: number, exchangeCode: number | undefined): boolean {
  return status === 406 || (exchangeCode !== undefined && REFUSALS.has(exchangeCode))
}

/** Reads an error message (100); `undefined` when `body` is something else. */
export function readSbeError(
  body: Uint8Array,
): { readonly code: number; readonly msg: string } | undefined {
  if (body.length < SBE_HEADER_BYTES) return undefined
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength)
  if (view.getUint16(2, true) !== ERROR_TEMPLATE) return undefined
  const text = SBE_HEADER_BYTES + view.getUint16(0, true)
  if (body.length < text + 2 || text < SBE_HEADER_BYTES + 2) return undefined
  const from = text + 2
  const msg = body.subarray(from, from + view.getUint16(text, true))
  return { code: view.getInt16(SBE_HEADER_BYTES, true), msg: new TextDecoder().decode(msg) }
}
