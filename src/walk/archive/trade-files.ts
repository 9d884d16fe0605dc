/**
 * Files of trades, oldest first: their rows, and whether they are complete at their ends. A file is never trusted
 * alone: its ids have to join those of its neighbour file, of what is stored, or of what REST returns. Otherwise the
 * time between is missing, and other sources are asked for it.
 *
 * Ids and times do not always increase together, and files are cut sometimes by time and sometimes by id: near its ends
 * a file may have rows of its neighbour's time, and lack ids that its neighbour has.
 */

import type { Gap } from '../../base/gap.ts'
import { periodOf, type Window } from '../../base/time.ts'
import { archiveSpan } from '../../binance/archive.ts'
import { datasetOf } from '../../binance/market.ts'
import { PartCut } from './cut.ts'
import { idJumps, type Jump } from './file-gaps.ts'
import { sourceOf, strays, type ArchiveRun, type FileStep, type OpenFile } from './archive-run.ts'
import type { ArchiveRows } from './file-rows.ts'
import { isAgreedEnd, isHeldEnd, NEAR } from './file-ends.ts'
import { FileJoint, gapsOf, type Tail } from './file-joint.ts'
import { Silences, type KnownSilences } from './silences.ts'
import { SparseJoint } from './sparse-joint.ts'
import { IdSet } from './id-set.ts'
import { isRepeated, LateRows, withoutRepeated } from './late-rows.ts'
import { tradeRow, type TradeRow } from './ends.ts'
import { isRising } from '../../rows/int64.ts'
import type { Page } from '../../rows/page.ts'
import { emptyStep } from '../../rows/step.ts'
import { unpacked, type PackedPage } from '../../store/packed-page.ts'

/** A file that was read to its end. */
type Ending = Pick<Tail, 'ids'> & {
  readonly before: Tail | undefined
  readonly last: TradeRow | undefined
  readonly cut: PartCut
  readonly ending: readonly Jump[]
}

/** The files of one window. */
export class TradeFiles {
  readonly #run: ArchiveRun
  readonly #joint: Pick<FileJoint, 'between' | 'end'>
  readonly #known: KnownSilences
  readonly #isSparse: boolean
  #tail: Tail | undefined

