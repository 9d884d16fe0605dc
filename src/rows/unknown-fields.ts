/** Fields that the exchange added: said once a run, not with each page, file or series that has them. */

import { quoteText } from '../base/text.ts'
import type { DatasetKind } from '../binance/dataset.ts'
import type { UnknownField } from './page.ts'

/** So many are told by name; more is not an exchange that grows, but an answer of something else. */
const NAMES_MAX = 20
const NAME_CHARS_MAX = 60
const ADVICE =
  'upgrade binance-backfill; if the newest version does not know it either, report the field'

/** What was said in one run. */
export class UnknownFields {
  readonly #onWarning: (message: string) => void
  readonly #said = new Map<DatasetKind, Set<string>>()

  constructor(onWarning: (message: string) => void) {
    this.#onWarning = onWarning
  }

  /** Warns of those of `fields` that nothing was said of yet. */
  tell(kind: DatasetKind, fields: readonly UnknownField[]): void {
    const said = this.#said.get(kind) ?? new Set()
    this.#said.set(kind, said)
    for (const { name, isKept } of fields) {
      if (said.has(name) || said.size > NAMES_MAX) continue
      said.add(name)
      if (said.size > NAMES_MAX)
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
