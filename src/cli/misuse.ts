/** What is wrong with a command line, found before the library is loaded. Prints as every other error does. */

/** The command line or the environment asks for something that cannot be. Nothing was done; exit 2. */
export class Misuse extends Error {
  readonly code = 'E_USAGE'
  readonly exit = 2
  readonly hint: string | undefined

  constructor(message: string, hint?: string) {
    // One line, whatever was typed: the next one would pass for ours.
    super(message.replaceAll('\n', '\\u{a}'))
    this.name = 'Misuse'
    this.hint = hint
  }
}

/** The entry of `known` that `text` was probably meant to be; `undefined` when none is near. */
export function nearest(text: string, known: readonly string[]): string | undefined {
  const typed = text.slice(0, 40).toLowerCase()
  let best: { readonly name: string; readonly distance: number } | undefined
  for (const name of known) {
    const distance = editDistance(typed, name.toLowerCase())
    const isNear = distance <= Math.max(1, Math.floor(name.length / 3))
    if (isNear && (best === undefined || distance < best.distance)) best = { name, distance }
  }
  return best?.name
}

/** `; did you mean X?`, or nothing. */
export function didYouMean(text: string, known: readonly string[], prefix = ''): string {
  const name = nearest(text, known)
  return name === undefined ? '' : `; did you mean ${prefix}${name}?`
}

/** Levenshtein: the least number of letters to insert, delete or replace. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: Array.from(b).length + 1 }, (_, j) => j)
  for (const [i, charA] of Array.from(a).entries()) {
    const next = [i + 1]
    for (const [j, charB] of Array.from(b).entries()) {
      const replaced = (row[j] ?? 0) + (charA === charB ? 0 : 1)
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1))
    }
    row = next
  }
  return row.at(-1) ?? 0
}
