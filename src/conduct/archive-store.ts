/** Files of the archive, one after the other, into a series: each as a whole, or nothing of it. */

import type { Coverage } from '../base/coverage.ts'
import { ArchiveError } from '../base/errors.ts'
import type { Gap } from '../base/gap.ts'
import {
  earliest,
  formatMicros,
  latest,
  micros,
  periodOf,
  type Micros,
  type Window,
} from '../base/time.ts'
import type { SeriesPlan } from '../plan/plan.ts'
import type { Progress } from '../progress.ts'
import type { Archive } from '../pull/archive/download.ts'
import { emptyStep, type AskPage, type Step } from '../pull/walk.ts'
import type { Page } from '../rows/page.ts'
import { hasRowsBefore } from '../store/id-ends.ts'
import { unconfirmedIn } from '../store/ledger.ts'
import type { ArchiveEntry } from '../store/manifest.ts'
import type { Series } from '../store/series.ts'
import { goesBackAcross, idJumps, klineGaps, within } from './archive-part.ts'
import { fileSeam } from './archive-seam.ts'
import { ArchiveRows, type ArchiveFile, type ArchiveSession } from './archive-session.ts'
import { storeSeam } from './seam.ts'
import { WindowStore, type SourcedStep, type Tally } from './series-run.ts'
import { Witness, type Tail, type TradeRow } from './witness.ts'

/** What storing from the archive needs. */
export type ArchiveRun = {
  readonly plan: SeriesPlan
  readonly series: Series
  readonly session: ArchiveSession
  /** The server's clock, read before the first request. */
  readonly now: Micros
  readonly tally: Tally
  readonly signal: AbortSignal
  /** Asks REST for a page of the series; `undefined` where REST may not be asked. */
  readonly ask: AskPage<Page> | undefined
  /** Filled on the way: stretches that the files of klines were found to lack. */
  readonly lacking: Window[]
}

/** A file that was opened: where it lies, and what it is about. */
type OpenFile = { readonly file: ArchiveFile; readonly archive: Archive; readonly part: Window }

/** Stores files of one window, oldest first. End with `finish`; `abort` in any case. */
export class ArchiveStore {
  readonly #run: ArchiveRun
  readonly #window: Window
  readonly #witness: Witness
  readonly #agreed: Coverage
  readonly #doubted: Coverage
  readonly #holes: Window[] = []
  readonly #taken: Record<string, ArchiveEntry> = {}
  #store: WindowStore
  #tail: Tail | undefined

  /** @param agreed - Holes between klines that other files of this time have too. */
  constructor(run: ArchiveRun, window: Window, agreed: Coverage = []) {
    this.#run = run
    this.#agreed = agreed
    this.#doubted = unconfirmedIn(run.series.manifest)
    this.#window = window
    this.#witness = new Witness(run.ask)
    this.#store = this.#storeOf(window)
  }

  /** Stretches without a kline between those that have some. */
  get holes(): Coverage {
    return this.#holes
  }

  /** The files that could be used. */
  get taken(): Readonly<Record<string, ArchiveEntry>> {
    return this.#taken
  }

