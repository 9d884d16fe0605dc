/** Texts of a job as zod has them: each read by a function of its own, and annotated for editors. */

import * as z from 'zod'
import { closest, didYouMean, oneOf, quoted, type Reading } from '../base/suggest.ts'

/** Annotations of JSON Schema; zod copies them as they are. */
export type Note = Readonly<Record<string, unknown>> & { readonly description: string }

/** A text that `read` gives a meaning. */
export function text<T>(read: (text: string) => Reading<T>, note: Note): z.ZodType<T, string> {
  return z
    .string()
    .transform((value, context) => {
      const reading = read(value)
      if ('value' in reading) return reading.value
      context.addIssue({ code: 'custom', message: reading.problem })
      return z.NEVER
    })
    .meta(note)
}

/** Reads one of `words`. */
export function readWord<T extends string>(value: string, words: readonly T[]): Reading<T> {
  const found = words.find((candidate) => candidate === value)
  if (found !== undefined) return { value: found }
  const help = didYouMean(closest(value, words))
  return { problem: `${quoted(value)} is not ${oneOf(words)}${help}` }
}

/** One of `words`. */
export function word<const T extends string>(
  words: readonly T[],
  note: Note,
): z.ZodType<T, string> {
  return text<T>((value) => readWord(value, words), { enum: words, ...note })
}

/**
 * A list of at least one item. Zod checks the length of whatever has one, also of a mapping `{length: {}}` that is no
 * list, and throws where it cannot be compared.
 */
export function list<T extends z.ZodType>(item: T): z.ZodArray<T> {
  const isList = ({ value }: { readonly value: unknown }): boolean => Array.isArray(value)
  const isFilled = new z.core.$ZodCheckMinLength({ check: 'min_length', minimum: 1, when: isList })
  return z.array(item).check(isFilled)
}
