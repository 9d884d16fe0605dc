/** Fields that the exchange added: reported once per run, not for each page, file or series that has them. */

import { quoteText } from '../base/text.ts'
import type { DatasetKind } from '../binance/dataset.ts'
import type { UnknownField } from './page.ts'

/** How many are reported by name. More is not an exchange that adds fields, but an answer of another kind. */
const NAMES_MAX = 20
const NAME_CHARS_MAX = 60
const ADVICE =
  'upgrade binance-backfill; if the newest version does not know it either, report the field'

/** The fields reported in one run. */
export class UnknownFields {
  readonly #onWarning: (message: string) => void
  readonly #warned = new Map<DatasetKind, Set<string>>()

  constructor(onWarning: (message: string) => void) {
    this.#onWarning = onWarning
  }

  /** Warns of `fields` that were not reported yet. */
  warn(kind: DatasetKind, fields: readonly UnknownField[]): void {
    const warned = this.#warned.get(kind) ?? new Set()
    this.#warned.set(kind, warned)
    for (const { name, isKept } of fields) {
      if (warned.has(name) || warned.size > NAMES_MAX) continue
      warned.add(name)
      if (warned.size > NAMES_MAX)
        this.#onWarning(`${kind}: more than ${NAMES_MAX} unknown fields; no more of them are named`)
      else this.#onWarning(`${kind}: ${wordsOf(name, isKept)}: ${ADVICE}`)
    }
  }
}

function wordsOf(name: string, isKept: boolean): string {
  const field = `unknown field "${quoteText(name, NAME_CHARS_MAX)}"`
  return isKept
    ? `${field}, which is kept in the column extra`
    : `${field}, which is not stored; all known columns are`
}
