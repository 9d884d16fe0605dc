/**
 * Files of trades, oldest first: their rows, and whether they are whole at their ends. A file is never believed alone:
 * its ids have to join those of the file beside it, of what is stored, or of what REST tells; else the time between is
 * missing, and others are asked for it.
 */

import type { Gap, GapReason } from '../base/gap.ts'
import { earliest, latest, micros, periodOf, type Micros, type Window } from '../base/time.ts'
import { emptyStep } from '../pull/walk.ts'
import { lowerBound } from '../rows/int64.ts'
import { sliceRows } from '../rows/order.ts'
import type { Page } from '../rows/page.ts'
import { PartCut } from './archive-cut.ts'
import { idJumps } from './archive-part.ts'
import { sourceOf, type ArchiveRun, type FileStep, type OpenFile } from './archive-run.ts'
import type { ArchiveRows } from './archive-session.ts'
import { fileAfter, fileBefore } from './beside.ts'
import {
  gapsAfter,
  isAgreedEnd,
  isAgreedHead,
  isHeldEnd,
  isHeldHead,
  isToldAfter,
  isToldBefore,
  openGaps,
  type FileEnd,
} from './file-ends.ts'
import { tradeRow, Witness, type TradeRow, type Verdict } from './witness.ts'

/** Times may go back while ids go on: so many ids beside an end are looked up. */
const STEPS_MAX = 100n

/** Where the last file ended. */
type Tail = FileEnd & {
  /** Did another source end with the same row before? */
  readonly isAgreed: boolean
  /** Did the lake hold this row before, and know the time after it? */
  readonly isHeld: boolean
}

/** The files of one window. */
export class TradeFiles {
  readonly #run: ArchiveRun
  readonly #window: Window
  readonly #witness: Witness
  #tail: Tail | undefined

  constructor(run: ArchiveRun, window: Window) {
    this.#run = run
    this.#window = window
    this.#witness = new Witness(run.ask)
  }

