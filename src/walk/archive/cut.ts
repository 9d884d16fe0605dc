/**
 * The rows of a trade file that belong to a part of its time. Times may go back while ids increase, so the part is cut
 * by id: from the first row not before it to the last row not after it. A row between them is kept whatever its time,
 * or ids would be left out.
 */

import { ArchiveError } from '../../base/errors.ts'
import { latest, micros, type Micros, type Window } from '../../base/time.ts'
import { isRising, lowerBound } from '../../rows/int64.ts'
import { sliceRows } from '../../rows/order.ts'
import type { Page } from '../../rows/page.ts'
import type { Step } from '../../rows/step.ts'

/** Pages after the part that are kept until it is clear whether time goes back into it. */
const PAGES_KEPT = 2

/** Rows of a page. */
export type RowSpan = Pick<Step, 'first' | 'end'> & { readonly page: Page }

/** What to cut. */
export type CutOptions = {
  /** For errors. */
  readonly path: string
  /** The time that the file covers. */
  readonly window: Window
  readonly part: Window
}

/** Cuts the pages of one file, which come in order. */
export class PartCut {
  /** Rows of the file that belong to the time after it, in order. */
  readonly late: Page[] = []
  readonly #options: CutOptions
  /** `undefined` where the part begins, or ends, with the file: then rows beyond belong to this file. */
  readonly #from: Micros | undefined
  readonly #to: Micros | undefined
  #reached: Micros
  #isBegun = false
  #beyond: RowSpan[] = []
  #isBeyondKept = true
  #isPassed = false

  constructor(options: CutOptions) {
    const { window, part } = options
    this.#options = options
    this.#from = window.from < part.from ? part.from : undefined
    this.#to = part.to < window.to ? part.to : undefined
    this.#reached = part.from
  }

  /** Up to where rows of the part came. */
  get reached(): Micros {
    return this.#reached
  }

  /** Does the file have rows after the part? Then it has the whole part. */
  get isPassed(): boolean {
    return this.#isPassed
  }

  /**
   * The rows of the next page that belong to the part, preceded by kept rows that turned out to belong to it.
   *
   * @throws ArchiveError `disorder` when time goes back farther than rows were kept.
   */
  take(page: Page): readonly Step[] {
    const first = this.#firstIn(page)
    if (first === page.rowCount) return []
    this.#isBegun = true
    const end = this.#endIn(page, first)
    const behind = { page, first: end, end: page.rowCount }
    this.#isPassed ||= end < page.rowCount
    if (end === first) {
      this.#keep(behind)
      return []
    }
    if (!this.#isBeyondKept) throw this.#disorder(page, first)
    const rows = [...this.#beyond, { page, first, end }]
    this.#beyond = []
    if (end < page.rowCount) this.#keep(behind)
    return rows.flatMap((own) => this.#steps(own))
  }

  /** Records rows all of which are of the part, and of the file's own time. Returns up to where they came. */
  pass({ times }: Pick<Page, 'times'>): Micros {
    this.#isBegun = true
    this.#reached = latest(
      this.#reached,
      newestBefore(times, this.#options.part.to) ?? this.#reached,
    )
    return this.#reached
  }

  #firstIn({ times, rowCount }: Page): number {
    const from = this.#from
    if (this.#isBegun || from === undefined) return 0
    let row = 0
    while (row < rowCount && (times[row] ?? from) < from) row++
    return row
  }

  #endIn({ times, rowCount }: Page, first: number): number {
    const to = this.#to
    let end = rowCount
    while (to !== undefined && end > first && (times[end - 1] ?? to) >= to) end--
    return end
  }

  #keep(rows: RowSpan): void {
    if (this.#beyond.length < PAGES_KEPT) this.#beyond.push(rows)
    else this.#isBeyondKept = false
  }

  #disorder({ keys }: Page, row: number): ArchiveError {
    const { path } = this.#options
    const message = `${path}: time goes back too far, into the requested part, at id ${keys[row] ?? ''}`
    return new ArchiveError('disorder', path, message)
  }

  /** Rows after the file's own time are put aside: they belong to the time of the next file. */
  #steps(rows: RowSpan): readonly Step[] {
    const { part, window } = this.#options
    const times = rows.page.times.subarray(rows.first, rows.end)
    const isLate = (time: bigint): boolean => time >= window.to
    const last = isRising(times) ? times.at(-1) : times.find(isLate)
    if (part.to < window.to || last === undefined || !isLate(last)) return [this.#step(rows)]
    this.late.push(...runsWhere(rows, isLate).map(pageOfRows))
    return runsWhere(rows, (time) => !isLate(time)).map((run) => this.#step(run))
  }

  #step({ page, first, end }: RowSpan): Step {
    const { to } = this.#options.part
    const times = page.times.subarray(first, end)
    this.#reached = latest(this.#reached, newestBefore(times, to) ?? this.#reached)
    return { page, first, end, reached: this.#reached, gaps: [] }
  }
}

/** The newest of some times before `to`. */
function newestBefore(times: BigInt64Array, to: Micros): Micros | undefined {
  if (isRising(times)) {
    const newest = times[lowerBound(times, to) - 1]
    return newest === undefined ? undefined : micros(newest)
  }
  let newest: bigint | undefined
  for (const time of times) if (time < to && (newest === undefined || time > newest)) newest = time
  return newest === undefined ? undefined : micros(newest)
}

/** The rows whose time matches, as runs of consecutive rows. */
export function runsWhere(
  { page, first, end }: RowSpan,
  isLike: (time: bigint) => boolean,
): RowSpan[] {
  const runs: RowSpan[] = []
  for (let row = first; row < end; row++) {
    const from = row
    while (row < end && isLike(page.times[row] ?? 0n)) row++
    if (from < row) runs.push({ page, first: from, end: row })
  }
  return runs
}

/** Some rows of a page as a page of their own. */
export function pageOfRows({ page, first, end }: RowSpan): Page {
  return sliceRows(page, first, end)
}
