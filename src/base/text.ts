/** Text from outside, made safe for a terminal, a log line and an error message. */

// C0, DEL, C1, zero-width and bidirectional marks, line and paragraph separators, interlinear marks,
// the byte-order mark, tags and lone surrogates: all of them can hide, reorder or forge what a person reads.
const UNSAFE =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}\p{Cs}]/gu

/** Longest outside text that is quoted, in characters. */
const QUOTED_MAX = 300

/**
 * `text` with every character that could hide, reorder or forge written as `\u{...}`, cut to `max` characters. Linear
 * in the cut length, whatever the input.
 */
export function quoteText(text: string, max: number = QUOTED_MAX): string {
  const cut = text.slice(0, max)
  const safe = cut.replace(UNSAFE, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`)
  return text.length > max ? `${safe}...` : safe
}

/**
 * `value` as JSON on one line, with every character that could hide, reorder or forge escaped: JSON.stringify leaves C1
 * controls and bidirectional marks as they are, and the reader may be a terminal.
 */
export function jsonText(value: unknown): string {
  return safeJson(JSON.stringify(value))
}

/** JSON on one line, made safe as by {@link jsonText}, with the same meaning as before. */
export function safeJson(json: string): string {
  return json.replace(UNSAFE, (char) =>
    Array.from({ length: char.length }, (_, at) => unitEscape(char.charCodeAt(at))).join(''),
  )
}

function unitEscape(unit: number): string {
  return `\\u${unit.toString(16).padStart(4, '0')}`
}

/** `text` without the zeros at the end of its fraction, and without its point where nothing is left behind it. */
export function withoutZeros(text: string): string {
  if (!text.includes('.')) return text
  let end = text.length
  while (text[end - 1] === '0') end -= 1
  return text.slice(0, text[end - 1] === '.' ? end - 1 : end)
}

/** How many terminal columns `text` takes: wide and full-width characters take two, marks none. */
export function displayWidth(text: string): number {
  let width = 0
  for (const char of text) width += charWidth(char)
  return width
}

const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u

function charWidth(char: string): number {
  if (/\p{Mn}|\p{Me}|\p{Cf}/u.test(char)) return 0
  return WIDE.test(char) ? 2 : 1
}
