/** Stores archive files into a series, one after the other: each as a whole, or nothing of it. */

import { clip, type Coverage } from '../../base/coverage.ts'
import { isKeyedByTime } from '../../binance/dataset.ts'
import { datasetOf } from '../../binance/market.ts'
import { ArchiveError } from '../../base/errors.ts'
import { earliest, latest, type Micros, type Window } from '../../base/time.ts'
import type { Progress } from '../../progress.ts'
import type { Page } from '../../rows/page.ts'
import { unpacked, type PackedPage } from '../../store/packed-page.ts'
import { hasRowsBefore } from '../../store/id-ends.ts'
import { unconfirmedIn } from '../../store/ledger.ts'
import type { ArchiveEntry } from '../../store/manifest.ts'
import { idJumps, klineGaps, within } from './file-gaps.ts'
import { flatStretches } from './flat-bars.ts'
import { sourceOf, type ArchiveRun, type FileStep, type OpenFile } from './archive-run.ts'
import { fileSeam } from './seam.ts'
import { ArchiveRows } from './file-rows.ts'
import type { Opened } from './openings.ts'
import { TradeFiles } from './trade-files.ts'
import { storeSeam } from '../seam.ts'
import { WindowStore } from '../../store/window-store.ts'
import { emptyStep } from '../../rows/step.ts'
import type { PublishedFile } from '../../plan/task.ts'

/** Stores files of one window, oldest first. End with `finish`; `abort` in any case. */
export class ArchiveStore {
  readonly #run: ArchiveRun
  readonly #window: Window
  readonly #trades: TradeFiles
  readonly #agreed: Coverage
  readonly #unconfirmed: Coverage
  readonly #taken: Record<string, ArchiveEntry> = {}
  #store: WindowStore

