/** Says what was found and what was probably meant. All user text goes through `quoteText` here. */

import { quoteText } from './text.ts'

/** Either the meaning of a text, or what is wrong with it: one sentence without a full stop. */
export type Reading<T> = { readonly value: T } | { readonly problem: string }

const QUOTED_MAX = 60

/** `text` between double quotes, cut and made safe for a terminal. */
export function quoted(text: string): string {
  return `"${quoteText(text, QUOTED_MAX)}"`
}

/** `; did you mean "x"?`, or nothing without a suggestion. */
export function didYouMean(suggestion: string | undefined): string {
  return suggestion === undefined ? '' : `; did you mean ${quoted(suggestion)}?`
}

/** `a, b or c`. */
export function oneOf(words: readonly string[]): string {
  return words.length < 2
    ? words.join('')
    : `${words.slice(0, -1).join(', ')} or ${words.at(-1) ?? ''}`
}

/**
 * The candidate of which `text` is most likely a typo: equal except for case and separators, or else the one with the
 * fewest edits, if those are few for its length. The earlier candidate wins a tie.
 */
export function closest(text: string, candidates: readonly string[]): string | undefined {
  const folded = fold(text)
  const same = candidates.find((candidate) => fold(candidate) === folded)
  if (same !== undefined) return same
  let best: string | undefined
  let least = editsMax(text.length) + 1
  for (const candidate of candidates) {
    // The difference in length is a lower bound, and keeps a hostile text from being expensive.
    if (Math.abs(candidate.length - text.length) >= least) continue
    const edits = editDistance(folded, fold(candidate))
    if (edits < least) [best, least] = [candidate, edits]
  }
  return best
}

function fold(text: string): string {
  return text.length > QUOTED_MAX ? text : text.toLowerCase().replace(/[-_ ]/g, '')
}

function editsMax(length: number): number {
  if (length < 3) return 0
  return length < 5 ? 2 : 3
}

/** Levenshtein: the fewest insertions, deletions and substitutions of UTF-16 units that turn `a` into `b`. */
export function editDistance(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const line = [row]
    for (let column = 1; column <= b.length; column++) {
      const substitution = (above[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1)
      line.push(Math.min(substitution, (above[column] ?? 0) + 1, (line[column - 1] ?? 0) + 1))
    }
    above = line
  }
  return above[b.length] ?? 0
}
