/**
 * Is a file of trades whole at its ends? Ids are contiguous, so the row before the first one and the row after the
 * last one tell: when they lie outside the file's time, nothing is missing. REST is asked for them; where it cannot
 * know them, the file's own word must do, if it comes near enough to the end of its time.
 */

import { BackfillError } from '../base/errors.ts'
import { micros, type Micros } from '../base/time.ts'
import type { AskPage } from '../pull/walk.ts'
import type { Page } from '../rows/page.ts'
import { isFatal } from './outcome.ts'

/** How far from the end of its time a file may end, or begin, when nothing else can be asked: six hours. */
const QUIET_MICROS_MAX = 6n * 3_600_000_000n

/** One row by its id. */
export type TradeRow = { readonly id: bigint; readonly time: Micros }

/** The row that a file ended with, and where its part of the time ends. */
export type Tail = TradeRow & { readonly to: Micros }

/** Tells whether files are whole. */
export class Witness {
  readonly #ask: AskPage<Page> | undefined

  /** @param ask - Asks REST for pages of the series; `undefined` where REST may not be asked. */
  constructor(ask: AskPage<Page> | undefined) {
    this.#ask = ask
  }

  /** Is there no row between `tail` and the end of its time? */
  async isEndWhole({ id, time, to }: Tail): Promise<boolean> {
    const isNear = to - time <= QUIET_MICROS_MAX
    if (this.#ask === undefined) return isNear
    const next = await this.#rowFrom(id + 1n)
    if (next === undefined || next.time < to) return false
    // A later row than the next one: REST may have forgotten what lies between.
    return next.id === id + 1n || isNear
  }

  /** Is there no row between `from` and the row `first`? */
  async isHeadWhole({ id, time }: TradeRow, from: Micros): Promise<boolean> {
    if (id === 0n) return true
    const isNear = time - from <= QUIET_MICROS_MAX
    if (this.#ask === undefined) return isNear
    const before = await this.#rowFrom(id - 1n)
    if (before === undefined) return false
    return before.id === id - 1n ? before.time < from : isNear
  }

  /** The row with this id, or the next that REST has; `undefined` when there is none or REST does not answer. */
  async #rowFrom(fromId: bigint): Promise<TradeRow | undefined> {
    try {
      const page = await this.#ask?.({ fromId, limit: 1 }, () => undefined)
      const id = page?.keys[0]
      return id === undefined ? undefined : { id, time: micros(page?.times[0] ?? 0n) }
    } catch (error) {
      // Then the row is not proven; whoever asks for what is missing meets the failure again.
      if (error instanceof BackfillError && !isFatal(error)) return undefined
      throw error
    }
  }
}