  /** The rows of one file, as it is read; before them, what is known now of the end of the file before it. */
  async *steps(open: OpenFile, rows: ArchiveRows): AsyncGenerator<FileStep, void, void> {
    const { file, part, archive } = open
    const { path } = archive
    const known = this.#run.series.manifest
    // Only a file with a partition of its own can be taken back: another one is read once to judge it.
    if (periodOf(file.window.from, known.partition) !== file.period) await rows.judge()
    const own = { ...sourceOf(open), isOwn: true, since: part.from }
    const cut = new PartCut({ path, window: file.window, part, afterId: this.#tail?.id })
    let last: TradeRow | undefined
    for await (const page of rows.pages()) {
      let gaps = idJumps(page, last)
      if (last === undefined) {
        if (page.times.some((time) => time < file.window.from)) await rows.judge()
        gaps = [...(yield* this.#begin(open, page)), ...gaps]
      }
      last = tradeRow(page, page.rowCount - 1)
      gaps = gaps.filter(({ from, to }) => from < part.to && to > part.from)
      for (const step of cut.take(page)) yield { ...own, ...step, gaps: gaps.splice(0) }
      if (gaps.length > 0) yield { ...own, ...emptyStep<Page>(cut.reached, gaps) }
    }
    if (last === undefined) return
    if (cut.isPassed) yield { ...own, ...emptyStep<Page>(part.to) }
    else {
      const end = { id: last.id, reached: cut.reached, to: part.to }
      const isHeld =
        isHeldEnd(known, end) && (await this.#run.series.timeOfId(end.id)) !== undefined
      this.#tail = { ...end, isHeld, isAgreed: isAgreedEnd(known, file.period, end) }
    }
  }

  /** What is known of the end of the last file. */
  async *end(): AsyncGenerator<FileStep, void, void> {
    const { series } = this.#run
    const tail = this.#tail
    this.#tail = undefined
    if (tail === undefined) return
    const next = await this.#stored(tail.id, 1n, (time) => time >= tail.to)
    if (next !== undefined) {
      const reached = latest(tail.to, earliest(this.#window.to, micros(next + 1n)))
      yield closing(reached, openGaps(series.manifest, { from: tail.to, to: reached }))
      return
    }
    const verdict = tail.isHeld ? 'whole' : await this.#witness.afterEnd(tail.id, tail.to)
    if (verdict === 'unknown') yield* this.#endByOthers(tail)
    else yield closing(tail.to, gapsAfter(tail, lackOf(verdict)))
  }

  /** What the first rows of a file tell of the one before it, and what is missing before them. */
  async *#begin(open: OpenFile, page: Page): AsyncGenerator<FileStep, readonly Gap[], void> {
    const { file, part } = open
    const first = tradeRow(page, 0)
    const tail = this.#tail
    this.#tail = undefined
    if (tail !== undefined && first.id <= tail.id + 1n) {
      yield closing(part.from)
      return []
    }
    // Ids that neither of two neighbours has: one of them lacks rows.
    const isTorn = tail?.to === part.from
    if (tail !== undefined) {
      const verdict = await this.#witness.afterEnd(tail.id, tail.to)
      const guess = isTorn ? 'torn' : tail.isAgreed ? 'whole' : 'unknown'
      yield closing(tail.to, gapsAfter(tail, lackOf(verdict === 'unknown' ? guess : verdict)))
    }
    if (file.window.from < part.from && first.time < part.from) return []
    const lack = yield* this.#lackBefore(first, open, isTorn)
    if (lack === undefined) return []
    const time = page.times.find((one) => one >= part.from) ?? part.from
    return [{ from: part.from, to: micros(time + 1n), reason: lack }]
  }

  /** Why rows may be missing between the beginning of a part and its first row; `undefined` when none are. */
  async *#lackBefore(
    { id, time }: TradeRow,
    { file: { period, window }, part: { from } }: OpenFile,
    isTorn: boolean,
  ): AsyncGenerator<FileStep, GapReason | undefined, void> {
    const { series } = this.#run
    const known = series.manifest
    if (id === 0n) return undefined
    if (window.from < from && isHeldHead(known, { from, time }))
      if ((await series.timeOfId(id)) !== undefined) return undefined
    const before = await this.#stored(id, -1n, (one) => one < from)
    if (before !== undefined) {
      yield { ...closing(from, openGaps(known, { from: before, to: from })), since: before }
      return undefined
    }
    const verdict = await this.#witness.beforeHead(id, from)
    if (verdict !== 'unknown') return lackOf(verdict)
    if (isTorn || isToldBefore(known, from, id)) return 'not-published'
    const beside = await fileBefore(this.#run, this.#window.from)
    if (beside !== undefined && beside.id >= id - 1n) {
      const since = this.#window.from
      for (const page of beside.strays.flatMap((one) => upTo(one, id)))
        yield { ...strays(page, since), since }
      yield closing(from)
      return undefined
    }
    if (beside !== undefined && from === this.#window.from) return 'not-published'
    return isAgreedHead(known, period, { id, from, time }) ? undefined : 'unconfirmed'
  }

  /** What is known of the end of the last file where REST does not tell. */
  async *#endByOthers(tail: Tail): AsyncGenerator<FileStep, void, void> {
    const { id, to, reached, isAgreed } = tail
    const beside = await fileAfter(this.#run, this.#window.to)
    if (beside !== undefined && beside.id <= id + 1n) {
      for (const page of beside.strays.flatMap((one) => after(one, id))) yield strays(page, reached)
      yield closing(this.#window.to)
      return
    }
    const isNext = beside !== undefined && this.#window.to === to
    const isTorn = isNext || isToldAfter(this.#run.series.manifest, to, id)
    const verdict = isTorn ? 'torn' : isAgreed ? 'whole' : 'unknown'
    yield closing(to, gapsAfter(tail, lackOf(verdict)))
  }

  /** The time of the first stored row that is like that, going from id to id; `undefined` where one is not stored. */
  async #stored(
    id: bigint,
    by: 1n | -1n,
    isThere: (time: Micros) => boolean,
  ): Promise<Micros | undefined> {
    for (let step = 1n; step <= STEPS_MAX; step++) {
      const time = await this.#run.series.timeOfId(id + by * step)
      if (time === undefined || isThere(time)) return time
    }
    return undefined
  }
}

function lackOf(verdict: Verdict): GapReason | undefined {
  if (verdict === 'whole') return undefined
  return verdict === 'torn' ? 'not-published' : 'unconfirmed'
}

/** What came before is known up to this moment, but for these gaps. */
function closing(reached: Micros, gaps: readonly Gap[] = []): FileStep {
  return { ...emptyStep<Page>(reached, gaps), source: 'archive', isOwn: false, since: undefined }
}

/** Rows of a file beside the ones that are stored. */
function strays(page: Page, reached: Micros): FileStep {
  return { ...closing(reached), page, end: page.rowCount }
}

/** The rows of a page before this id. */
function upTo(page: Page, id: bigint): Page[] {
  const end = lowerBound(page.keys, id)
  return end === 0 ? [] : [sliceRows(page, 0, end)]
}

/** The rows of a page after this id. */
function after(page: Page, id: bigint): Page[] {
  const first = lowerBound(page.keys, id + 1n)
  return first === page.rowCount ? [] : [sliceRows(page, first, page.rowCount)]
}
