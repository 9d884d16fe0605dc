/**
 * Where a file of trades may lack rows although no id shows it: silences that are too long for how busy the contract is.
 * A file that was cut, or a month without one of its days, has its checksum all the same.
 */

import { clip, covers, type Coverage } from '../../base/coverage.ts'
import type { GapReason } from '../../base/gap.ts'
import { micros, type Micros, type Window } from '../../base/time.ts'
import { archiveSpan } from '../../binance/archive.ts'
import type { SeriesKey } from '../../binance/series.ts'
import { rowsInZip } from '../../plan/cost.ts'
import { isRising } from '../../rows/int64.ts'
import type { Page } from '../../rows/page.ts'
import type { OpenFile } from './archive-run.ts'
import type { Jump } from './file-gaps.ts'

/** A silence that is longer than this many times the usual distance of two trades is not one of chance. */
const TIMES_USUAL = 100
/** Markets stop for maintenance, for less than an hour. In microseconds. */
const SHORTEST = 3_600_000_000

/** An answer of a later run counts when the stretch is at least this old. */
const ASKED_LATER = 86_400_000_000n

/** What is known of the time of a file besides it. */
export type KnownSilences = {
  /** Those that the file of the month has. */
  readonly agreed: Coverage
  /** Stretches that an earlier look left unconfirmed. */
  readonly unconfirmed: Coverage
  /** The server's clock, read before the first request. */
  readonly now: Micros
  readonly hasRowsBefore: boolean
}

/** The silences of one file. */
export class Silences {
  readonly #longest: bigint
  readonly #isMonth: boolean
  readonly #part: Window
  readonly #window: Window
  #newest: Micros | undefined
  /** Those found so far. */
  readonly found: Window[] = []
  readonly #known: KnownSilences

  constructor(key: SeriesKey, { file, archive, part }: OpenFile, known: KnownSilences) {
    const length = Number(file.window.to - file.window.from)
    const usual = length / Math.max(1, rowsInZip(key, archive.file.sizeBytes))
    this.#part = part
    this.#window = file.window
    this.#longest = BigInt(Math.ceil(Math.max(SHORTEST, usual * TIMES_USUAL)))
    this.#isMonth = archiveSpan(file.period) === 'monthly'
    this.#known = known
  }

  /** Those between rows of a page, and before it where a page came before. */
  jumps({ times, rowCount }: Pick<Page, 'times' | 'rowCount'>): Jump[] {
    const jumps: Jump[] = []
    const begin = this.#newest ?? times[0] ?? 0n
    const end = times[rowCount - 1] ?? begin
    const isQuick = end - begin <= this.#longest && isRising(times)
    for (let row = 0; row < rowCount && !isQuick; row++) {
      const time = times[row] ?? 0n
      const last = this.#newest
      if (last !== undefined && time - last > this.#longest) {
        // Times may go back: the first of those that follow.
        const next = times
          .subarray(row, rowCount)
          .reduce((first, one) => (one < first ? one : first))
        jumps.push(...this.between(micros(last + 1n), micros(next)))
      }
      if (last === undefined || time > last) this.#newest = micros(time)
    }
    if (this.#newest === undefined || end > this.#newest) this.#newest = micros(end)
    return jumps
  }

  /** The silence at the end of the file, after all rows that came. */
  end(): Jump[] {
    const { from, to } = this.#window
    return this.between(this.#newest === undefined ? from : micros(this.#newest + 1n), to)
  }

  /** The silence of a stretch without rows, if it is one, as far as the file is wanted. */
  between(from: Micros, to: Micros, isHead = false): Jump[] {
    if (to - from <= this.#longest) return []
    return clip([{ from, to }], this.#part).map((window) => {
      this.found.push(window)
      const isFirst = isHead && !this.#known.hasRowsBefore
      return { ids: NONE, gap: { ...window, reason: this.#reasonOf(window, isFirst) } }
    })
  }

  /** The file of the day and that of the month agree, or two looks at one, the second a day after. */
  #reasonOf(window: Window, isFirst: boolean): GapReason {
    const { agreed, unconfirmed, now } = this.#known
    const isAgreed = !this.#isMonth && covers(agreed, window)
    if (isAgreed || (covers(unconfirmed, window) && window.to + ASKED_LATER <= now))
      return isFirst ? 'before-listing' : 'outage'
    return this.#isMonth ? 'not-published' : 'unconfirmed'
  }
}

/** No id is known to be missing. */
const NONE = { first: 0n, last: -1n }