  /** Stores one file. Returns why it could not be used; then nothing of it is stored. */
  async *file(
    file: ArchiveFile,
    archive: Archive,
  ): AsyncGenerator<Progress, ArchiveError | undefined, void> {
    const { plan } = this.#run
    const open = { file, archive, part: this.#partOf(file) }
    const rows = new ArchiveRows(plan.key, plan.settings.numbers, file, archive)
    let isBegun = false
    try {
      yield* this.#seam(open, rows)
      const steps = plan.key.interval === undefined ? this.#trades : this.#klines
      for await (const step of steps.call(this, open, rows)) {
        this.#run.signal.throwIfAborted()
        // A step that only closes the file before this one comes first, and belongs to that one's time.
        const isOwn = step.page !== undefined || step.reached > open.part.from
        if (isOwn && this.#store.reached < open.part.from) yield* this.#moveTo(open.part.from)
        isBegun ||= isOwn
        yield* this.#store.take(step)
      }
      this.#run.session.unknown.tell(plan.key.dataset, rows.unknownFields)
      if (rows.oddity !== undefined) yield { kind: 'warning', key: plan.key, message: rows.oddity }
      Object.assign(this.#taken, sourceOf(open).archives)
      return undefined
    } catch (error) {
      if (!(error instanceof ArchiveError)) throw error
      if (isBegun) await this.#store.rewind()
      return error
    }
  }

  /** Commits what is whole. */
  async *finish(): AsyncGenerator<Progress, void, void> {
    yield* this.#closeTail()
    yield* this.#store.finish()
  }

  async abort(): Promise<void> {
    await this.#store.abort()
  }

  /** What the file says otherwise of what REST brought up to where its part begins. */
  async *#seam(open: OpenFile, rows: ArchiveRows): AsyncGenerator<Progress, void, void> {
    const { plan, series } = this.#run
    const news = await fileSeam(series, open, rows)
    if (news === undefined) return
    // Rows that the file lacks are no answer.
    const gaps = plan.key.interval === undefined ? idJumps(news.page, undefined) : []
    yield* storeSeam(series, news, { ...sourceOf(open), gaps }, this.#run)
  }

  #partOf({ window }: ArchiveFile): Window {
    return {
      from: latest(window.from, this.#window.from),
      to: earliest(window.to, this.#window.to),
    }
  }

  #storeOf(window: Window): WindowStore {
    const { series, now, tally } = this.#run
    return new WindowStore(series, window, now, tally)
  }

  /** Leaves what lies before `from` missing. */
  async *#moveTo(from: Micros): AsyncGenerator<Progress, void, void> {
    yield* this.#store.finish()
    this.#store = this.#storeOf({ from, to: this.#window.to })
  }

  /** A file of klines: short enough to be looked at whole before any of it is stored. */
  async *#klines(open: OpenFile, rows: ArchiveRows): AsyncGenerator<SourcedStep, void, void> {
    const { plan, series, ask } = this.#run
    const pages: Page[] = []
    for await (const page of rows.pages()) pages.push(page)
    const gaps = klineGaps(plan.key, pages, open.part, {
      gaps: series.manifest.gaps,
      hasRowsBefore: this.#store.hasRows || hasRowsBefore(series.manifest, open.part.from),
      isOtherLeft: ask !== undefined || (await this.#hasDaily(open.file)),
      holes: this.#agreed,
      doubted: this.#doubted,
      now: this.#run.now,
    })
    this.#holes.push(...gaps.filter(({ to }) => to < open.part.to))
    this.#run.lacking.push(...gaps)
    // The first step tells all gaps: each partition that the file completes is committed with its own.
    const steps = [...pages.map((page) => within(page, open.part)), emptyStep<Page>(open.part.to)]
    for (const [index, step] of steps.entries())
      yield sourced(open, index === 0 ? { ...step, gaps } : step)
  }

  async #hasDaily({ period, window }: ArchiveFile): Promise<boolean> {
    const { plan, session, now } = this.#run
    if (period.length !== 7) return false
    return (await session.dailyFilesOf(plan.key, window, now)).length > 0
  }

  /** A file of trades: stored as it is read, and taken back as a whole when it turns out to be wrong. */
  async *#trades(open: OpenFile, rows: ArchiveRows): AsyncGenerator<SourcedStep, void, void> {
    const { file, part } = open
    // Only a file with a partition of its own can be taken back: another one is read once to judge it.
    const period = periodOf(file.window.from, this.#run.series.manifest.partition)
    if (period !== file.period) await rows.judge()
    let last: TradeRow | undefined
    for await (const page of rows.pages()) {
      let gaps = idJumps(page, last)
      checkTimes(open, page, { before: last, gaps })
      const step = within(page, part)
      if (last === undefined) {
        const head = await this.#joined(open, tradeRow(page, 0))
        if (head.closed !== undefined) yield head.closed
        if (!head.isWhole) {
          const to = micros((page.times[0] ?? 0n) + 1n)
          gaps = [{ from: part.from, to, reason: 'not-published' }, ...gaps]
        }
      }
      last = tradeRow(page, page.rowCount - 1)
      yield sourced(open, {
        ...step,
        gaps: gaps.filter(({ to, from }) => from < part.to && to > part.from),
      })
    }
    if (last === undefined) return
    if (last.time >= part.to) yield sourced(open, emptyStep(part.to))
    else this.#tail = { ...last, to: part.to }
  }

  /**
   * Does this file go on where the one before it ended? Then that one was whole, and this one is from its beginning;
   * else each has to be proven by itself.
   */
  async #joined(
    open: OpenFile,
    first: TradeRow,
  ): Promise<{ readonly closed?: SourcedStep; readonly isWhole: boolean }> {
    const { part } = open
    const tail = this.#tail
    this.#tail = undefined
    const close = (to: Micros): SourcedStep => ({ ...emptyStep<Page>(to), source: 'archive' })
    if (first.time < part.from) return { isWhole: true }
    if (tail?.id === first.id - 1n) return { isWhole: true, closed: close(tail.to) }
    // Nothing lies between the two but the ids that neither has: one of them lacks rows, and only REST knows which.
    const isTorn = tail?.to === part.from && this.#run.ask === undefined
    const isEndWhole = tail !== undefined && !isTorn && (await this.#witness.isEndWhole(tail))
    const isNext = tail === undefined && this.#run.series.nextId(part.from) === first.id
    const isWhole = isNext || (!isTorn && (await this.#witness.isHeadWhole(first, part.from)))
    return isEndWhole ? { isWhole, closed: close(tail.to) } : { isWhole }
  }

  /** Is the last file whole? The row after its last one tells. */
  async *#closeTail(): AsyncGenerator<Progress, void, void> {
    const tail = this.#tail
    this.#tail = undefined
    if (tail === undefined) return
    if (await this.#witness.isEndWhole(tail))
      yield* this.#store.take({ ...emptyStep<Page>(tail.to), source: 'archive' })
  }
}

/** @throws ArchiveError `disorder` when times do not tell what lies in the file's part, or when rows are that it lacks */
function checkTimes(
  { file: { window }, archive: { path }, part }: OpenFile,
  page: Page,
  { before, gaps }: { readonly before: TradeRow | undefined; readonly gaps: readonly Gap[] },
): void {
  const refuse = (what: string): ArchiveError =>
    new ArchiveError('disorder', path, `${path}: ${what}`)
  const reversed = gaps.find(({ from, to }) => to <= from)
  if (reversed !== undefined)
    throw refuse(`ids are left out after ${formatMicros(reversed.from)}, where time goes back`)
  // All rows lie in the file's own time.
  const edges = [part.from, part.to].filter((edge) => window.from < edge && edge < window.to)
  const edge = edges.find((moment) => goesBackAcross(moment, page, before))
  if (edge !== undefined)
    throw refuse(
      `time goes back across ${formatMicros(edge)}, where what is asked for begins or ends: ask for whole days`,
    )
}

function sourced(open: OpenFile, step: Step<Page>): SourcedStep {
  return { ...step, ...sourceOf(open) }
}

function sourceOf({ file, archive }: OpenFile): Pick<SourcedStep, 'source' | 'archives'> {
  const { path, sha256 } = archive
  return { source: 'archive', archives: { [path]: { sha256, period: file.period } } }
}

function tradeRow({ keys, times }: Page, row: number): TradeRow {
  return { id: keys[row] ?? 0n, time: micros(times[row] ?? 0n) }
}
