/**
 * The format requested for pages: JSON, or SBE as long as both the exchange and this version support it. What is
 * unusual is reported once.
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
  readonly #warned = new Set<string>()
  #format: Format

  constructor(format: Format, onWarning: (message: string) => void) {
    this.#format = format
    this.#onWarning = onWarning
  }

  /** The format that is currently requested. */
  get format(): Format {
    return this.#format
  }

  /** The headers that request it; for `Query.headers`, so that each retry uses the current format. */
  headers(): Readonly<Record<string, string>> {
    return this.#format === 'sbe' ? SBE_HEADERS : {}
  }

  /**
   * Reads an accepted answer in the format it came in.
   *
   * @throws SbeUnknownError for SBE that cannot be read; from then on JSON is requested, so try again.
   * @throws whatever the readers throw.
   */
  read<T>(answer: HttpAnswer, readers: BodyReaders<T>): T {
    const { format, isDeprecated } = sbeOutcome(answer)
    if (isDeprecated)
      this.#warnOnce(
        `${SCHEMA} is deprecated and will be retired: update binance-backfill, or use --wire json`,
      )
    if (format === 'json') {
      if (this.#format === 'sbe') this.#warnOnce('asked for SBE, got JSON: the rows are the same')
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
   * Was a request refused because it asked for SBE? Then JSON is requested from now on: send it again.
   *
   * @param asked - The format of that request; other requests may have fallen back since.
   */
  isRefused(error: unknown, asked: Format): boolean {
    if (asked === 'json' || !(error instanceof RejectedError)) return false
    if (!isSbeRefusal(error.status, error.exchangeCode)) return false
    this.#fallBack(error.message)
    return true
  }

  #fallBack(reason: string): void {
    this.#format = 'json'
    this.#warnOnce(`continuing with JSON instead of SBE: ${reason}`)
  }

  #warnOnce(message: string): void {
    if (this.#warned.has(message)) return
    this.#warned.add(message)
    this.#onWarning(message)
  }
}
