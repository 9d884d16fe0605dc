/**
 * JSON as bytes: where a value ends, and the text of a string. Strict (RFC 8259): JSON.parse accepts everything that
 * these functions accept. They build nothing; the scanner knows what it looks for. All bytes here are padded.
 */

import { isUtf8 } from 'node:buffer'
import { TransportError } from '../base/errors.ts'
import { quoteText } from '../base/text.ts'
import {
  BACKSLASH,
  CARRIAGE_RETURN,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  LINE_FEED,
  MINUS,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
  SPACE,
  TAB,
  ZERO,
  asciiText,
  byteAt,
  digitsEnd,
  unpaddedLength,
} from './bytes.ts'
import { numberEnd } from './decimal.ts'

// An exchange does not nest deeper than this; recursion must end before the stack does.
const DEPTH_MAX = 64
// The text around the error; enough to recognise it.
const CONTEXT_BYTES = 60

/** The body is not complete or not JSON rows: torn, an error object, a web page. Worth another try. */
export function notAPage(bytes: Uint8Array, at: number): TransportError {
  const from = Math.max(0, at - CONTEXT_BYTES / 2)
  const context = new TextDecoder().decode(
    bytes.subarray(from, Math.min(from + CONTEXT_BYTES, unpaddedLength(bytes))),
  )
  return new TransportError(
    `not a page of rows: byte ${at} of ${unpaddedLength(bytes)}, near "${quoteText(context)}"`,
  )
}

/** The first byte at or after `at` that is not white space. */
export function skipSpace(bytes: Uint8Array, at: number): number {
  let next = at
  while (isSpace(byteAt(bytes, next))) next++
  return next
}

function isSpace(byte: number): boolean {
  if (byte > SPACE) return false
  return byte === SPACE || byte === LINE_FEED || byte === CARRIAGE_RETURN || byte === TAB
}

/**
 * Where the value that begins at `at` ends. White space must have been skipped.
 *
 * @throws TransportError when there is no whole JSON value
 */
export function valueEnd(bytes: Uint8Array, at: number, depth = 0): number {
  switch (byteAt(bytes, at)) {
    case QUOTE:
      return stringEnd(bytes, at)
    case OPEN_BRACE:
      return listEnd(bytes, at, { close: CLOSE_BRACE, depth: depth + 1 })
    case OPEN_BRACKET:
      return listEnd(bytes, at, { close: CLOSE_BRACKET, depth: depth + 1 })
    default:
      return wordEnd(bytes, at)
  }
}

/** Where the string with its opening quote at `at` ends; after its closing quote. @throws TransportError */
export function stringEnd(bytes: Uint8Array, at: number): number {
  let end = at + 1
  let isAscii = true
  for (let byte = byteAt(bytes, end); byte !== QUOTE; byte = byteAt(bytes, end)) {
    // Control characters must be escaped; 0 also stands for the end of the body.
    if (byte < SPACE) throw notAPage(bytes, end)
    if (byte > 0x7f) isAscii = false
    end = byte === BACKSLASH ? escapeEnd(bytes, end) : end + 1
  }
  if (!isAscii && !isUtf8(bytes.subarray(at, end))) throw notAPage(bytes, at)
  return end + 1
}

const ESCAPE = /^\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/

function escapeEnd(bytes: Uint8Array, at: number): number {
  const escape = ESCAPE.exec(asciiText(bytes, at, at + 6))
  if (escape === null) throw notAPage(bytes, at)
  return at + escape[0].length
}

/** The text of the string `[from, to)`, quotes included. It must have been found by {@link stringEnd}. */
export function stringText(bytes: Uint8Array, from: number, to: number): string {
  return JSON.parse(utf8Text(bytes, from, to)) as string
}

/** Bytes `[from, to)` as text; damaged UTF-8 must have been refused before. */
export function utf8Text(bytes: Uint8Array, from: number, to: number): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes.subarray(from, to))
}

/** The end of an object or array, depending on `close`. */
function listEnd(
  bytes: Uint8Array,
  at: number,
  { close, depth }: { close: number; depth: number },
): number {
  if (depth > DEPTH_MAX) throw notAPage(bytes, at)
  let next = skipSpace(bytes, at + 1)
  if (byteAt(bytes, next) === close) return next + 1
  for (;;) {
    if (close === CLOSE_BRACE) next = keyEnd(bytes, next)
    next = skipSpace(bytes, valueEnd(bytes, next, depth))
    const byte = byteAt(bytes, next)
    if (byte === close) return next + 1
    if (byte !== COMMA) throw notAPage(bytes, next)
    next = skipSpace(bytes, next + 1)
  }
}

/** The value of the member whose key begins at `at`. */
function keyEnd(bytes: Uint8Array, at: number): number {
  if (byteAt(bytes, at) !== QUOTE) throw notAPage(bytes, at)
  const colon = skipSpace(bytes, stringEnd(bytes, at))
  if (byteAt(bytes, colon) !== COLON) throw notAPage(bytes, colon)
  return skipSpace(bytes, colon + 1)
}

const LITERALS = ['true', 'false', 'null']

/** Numbers and literals. The next byte must end them: in a torn body they may be cut. */
function wordEnd(bytes: Uint8Array, at: number): number {
  const literal = LITERALS.find((word) => asciiText(bytes, at, at + word.length) === word)
  const end = literal === undefined ? jsonNumberEnd(bytes, at) : at + literal.length
  const next = byteAt(bytes, end)
  const isClosed = next === COMMA || next === CLOSE_BRACE || next === CLOSE_BRACKET || isSpace(next)
  if (end < 0 || !isClosed) throw notAPage(bytes, at)
  return end
}

/** Like {@link numberEnd}, but refuses leading zeros. */
function jsonNumberEnd(bytes: Uint8Array, at: number): number {
  const first = byteAt(bytes, at) === MINUS ? at + 1 : at
  const hasLeadingZero = byteAt(bytes, first) === ZERO && digitsEnd(bytes, first) > first + 1
  return hasLeadingZero ? -1 : numberEnd(bytes, at)
}

/** The value `[from, to)` without the white space around its tokens. It must have been found by {@link valueEnd}. */
export function compactText(bytes: Uint8Array, from: number, to: number): string {
  let text = ''
  for (let at = skipSpace(bytes, from); at < to; at = skipSpace(bytes, at)) {
    const end = byteAt(bytes, at) === QUOTE ? stringEnd(bytes, at) : at + 1
    text += utf8Text(bytes, at, end)
    at = end
  }
  return text
}
