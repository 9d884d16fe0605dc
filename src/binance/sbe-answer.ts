/**
 * Classifies a binary answer before its rows are read: SBE or JSON, an error, or of a deprecated schema.
 *
 * @see binance-spot-api-docs, faqs/sbe_faq.md, "REST API" and "Regarding Legacy support"; errors.md, -1152 to -1161.
 */

import { TransportError } from '../base/errors.ts'
import type { HttpAnswer } from '../base/ports.ts'
import { SBE_HEADER_BYTES } from './sbe.ts'

/** The message that holds an error. */
const ERROR_TEMPLATE = 100

/** A binary answer that needs another schema, or JSON. Worth another try without SBE. */
export class SbeUnknownError extends TransportError {}

/** The kind of an answer to a request for SBE. */
type SbeOutcome = {
  /** The format of the body; JSON where the exchange fell back to it. */
  readonly format: 'sbe' | 'json'
  /** Was the requested schema deprecated? The answer is in the newest compatible one. */
  readonly isDeprecated: boolean
}

/** Classifies an accepted answer by its headers, or by its first bytes if they say nothing. */
export function sbeOutcome({ header, body }: HttpAnswer): SbeOutcome {
  const type = header('content-type')?.toLowerCase() ?? ''
  const isJson = type.includes('json') || (!type.includes('sbe') && !looksBinary(body))
  return {
    format: isJson ? 'json' : 'sbe',
    isDeprecated: header('x-mbx-sbe-deprecated') !== undefined,
  }
}

// A message begins with a block length below 256 and a template. So its second byte is 0, which no text contains.
function looksBinary(body: Uint8Array): boolean {
  return body.length >= SBE_HEADER_BYTES && body[1] === 0
}

/** -1152 malformed header, -1153 unknown or retired schema, -1155 not enabled, -1161 schema too old for this value. */
const REFUSALS = new Set([-1152, -1153, -1155, -1161])

/** Was a request refused because it asked for SBE? Then the same request for JSON may be answered. */
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
