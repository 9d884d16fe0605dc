/** Text made to harm a terminal, a log or a reader, and how to see that it did not. */

import { expect } from 'vitest'

/** Moves the cursor, fills the clipboard, reverses the line, hides, ends the line and forges the next ones. */
export const HOSTILE =
  'x\u001b]52;c;aGFjaw==\u0007\u001b[2J\u001b[1;31mred\u009b31m\u202eevil\u2066\u200b\u2028\u0085\u0000\u007f\nerror: forged\r\n{"kind":"summary","complete":true}'

/** {@link HOSTILE} as the name of a file can have it. */
export const HOSTILE_NAME: string = HOSTILE.replaceAll('\u0000', '').replaceAll('/', '')

// All of C0 but the line feed that ends a line, C1, bidirectional and zero-width marks, separators.
const UNSAFE =
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/

/** What our own colours and bars are made of, on a terminal. */

const OURS = /\u001b\[(?:\d{1,2}m|\?25[hl]|\?7[hl]|\d*[ABCDGJK]|0?[GK])|\r/g

/** `text` may be shown: nothing in it moves, hides, reverses or forges. */
export function expectSafe(text: string, isTerminal = false): void {
  const own = isTerminal ? text.replace(OURS, '') : text
  expect(UNSAFE.exec(own)?.[0], JSON.stringify(text.slice(0, 2_000))).toBeUndefined()
  expect(own).not.toMatch(/^\s*error: forged/m)
  expect(own).not.toMatch(/^\{"kind":"summary","complete":true\}/m)
}
