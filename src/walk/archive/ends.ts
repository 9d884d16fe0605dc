/**
 * Is a file of trades complete at its ends? Ids are contiguous, so the rows before the first and after the last one
 * show it: when they lie outside the file's time, nothing is missing. The file itself cannot prove this. REST is asked
 * for these rows, and where it no longer has them, another source has to confirm.
 */

import { BackfillError, isFatal } from '../../base/errors.ts'
import { micros, type Micros } from '../../base/time.ts'
import { DISORDER } from '../../binance/disorder.ts'
import type { AskPage } from '../walk.ts'
import { lowerBound } from '../../rows/int64.ts'
import type { Page } from '../../rows/page.ts'
import type { IdRange } from './id-set.ts'

/** Rows next to an end that are checked, since times may go back while ids increase: as many as one request returns. */
const ROWS_NEAR_END = 1_000

/** Most pages checked after an end. */
const PAGES_MAX = 10

/** One row by its id. */
export type TradeRow = { readonly id: bigint; readonly time: Micros }

/** `torn`: rows are missing there. `unknown`: there is no evidence. */
export type FileEndVerdict = 'whole' | 'torn' | 'unknown'

/** Checks the ends of files against REST. */
export class EndCheck {
  readonly #ask: AskPage | undefined

  /** @param ask - Requests pages of the series from REST; `undefined` where REST may not be used. */
  constructor(ask: AskPage | undefined) {
    this.#ask = ask
  }

  /** Do rows before `to` follow the row `id`? Reads on until times no longer go back that far. */
  async afterEnd(id: bigint, to: Micros): Promise<FileEndVerdict> {
    let next = id + 1n
    for (let count = 0; count < PAGES_MAX; count++) {
      const page = await this.#rowsFrom(next)
      // The answer starts after the next row: REST no longer has what lies between.
      if (page === undefined || !isContiguous(page, next)) return 'unknown'
      if (page.times.some((time) => time < to)) return 'torn'
      if ((page.times.at(-1) ?? to) >= to + DISORDER) return 'whole'
      next += BigInt(page.rowCount)
    }
    return 'unknown'
  }

  /** Do rows after `from` precede the row `id`? */
  async beforeHead(id: bigint, from: Micros): Promise<FileEndVerdict> {
    let next = id > ROWS_NEAR_END ? id - BigInt(ROWS_NEAR_END) : 0n
    // A page may be shorter than requested.
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

  /** Do rows with all of these ids exist, all with matching times? */
  async hasBeyond({ first, last }: IdRange, isBeyond: (time: bigint) => boolean): Promise<boolean> {
    const count = Number(last - first) + 1
    if (count > ROWS_NEAR_END) return false
    const page = await this.#rowsFrom(first)
    return page?.keys[count - 1] === last && page.times.subarray(0, count).every(isBeyond)
  }

  /** Rows from this id on, as many as one request returns; `undefined` when there are none or REST does not answer. */
  async #rowsFrom(fromId: bigint): Promise<Page | undefined> {
    try {
      const page = await this.#ask?.({ fromId, limit: ROWS_NEAR_END }, () => undefined)
      return page?.rowCount === 0 ? undefined : page
    } catch (error) {
      // Then the end is not proven; the request for the missing rows meets the failure again.
      if (error instanceof BackfillError && !isFatal(error)) return undefined
      throw error
    }
  }
}

/** Does the page have every id from this one to its last? */
function isContiguous({ keys, rowCount }: Page, first: bigint): boolean {
  return keys[0] === first && keys[rowCount - 1] === first + BigInt(rowCount - 1)
}

/** The row at `row` of a page. */
export function tradeRow({ keys, times }: Pick<Page, 'keys' | 'times'>, row: number): TradeRow {
  return { id: keys[row] ?? 0n, time: micros(times[row] ?? 0n) }
}