  constructor(run: ArchiveRun, window: Window, known: KnownSilences) {
    this.#run = run
    this.#known = known
    this.#isSparse = datasetOf(run.plan.key).areIdsSparse === true
    this.#joint = this.#isSparse
      ? new SparseJoint(run, (open) => this.#silencesOf(open))
      : new FileJoint(run, window)
  }

  /** The rows of one file, as it is read; before them, what is now known about the end of the file before it. */
  async *steps(open: OpenFile, rows: ArchiveRows): AsyncGenerator<FileStep, void, void> {
    const { file, part, archive } = open
    const { plan, series } = this.#run
    // Only a file with a partition of its own can be taken back: any other is read once in full to check it.
    if (periodOf(file.window.from, series.manifest.partition) !== file.period) await rows.checkAll()
    const own = { ...sourceOf(open), isOwn: true, since: part.from }
    const before = this.#tail
    this.#tail = undefined
    const late = new LateRows(plan.key, before?.late ?? [])
    const cut = new PartCut({ path: archive.path, window: file.window, part })
    const silences = this.#isSparse ? this.#silencesOf(open) : undefined
    const ids = new IdSet()
    const ending: Jump[] = []
    let last: TradeRow | undefined
    for await (const sent of rows.stored()) {
      if (last === undefined && sent.times.some((time) => time < file.window.from))
        await rows.checkAll()
      const lastId = last === undefined ? before?.id : undefined
      const isAsSent = late.isEmpty && !isRepeated(sent, lastId)
      const repeats = { lastId, from: file.window.from }
      const page = isAsSent
        ? sent
        : late.mergedInto(withoutRepeated(plan.key, await this.#unpacked(sent), repeats))
      if (page.rowCount === 0) continue
      let jumps: readonly Jump[] = silences?.jumps(page) ?? idJumps(page, last)
      let gaps: Gap[] = []
      if (last === undefined) {
        const [near, others] = split(jumps, ({ gap }) => isNearHead(open, gap))
        const headGaps = yield* this.#joint.between(before, open, { page, open: near })
        gaps = [...headGaps.gaps]
        jumps = [...headGaps.open, ...others]
      }
      const [near, others] = split(jumps, ({ gap }) => isNearEnd(open, gap))
      ending.push(...near)
      gaps.push(...gapsOf(others))
      gaps = gaps.filter(({ from, to }) => from < part.to && to > part.from)
      if (!this.#isSparse) ids.take(page.keys)
      last = tradeRow(page, page.rowCount - 1)
      // Rows that all stay in the file's partition need not be unpacked.
      const steps = isInside(page, open)
        ? [{ page, first: 0, end: page.rowCount, reached: cut.pass(page) }]
        : cut.take(await this.#unpacked(page))
      for (const step of steps) yield { ...own, ...step, gaps: gaps.splice(0) }
      if (gaps.length > 0) yield { ...own, ...emptyStep(cut.reached, gaps) }
    }
    const left = late.take()
    if (left !== undefined) yield { ...strays(left, cut.reached), isOwn: true }
    if (silences !== undefined) ending.push(...this.#silentEnd(open, silences))
    yield* this.#ended(open, { before, last, cut, ending, ids })
  }

  /** The end of a file: what is known of it, or what the next file is held against. */
  async *#ended(
    open: OpenFile,
    { before, last, cut, ending, ids }: Ending,
  ): AsyncGenerator<FileStep, void, void> {
    const { file, part } = open
    const own = { ...sourceOf(open), isOwn: true, since: part.from }
    if (last === undefined) {
      this.#tail = before
      // A file without rows stands for its time too, where no id has to join.
      if (this.#isSparse) yield { ...own, ...emptyStep(part.to, gapsOf(ending)) }
    } else if (cut.isPassed && part.to + NEAR <= file.window.to)
      yield { ...own, ...emptyStep(part.to, gapsOf(ending)) }
    else {
      const { series } = this.#run
      const known = series.manifest
      const end = { ...last, reached: cut.reached, to: part.to, fileTo: file.window.to }
      const isHeld = isHeldEnd(known, end) && (await series.timeOfId(end.id)) !== undefined
      const isAgreed = isAgreedEnd(known, file.period, end)
      this.#tail = { ...end, isHeld, isAgreed, ids, open: ending, late: cut.late }
    }
  }

  /** The silence at the end of a file; those of a month are told to the files of its days. */
  #silentEnd({ file }: OpenFile, silences: Silences): readonly Jump[] {
    const jumps = silences.end()
    if (archiveSpan(file.period) === 'monthly') this.#run.holes.push(...silences.found)
    return jumps
  }

  #silencesOf(open: OpenFile): Silences {
    return new Silences(this.#run.plan.key, open, this.#known)
  }

  #unpacked(page: Page | PackedPage): Promise<Page> {
    const { key, settings } = this.#run.series
    return unpacked(page, key, settings)
  }

  /** What is known about the end of the last file. */
  async *end(): AsyncGenerator<FileStep, void, void> {
    const tail = this.#tail
    this.#tail = undefined
    if (tail !== undefined) yield* this.#joint.end(tail)
  }
}

/** Is all of the file wanted, and every row of a page of the file's own time? */
function isInside(
  { times }: Pick<Page, 'times'>,
  { file: { window }, part }: Pick<OpenFile, 'file' | 'part'>,
): boolean {
  if (part.from > window.from || part.to < window.to) return false
  const ends = isRising(times) ? [times[0] ?? 0n, times[times.length - 1] ?? 0n] : times
  return ends.every((time) => window.from <= time && time < window.to)
}

/** May the file before have what is missing here? */
function isNearHead({ file: { window } }: OpenFile, { from }: Gap): boolean {
  return from < window.from + NEAR
}

/** May the next file have what is missing here? */
function isNearEnd({ file: { window } }: OpenFile, { to }: Gap): boolean {
  return to > window.to - NEAR
}

/** Splits items by a condition. */
function split<T>(items: readonly T[], isSo: (item: T) => boolean): [T[], T[]] {
  return [items.filter(isSo), items.filter((item) => !isSo(item))]
}
