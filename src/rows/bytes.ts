/** ASCII codes, and the two questions that every reader of bytes asks. */

export const TAB = 0x09
export const LINE_FEED = 0x0a
export const CARRIAGE_RETURN = 0x0d
export const SPACE = 0x20
export const QUOTE = 0x22
export const COMMA = 0x2c
export const MINUS = 0x2d
export const ZERO = 0x30
export const COLON = 0x3a
export const OPEN_BRACKET = 0x5b
export const BACKSLASH = 0x5c
export const CLOSE_BRACKET = 0x5d
export const OPEN_BRACE = 0x7b
export const CLOSE_BRACE = 0x7d

// As far as any reader looks ahead.
const PADDING = 8
// Bodies smaller than this share one array; a new one for each page costs as much as decoding its keys.
const SHARED_BYTES_MAX = 1 << 20
let shared = new Uint8Array(0)

/**
 * `body` followed by zeros. Readers stop at a zero, so none of them reads past the end of an array: one such read makes
 * V8 compile every loop over bytes to half its speed.
 *
 * The bytes are valid until the next call; decoding is synchronous and keeps none of them.
 */
export function padded(body: Uint8Array): Uint8Array {
  const length = body.length + PADDING
  if (length > SHARED_BYTES_MAX) return copyInto(new Uint8Array(length), body)
  if (length > shared.length) shared = new Uint8Array(Math.max(length, 2 * shared.length))
  return copyInto(shared.subarray(0, length), body)
}

function copyInto(bytes: Uint8Array, body: Uint8Array): Uint8Array {
  bytes.set(body)
  return bytes.fill(0, body.length)
}

/** `text` as UTF-8, followed by zeros as {@link padded} bytes are. */
export function paddedText(text: string): Uint8Array {
  return new TextEncoder().encode(text + '\0'.repeat(PADDING))
}

/** The length of a {@link padded} body. */
export function unpaddedLength(bytes: Uint8Array): number {
  return bytes.length - PADDING
}

/** The byte at `at`; 0, which no text holds, outside the bytes. */
export function byteAt(bytes: Uint8Array, at: number): number {
  return bytes[at] ?? 0
}

/** The digit at `at`, 0 to 9; another number if there is none. */
export function digitAt(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) - ZERO
}

/** Is the result of {@link digitAt} a digit? */
export function isDigit(digit: number): boolean {
  return digit >= 0 && digit <= 9
}

/** Where the run of digits that begins at `at` ends; `at` itself when there is none. */
export function digitsEnd(bytes: Uint8Array, at: number): number {
  let end = at
  while (isDigit(digitAt(bytes, end))) end++
  return end
}

/** Bytes `[from, to)` as text, one character per byte; for short ASCII. */
export function asciiText(bytes: Uint8Array, from: number, to: number): string {
  return String.fromCharCode(...bytes.subarray(from, to))
}
