/** Responses → pages, by their format and time unit. What is unusual about them is reported once. */

import { DataError } from '../base/errors.ts'
import type { HttpAnswer } from '../base/ports.ts'
import type { Dataset, Numbers } from '../binance/dataset.ts'
import type { WireFormat } from '../pull/wire.ts'
import { checkPage } from './check.ts'
import { inOrder } from './order.ts'
import type { DecodedPage, Page } from './page.ts'
import { decodeSbe } from './sbe.ts'
import { decodePage } from './scan.ts'
import { UnknownFields } from './unknown-fields.ts'
import type { TimeUnit } from './value.ts'

/** What a page holds. */
export type PageForm = {
  readonly dataset: Dataset
  readonly numbers: Numbers
  /** The unit of its times in JSON. Default µs. */
  readonly unit?: TimeUnit
}

/** Reads the pages of one run. */
export class PageReader {
  readonly #wire: WireFormat
  readonly #onWarning: (message: string) => void
  readonly #unknown: UnknownFields
  #hasWarnedOfUnit = false

  constructor(wire: WireFormat, onWarning: (message: string) => void) {
    this.#wire = wire
    this.#onWarning = onWarning
    this.#unknown = new UnknownFields(onWarning)
  }

  /**
   * Reads an accepted response. `check` decides whether it is what was requested.
   *
   * @throws TransportError, DataError from the decoders and checks.
   */
  read(
    { dataset, numbers, unit = 'us' }: PageForm,
    answer: HttpAnswer,
    check: (page: Page) => void,
  ): Page {
    const sent = this.#wire.read(answer, {
      json: (body) =>
        unit === 'ms'
          ? decodePage(dataset, numbers, body, unit)
          : this.#decode(dataset, numbers, body),
      sbe: (body) => decodeSbe(dataset, numbers, body),
    })
    const page = inOrder(dataset, sent)
    checkPage(dataset, page)
    check(page)
    this.#unknown.warn(dataset.kind, sent.unknownFields)
    return page
  }

  #decode(dataset: Dataset, numbers: Numbers, body: Uint8Array): DecodedPage {
    try {
      return decodePage(dataset, numbers, body, 'us')
    } catch (error) {
      if (!(error instanceof DataError)) throw error
      const page = decodeAsMillis(dataset, numbers, body)
      if (page === undefined) throw error
      if (!this.#hasWarnedOfUnit)
        this.#onWarning(
          'asked for microseconds, got milliseconds: times are exact to the millisecond only',
        )
      this.#hasWarnedOfUnit = true
      return page
    }
  }
}

/**
 * The page read in milliseconds, if that is plausible: the exchange may ignore the header that asks for microseconds.
 */
function decodeAsMillis(
  dataset: Dataset,
  numbers: Numbers,
  body: Uint8Array,
): DecodedPage | undefined {
  try {
    return decodePage(dataset, numbers, body, 'ms')
  } catch {
    // Neither unit fits: the first error is more useful.
    return undefined
  }
}
