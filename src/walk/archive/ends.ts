/**
 * Is a file of trades whole at its ends? Ids are contiguous, so the rows before the first one and after the last one
 * tell: when they lie outside the file's time, nothing is missing. The file's own word is not enough: REST is asked for
 * these rows, and where it does not know them, somebody else has to.
 */

import { BackfillError, isFatal } from '../../base/errors.ts'
import { micros, type Micros } from '../../base/time.ts'
import { DISORDER } from '../../binance/disorder.ts'
import type { AskPage } from '../walk.ts'
import { lowerBound } from '../../rows/int64.ts'
import type { Page } from '../../rows/page.ts'
import type { IdRange } from './id-set.ts'

/** Rows beside an end that are looked at, since times may go back while ids go on: as many as one request brings. */
const ROWS_BESIDE = 1_000

/** Pages after an end that are looked through at most. */
const PAGES_MAX = 10

/** One row by its id. */
export type TradeRow = { readonly id: bigint; readonly time: Micros }

/** `torn`: rows are missing there. `unknown`: nobody tells. */
export type Verdict = 'whole' | 'torn' | 'unknown'

/** What REST tells of the ends of files. */
export class Witness {
  readonly #ask: AskPage | undefined

  /** @param ask - Asks REST for pages of the series; `undefined` where REST may not be asked. */
  constructor(ask: AskPage | undefined) {
    this.#ask = ask
  }

  /** Do rows follow the row `id` that lie before `to`? They are looked through until times do not go back so far. */
  async afterEnd(id: bigint, to: Micros): Promise<Verdict> {
    let next = id + 1n
    for (let count = 0; count < PAGES_MAX; count++) {
      const page = await this.#rowsFrom(next)
      // A later row than the next one: REST has forgotten what lies between.
      if (page === undefined || !isContiguous(page, next)) return 'unknown'
      if (page.times.some((time) => time < to)) return 'torn'
      if ((page.times.at(-1) ?? to) >= to + DISORDER) return 'whole'
      next += BigInt(page.rowCount)
    }
    return 'unknown'
  }

  /** Do rows come before the row `id` that lie after `from`? */
  async beforeHead(id: bigint, from: Micros): Promise<Verdict> {
    let next = id > ROWS_BESIDE ? id - BigInt(ROWS_BESIDE) : 0n
    // A page may be shorter than it was asked for.
    for (;;) {
      const page = await this.#rowsFrom(next)
      const end = page === undefined ? 0 : lowerBound(page.keys, id)
      const last = page?.keys[end - 1]
      if (page === undefined || last === undefined || last < next) return 'unknown'
      if (page.times.subarray(0, end).some((time) => time >= from)) return 'torn'
      if (last === id - 1n) return 'whole'
      next = last + 1n
    }
  }

  /** Are there rows with all of these ids, and all of a time like that? */
  async hasBeyond({ first, last }: IdRange, isBeyond: (time: bigint) => boolean): Promise<boolean> {
    const count = Number(last - first) + 1
    if (count > ROWS_BESIDE) return false
    const page = await this.#rowsFrom(first)
    return page?.keys[count - 1] === last && page.times.subarray(0, count).every(isBeyond)
  }

  /** Rows from this id on, as many as a request brings; `undefined` when there is none or REST does not answer. */
  async #rowsFrom(fromId: bigint): Promise<Page | undefined> {
    try {
      const page = await this.#ask?.({ fromId, limit: ROWS_BESIDE }, () => undefined)
      return page?.rowCount === 0 ? undefined : page
    } catch (error) {
      // Then the row is not proven; whoever asks for what is missing meets the failure again.
      if (error instanceof BackfillError && !isFatal(error)) return undefined
      throw error
    }
  }
}

/** Does a page have each id from this one to its last? */
function isContiguous({ keys, rowCount }: Page, first: bigint): boolean {
  return keys[0] === first && keys[rowCount - 1] === first + BigInt(rowCount - 1)
}

/** The row at `row` of a page. */
export function tradeRow({ keys, times }: Page, row: number): TradeRow {
  return { id: keys[row] ?? 0n, time: micros(times[row] ?? 0n) }
}
