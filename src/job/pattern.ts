/** Patterns of symbols: `*` stands for any characters, also none, and `?` for one. */

import { quoted, type Reading } from '../base/suggest.ts'

/** What `readPattern` accepts, for editors; with the `u` flag. */
export const MATCH_SOURCE: string = '^(?!.*[a-z])[\\p{L}\\p{M}\\p{N}._*?-]{1,40}$'

/** Reads a pattern; the result is NFC. */
export function readPattern(text: string): Reading<string> {
  const value = text.normalize('NFC')
  if (new RegExp(MATCH_SOURCE, 'u').test(value)) return { value }
  const upper = value.toUpperCase()
  const reason = new RegExp(MATCH_SOURCE, 'u').test(upper)
    ? `; did you mean ${quoted(upper)}?`
    : '; write e.g. "*USDT": * stands for any characters, ? for one'
  return { problem: `${quoted(text)} is not a pattern of symbols${reason}` }
}

/** Does the whole of `symbol` fit? In time that is bounded by the product of both lengths, whatever the pattern. */
export function fitsPattern(symbol: string, pattern: string): boolean {
  const [chars, signs] = [Array.from(symbol), Array.from(pattern)]
  // Which beginnings of the symbol fit the beginning of the pattern that was looked at.
  let fitting = chars.map(() => false)
  fitting.unshift(true)
  for (const sign of signs) {
    const before = fitting
    let isAny = false
    fitting = before.map((isFitting, length) => {
      isAny ||= isFitting
      if (sign === '*') return isAny
      if (length === 0) return false
      return before[length - 1] === true && (sign === '?' || sign === chars[length - 1])
    })
  }
  return fitting.at(-1) === true
}
