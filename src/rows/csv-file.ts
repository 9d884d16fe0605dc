/**
 * One archive file as rows that may be stored: decoded, in order, each key once, each row possible. Also counts what
 * the file proves about itself and what is unusual in it.
 */

import { ArchiveError, DataError } from '../base/errors.ts'
import { quoteText } from '../base/text.ts'
import { micros, type Micros } from '../base/time.ts'
import type { Dataset, Numbers } from '../binance/dataset.ts'
import { checkPage } from './check.ts'
import { decodeCsv, type CsvOptions } from './csv.ts'
import { HELD_ROWS, noRepairs, reconcileRows, type Repairs } from './csv-reconcile.ts'
import { isRising } from './int64.ts'
import type { DecodedPage, Page, UnknownField } from './page.ts'

/** Trades without a quantity: this many of them, and this share of all rows, are not trades but a fault of the file. */
const FLOOD_ROWS = 1_000
const FLOOD_SHARE = 0.01

/** What a file contains. Complete once its pages were read to their end. */
export type CsvEvidence = Readonly<Omit<Repairs, 'conflictRows'>> & {
  readonly conflictRows: readonly Repairs['conflictRows'][number][]
  /** Rows returned. */
  readonly rows: number
  /** Of the first and last row; `undefined` when there is none. */
  readonly firstTime: Micros | undefined
  readonly lastTime: Micros | undefined
  readonly firstKey: bigint | undefined
  readonly lastKey: bigint | undefined
  /** How far times go back at most while keys increase, in microseconds. */
  readonly back: bigint
  /** Placeholder rows; kept. */
  readonly dummies: number
  /** Trades without a quantity; kept unless they are a flood. */
  readonly zeroQuantities: number
}

/** How to read a file. */
export type CsvFileOptions = CsvOptions & {
  /** Rows held back to be sorted, and to be checked together. Default 131,072. */
  readonly heldRows?: number
}

/** Reads one file. */
export class CsvFile {
  readonly #dataset: Dataset
  readonly #numbers: Numbers
  readonly #options: CsvFileOptions
  readonly #repairs = noRepairs()
  #rows = 0
  #first: { time: Micros; key: bigint } | undefined
  #last: { time: Micros; key: bigint } | undefined
  #isOfPeriod = false
  #back = 0n
  #dummies = 0
  #zeroQuantities = 0
  #unknownFields: readonly UnknownField[] = []

  constructor(dataset: Dataset, numbers: Numbers, options: CsvFileOptions) {
    this.#dataset = dataset
    this.#numbers = numbers
    this.#options = options
  }

  /** What has been found so far. */
  get evidence(): CsvEvidence {
    return {
      ...this.#repairs,
      rows: this.#rows,
      firstTime: this.#first?.time,
      lastTime: this.#last?.time,
      firstKey: this.#first?.key,
      lastKey: this.#last?.key,
      back: this.#back,
      dummies: this.#dummies,
      zeroQuantities: this.#zeroQuantities,
    }
  }

  /** Columns of the file that this version does not know, as far as it was read. */
  get unknownFields(): readonly UnknownField[] {
    return this.#unknownFields
  }

  /**
   * The rows, strictly increasing by key, inside the file's period and possible. Times may go back while keys increase.
   * Call once.
   *
   * @throws ArchiveError `csv`, `period`, `disorder`, `rows` or `flood`. Rows returned by then must be taken back if
   * they are not stored yet: the file is set aside as a whole.
   */
  async *pages(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Page, void, void> {
    const { file, heldRows = HELD_ROWS } = this.#options
    const decoded = decodeCsv(this.#dataset, this.#numbers, chunks, this.#options)
    const options = { file, heldRows, repairs: this.#repairs }
    const waiting: Page[] = []
    for await (const page of reconcileRows(this.#dataset, this.#noting(decoded), options)) {
      this.#check(page)
      waiting.push(page)
      // Shares mean little for few rows; and of a short file, nothing is returned before all of it was read.
      if (this.#rows < heldRows) continue
      this.#checkFlood()
      yield* waiting.splice(0)
    }
    this.#checkFlood()
    this.#checkPeriod()
    yield* waiting
  }

  /** Each page carries the unknown columns found so far. */
  async *#noting(pages: AsyncIterable<DecodedPage>): AsyncGenerator<Page, void, void> {
    for await (const page of pages) {
      this.#unknownFields = page.unknownFields
      yield page
    }
  }

  #check(page: Page): void {
    const { file } = this.#options
    try {
      const { dummies, zeroQuantities } = checkPage(this.#dataset, page)
      this.#dummies += dummies
      this.#zeroQuantities += zeroQuantities
    } catch (error) {
      if (!(error instanceof DataError)) throw error
      const message = `${quoteText(file)}: ${error.message}`
      throw new ArchiveError('rows', file, message, { cause: error })
    }
    this.#rows += page.rowCount
    const { period } = this.#options
    this.#isOfPeriod ||= page.times.some((time) => period.from <= time && time < period.to)
    this.#back = stepBack(page, this.#last?.time, this.#back)
    const lastRow = page.rowCount - 1
    this.#first ??= { time: micros(page.times[0] ?? 0n), key: page.keys[0] ?? 0n }
    this.#last = { time: micros(page.times[lastRow] ?? 0n), key: page.keys[lastRow] ?? 0n }
  }

  #checkFlood(): void {
    const { file } = this.#options
    const zeros = this.#zeroQuantities
    if (zeros <= FLOOD_ROWS || zeros <= FLOOD_SHARE * this.#rows) return
    const message = `${quoteText(file)}: ${zeros} of ${this.#rows} trades have no quantity`
    throw new ArchiveError('flood', file, message)
  }

  /** Some rows may lie a little outside of the file's period, but not all of them. */
  #checkPeriod(): void {
    const { file } = this.#options
    if (this.#rows === 0 || this.#isOfPeriod) return
    throw new ArchiveError('period', file, `${quoteText(file)}: no row of the file's own period`)
  }
}

/** The largest step back of times in `page`, also from the row before it, if it is above `least`. */
function stepBack({ times }: Page, before: Micros | undefined, least: bigint): bigint {
  let back = least
  let last = before ?? times[0] ?? 0n
  if (last <= (times[0] ?? 0n) && isRising(times)) return back
  for (const time of times) {
    if (last - time > back) back = last - time
    last = time
  }
  return back
}
