/**
 * Which format pages are asked for in: JSON, or SBE for as long as the exchange and we can both speak it. What is odd
 * about that is said once.
 */

import { RejectedError } from '../base/errors.ts'
import type { HttpAnswer } from '../base/ports.ts'
import { isSbeRefusal, sbeOutcome, SbeUnknownError } from '../binance/sbe-answer.ts'
import { SBE_HEADERS, SBE_SCHEMA } from '../binance/sbe.ts'

type Format = 'json' | 'sbe'

/** How a body is read in each format. */
type BodyReaders<T> = Readonly<Record<Format, (body: Uint8Array) => T>>

const SCHEMA = `SBE schema ${SBE_SCHEMA.id}:${SBE_SCHEMA.version}`

/** The format of one process. For requests of pages only: other endpoints are read as JSON. */
export class WireFormat {
  readonly #onWarning: (message: string) => void
  readonly #said = new Set<string>()
  #format: Format

  constructor(format: Format, onWarning: (message: string) => void) {
    this.#format = format
    this.#onWarning = onWarning
  }

  /** The format that is asked for now. */
  get format(): Format {
    return this.#format
  }

  /** What asks for it; for `Query.headers`, so that a retry asks anew. */
  headers(): Readonly<Record<string, string>> {
    return this.#format === 'sbe' ? SBE_HEADERS : {}
  }

  /**
   * Reads an accepted answer in the format that it came in.
   *
   * @throws SbeUnknownError when it is SBE that we cannot read; from then on JSON is asked for, so try again.
   * @throws whatever the readers throw.
   */
  read<T>(answer: HttpAnswer, readers: BodyReaders<T>): T {
    const { format, isDeprecated } = sbeOutcome(answer)
    if (isDeprecated)
      this.#sayOnce(
        `${SCHEMA} is deprecated and will be retired: update binance-backfill, or use --wire json`,
      )
    if (format === 'json') {
      if (this.#format === 'sbe') this.#sayOnce('asked for SBE, got JSON: the rows are the same')
      return readers.json(answer.body)
    }
    try {
      return readers.sbe(answer.body)
    } catch (error) {
      if (error instanceof SbeUnknownError) this.#fallBack(error.message)
      throw error
    }
  }

  /**
   * Was a request refused because it asked for SBE? Then JSON is asked for from now on: ask again.
   *
   * @param asked - The format that it was sent in: others may have fallen back since.
   */
  isRefused(error: unknown, asked: Format): boolean {
    if (asked === 'json' || !(error instanceof RejectedError)) return false
    if (!isSbeRefusal(error.status, error.exchangeCode)) return false
    this.#fallBack(error.message)
    return true
  }

  #fallBack(reason: string): void {
    this.#format = 'json'
    this.#sayOnce(`going on with JSON instead of SBE: ${reason}`)
  }

  #sayOnce(message: string): void {
    if (this.#said.has(message)) return
    this.#said.add(message)
    this.#onWarning(message)
  }
}