  /** @param agreed - Holes between klines that other files of this time have too. */
  constructor(run: ArchiveRun, window: Window, agreed: Coverage = []) {
    this.#run = run
    this.#agreed = agreed
    this.#unconfirmed = unconfirmedIn(run.series.manifest)
    this.#window = window
    this.#trades = new TradeFiles(run, window, {
      agreed,
      unconfirmed: this.#unconfirmed,
      now: run.now,
      hasRowsBefore: hasRowsBefore(run.series.manifest, window.from),
    })
    this.#store = this.#storeOf(window)
  }

  /** The files that could be used. */
  get taken(): Readonly<Record<string, ArchiveEntry>> {
    return this.#taken
  }

  /** Stores one file. Returns why it could not be used; then nothing of it is stored. */
  async *file(
    file: PublishedFile,
    { archive, packing }: Opened,
  ): AsyncGenerator<Progress, ArchiveError | undefined, void> {
    const { key, settings } = this.#run.plan
    const open = { file, archive, part: this.#partOf(file) }
    const rows = new ArchiveRows({ key, numbers: settings.numbers, file, archive, packing })
    let isBegun = false
    try {
      yield* this.#seam(open, rows)
      const isTrades = !isKeyedByTime(datasetOf(key))
      const steps = isTrades ? this.#trades.steps(open, rows) : this.#klines(open, rows)
      for await (const step of steps) {
        this.#run.signal.throwIfAborted()
        isBegun ||= step.isOwn
        yield* this.#take(step)
      }
      this.#run.session.unknown.warn(key.dataset, rows.unknownFields)
      yield* this.#disorder(rows)
      if (rows.anomaly !== undefined) yield { kind: 'warning', key, message: rows.anomaly }
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
    for await (const step of this.#trades.end()) yield* this.#take(step)
    yield* this.#store.finish()
  }

  async abort(): Promise<void> {
    await this.#store.abort()
  }

  /** Stores where the file differs from what REST brought before its part. */
  async *#seam(open: OpenFile, rows: ArchiveRows): AsyncGenerator<Progress, void, void> {
    const { plan, series } = this.#run
    const difference = await fileSeam(series, open, rows)
    if (difference === undefined) return
    // A missing row in the file is not an answer.
    const isByTime = isKeyedByTime(datasetOf(plan.key))
    const jumps = isByTime ? [] : idJumps(difference.page, undefined)
    const gaps = jumps.map(({ gap }) => gap)
    yield* storeSeam(series, difference, { ...sourceOf(open), gaps }, this.#run)
  }

  #partOf({ window }: PublishedFile): Window {
    return {
      from: latest(window.from, this.#window.from),
      to: earliest(window.to, this.#window.to),
    }
  }

  #storeOf(window: Window): WindowStore {
    const { series, now, tally } = this.#run
    return new WindowStore(series, window, now, tally)
  }

  /** Warns once: where times go back in one file, they do in others. */
  *#disorder({ disorder }: ArchiveRows): Generator<Progress, void, void> {
    const { plan, warned } = this.#run
    if (disorder === undefined || isKeyedByTime(datasetOf(plan.key)) || warned.has('disorder'))
      return
    warned.add('disorder')
    yield { kind: 'warning', key: plan.key, message: disorder }
  }

  async *#take(step: FileStep): AsyncGenerator<Progress, void, void> {
    const { since } = step
    if (since !== undefined && this.#store.reached < since) yield* this.#moveTo(since)
    yield* this.#store.take(step)
  }

  /** Leaves the time before `from` missing. */
  async *#moveTo(from: Micros): AsyncGenerator<Progress, void, void> {
    yield* this.#store.finish()
    this.#store = this.#storeOf({ from, to: this.#window.to })
  }

  /** A file of klines: small enough to be read whole before any of it is stored. */
  async *#klines(open: OpenFile, rows: ArchiveRows): AsyncGenerator<FileStep, void, void> {
    const { plan, series, ask } = this.#run
    const pages: (Page | PackedPage)[] = []
    for await (const page of rows.stored()) pages.push(page)
    const gaps = klineGaps(
      plan.key,
      pages,
      { part: open.part, file: open.file.window },
      {
        gaps: series.manifest.gaps,
        hasRowsBefore: this.#store.hasRows || hasRowsBefore(series.manifest, open.part.from),
        isOtherLeft: ask !== undefined || (await this.#hasDaily(open.file)),
        holes: this.#agreed,
        unconfirmed: this.#unconfirmed,
        now: this.#run.now,
      },
    )
    this.#run.holes.push(...gaps.filter(({ to }) => to < open.part.to))
    this.#run.lacking.push(...gaps)
    const [first, last] = [pages[0]?.keys[0], pages.at(-1)?.keys.at(-1)]
    if (first !== undefined && last !== undefined)
      this.#run.between.push(...gaps.filter(({ from, to }) => first < from && to <= last))
    // The first step has all gaps: each partition that the file completes is committed with its own.
    const steps = [...pages.map((page) => within(page, open.part)), emptyStep(open.part.to)]
    const own = { ...sourceOf(open), isOwn: true, since: open.part.from }
    const fresh = await this.#doubted(pages, open.part)
    for (const [index, step] of steps.entries())
      yield { ...own, ...(index === 0 ? { ...step, gaps, fresh } : step) }
  }

  /** What REST has to be asked of again, where it may be asked. */
  async #doubted(pages: readonly (Page | PackedPage)[], part: Window): Promise<readonly Window[]> {
    const { plan, series, ask } = this.#run
    const { interval } = plan.key
    const dataset = datasetOf(plan.key)
    if (ask === undefined || interval === undefined || dataset.isArchiveDoubted !== true) return []
    const plain = pages.map((page) => unpacked(page, series.key, series.settings))
    return clip(flatStretches(dataset, interval, await Promise.all(plain)), part)
  }

  async #hasDaily({ period, window }: PublishedFile): Promise<boolean> {
    const { plan, session, now } = this.#run
    if (period.length !== 7) return false
    return (await session.dailyFilesOf(plan.key, window, now)).length > 0
  }
}
