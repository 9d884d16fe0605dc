/**
 * One series, from its plan to its partitions: steps of a walk come in, in order; partitions go out, in order; so
 * coverage grows from the left. Whatever ends the walk, what arrived whole is committed first.
 */

import { clip, union, type Coverage } from '../base/coverage.ts'
import { listedBy, type Gap } from '../base/gap.ts'
import {
  earliest,
  formatWindow,
  latest,
  periodWindow,
  type Micros,
  type Window,
} from '../base/time.ts'
import { datasetOf } from '../binance/market.ts'
import { DISORDER } from '../binance/disorder.ts'
import type { Progress } from '../progress.ts'
import { periodsStoredIn } from './ledger.ts'
import type { ArchiveEntry } from './manifest.ts'
import type { PartitionWriter } from './partition.ts'
import type { Committed, Series } from './series.ts'
import { periodRuns, type PeriodRun } from './period-runs.ts'
import { freshPart, lastSlots, openOrdersIn } from './fresh.ts'
import type { Page } from '../rows/page.ts'
import type { Step } from '../rows/step.ts'
import { isPacked, unpacked, type PackedPage } from './packed-page.ts'

/** A step, and where it came from. */
export type SourcedStep = Omit<Step, 'page'> & {
  readonly page: Page | PackedPage | undefined
  readonly source: string
  readonly archives?: Readonly<Record<string, ArchiveEntry>>
}

/** A file that a run wrote, once or more. */
export type WrittenFile = {
  /** Its size, as it was written last. */
  readonly bytes: number
  /** What was there before the run; `undefined` for a new file. */
  readonly before: { readonly rows: number; readonly bytes: number } | undefined
}

/** What one series run added up to. */
export type Tally = {
  /** Rows that came, stored or not, new or not. */
  received: number
  /** Rows that the lake holds and did not hold before; counted when they are committed. */
  rows: number
  revisions: number
  /** Each file that was written, by its path. */
  readonly files: Map<string, WrittenFile>
}

/** Before anything was done. */
export function emptyTally(): Tally {
  return { received: 0, rows: 0, revisions: 0, files: new Map() }
}

/** How many partitions are written at once: the one that the walk is in, and the one before, for late rows. */
const WRITERS_MAX = 2

type Writer = { readonly period: string; readonly end: Micros; readonly open: PartitionWriter }

/**
 * Stores the steps of one window. Rows go to the partition of their own time, in whatever order the periods come; keys
 * increase over the whole walk.
 *
 * Partitions are committed in their order, and one that is written again for a late row before any later one: so what
 * a crash leaves has the ids before the last of it, or lacks them visibly, and the next run goes on by id.
 */
export class WindowStore {
  readonly #series: Series
  readonly #now: Micros
  readonly #tally: Tally
  /** At most {@link WRITERS_MAX}, in the order of their periods. */
  readonly #writers: Writer[] = []
  /** Everything before this is on disk or recorded. */
  #stored: Micros
  /** Everything before this has arrived. */
  #reached: Micros
  #gaps: Gap[] = []
  #source = ''
  /** What the next run asks for again: open orders change after they are made, and what is young may grow. */
  readonly #open: Window[] = []
  #archives: Record<string, ArchiveEntry> = {}

  /** @param now - The server's clock, read before the first request. */
  constructor(series: Series, window: Window, now: Micros, tally: Tally) {
    this.#series = series
    this.#now = now
    this.#tally = tally
    this.#stored = window.from
    this.#reached = window.from
  }

  /** Everything before this has arrived. */
  get reached(): Micros {
    return this.#reached
  }

  /** Are there rows that arrived and are not committed yet? */
  get hasRows(): boolean {
    return this.#writers.length > 0
  }

  /** Takes a step in; commits each partition that it completes. */
  async *take(step: SourcedStep): AsyncGenerator<Progress, void, void> {
    const { page, first, end } = step
    this.#source = step.source
    Object.assign(this.#archives, step.archives)
    this.#gaps.push(...step.gaps)
    this.#open.push(...(step.fresh ?? []))
    for (const gap of step.gaps)
      yield { kind: 'gap', key: this.#series.key, window: formatWindow(gap), reason: gap.reason }
    this.#reached = latest(this.#reached, step.reached)
    const touched = new Set<string>()
    if (page !== undefined)
      for (const run of periodRuns(page.times, { first, end }, this.#series.manifest.partition)) {
        touched.add(run.period)
        const writer = this.#writerOf(run.period) ?? (yield* this.#begin(run.period))
        this.#gaps = [...listedBy(this.#gaps, page.times.subarray(run.first, run.end))]
        await this.#append(writer, page, run)
        this.#tally.received += run.end - run.first
      }
    for (const writer of [...this.#writers]) {
      if (!this.#isPassed(writer, touched)) break
      yield* this.#commit(writer)
    }
  }

  async #append(
    { open }: Writer,
    page: Page | PackedPage,
    { first, end }: PeriodRun,
  ): Promise<void> {
    if (isPacked(page) && end - first === page.rowCount) return open.appendPacked(page)
    const { batch } = await unpacked(page, this.#series.key, this.#series.settings)
    const rows = batch.slice(first, end)
    if (datasetOf(this.#series.key).staysOpen === true) this.#open.push(...openOrdersIn(rows))
    await open.append(rows)
  }

  /** Commits what arrived so far, also the part of a partition. */
  async *finish(): AsyncGenerator<Progress, void, void> {
    for (const writer of [...this.#writers]) yield* this.#commit(writer)
    yield* this.#coverEmpty(this.#reached)
    await this.#series.flush()
  }

  /** Drops the partitions that are being written; what was committed stays. */
  async abort(): Promise<void> {
    for (const { open } of this.#writers.splice(0)) await open.abort()
  }

  /** Takes back what was not committed, as if it had not come. */
  async rewind(): Promise<void> {
    await this.abort()
    this.#reached = this.#stored
    this.#archives = {}
    this.#gaps = this.#gaps.filter(({ to }) => to <= this.#stored)
  }

  #writerOf(period: string): Writer | undefined {
    return this.#writers.find((writer) => writer.period === period)
  }

  /** Is the walk past a partition, so that no more rows of it are to be expected? */
  #isPassed({ period, end }: Writer, touched: ReadonlySet<string>): boolean {
    if (this.#reached < end) return false
    const { key, time } = datasetOf(this.#series.key)
    // Who sends no rows closes what came before; where the key is the time, none can come late.
    if (touched.size === 0 || key === time) return true
    return !touched.has(period) && this.#reached >= end + DISORDER
  }

  /** Opens a partition. */
  async *#begin(period: string): AsyncGenerator<Progress, Writer, void> {
    const [oldest] = this.#writers
    if (oldest !== undefined && this.#writers.length === WRITERS_MAX) yield* this.#commit(oldest)
    const { from, to: end } = periodWindow(period)
    const writer = {
      period,
      end,
      open: await this.#series.begin(period, latest(from, this.#stored), this.#source),
    }
    this.#writers.push(writer)
    this.#writers.sort((a, b) => (a.period < b.period ? -1 : 1))
    return writer
  }

  /** Records that nothing came for the time up to `to`, before any partition that is being written. */
  async *#coverEmpty(to: Micros): AsyncGenerator<Progress, void, void> {
    // Where rows are stored of time that was asked for again, their file is to say that they did not come.
    const left = { from: this.#stored, to }
    const periods = to <= this.#stored ? [] : periodsStoredIn(this.#series.manifest, left)
    for (const period of periods) {
      const window = periodWindow(period)
      this.#coverNothing(window.from)
      const open = await this.#series.begin(period, this.#stored)
      try {
        yield* this.#publish({ period, end: window.to, open }, earliest(window.to, to))
      } finally {
        await open.abort()
      }
    }
    this.#coverNothing(to)
  }

  #coverNothing(to: Micros): void {
    if (to <= this.#stored) return
    this.#series.coverEmpty(this.#answered({ from: this.#stored, to }))
    this.#stored = to
  }

  /** Commits a partition as far as it came, after recording what was empty before it. */
  async *#commit(writer: Writer): AsyncGenerator<Progress, void, void> {
    const { period, end, open } = writer
    const window = periodWindow(period)
    yield* this.#coverEmpty(earliest(window.from, this.#reached))
    const to = earliest(end, this.#reached)
    if (this.#stored < to) yield* this.#publish(writer, to)
    else if (clip(this.#series.manifest.coverage, window).length > 0)
      yield* this.#report(await this.#series.amend(period, open, this.#originUntil(end)))
    // Else rows came, but none of their time is complete yet: nothing to stand on.
    else await open.abort()
    this.#writers.splice(this.#writers.indexOf(writer), 1)
  }

  async *#publish({ period, end, open }: Writer, to: Micros): AsyncGenerator<Progress, void, void> {
    const answered = this.#answered({ from: this.#stored, to })
    const commit = { ...answered, ...this.#originUntil(end) }
    const committed = await this.#series.commit(period, open, commit)
    this.#stored = to
    this.#gaps = this.#gaps.filter((gap) => gap.to > to)
    // A file that is longer than its partition speaks of the next ones too.
    this.#archives = Object.fromEntries(
      Object.entries(this.#archives).filter(([, entry]) => periodWindow(entry.period).to > end),
    )
    yield* this.#report(committed)
  }

  /** Where the rows of a partition that ends at `end` came from. */
  #originUntil(end: Micros): Required<Pick<SourcedStep, 'source' | 'archives'>> {
    const archives = Object.fromEntries(
      Object.entries(this.#archives).filter(([, entry]) => periodWindow(entry.period).from < end),
    )
    return { source: this.#source, archives }
  }

  *#report(committed: Committed): Generator<Progress> {
    const { path, period, entry, revisions, isChanged } = committed
    if (!isChanged) return
    const { files } = this.#tally
    this.#tally.rows += entry.rows - (committed.before?.rows ?? 0)
    const { before } = files.get(path) ?? committed
    files.set(path, { bytes: entry.bytes, before })
    this.#tally.revisions += revisions
    const { rows, bytes } = entry
    yield { kind: 'committed', key: this.#series.key, period, path, rows, bytes, revisions }
  }

  #answered(window: Window): { window: Window; gaps: Gap[]; fresh: Coverage } {
    const gaps = this.#gaps.flatMap((gap) =>
      clip([gap], window).map((part) => ({ ...part, reason: gap.reason })),
    )
    const open = clip(union(this.#open), window)
    const { key } = this.#series
    const fresh = union([...freshPart(key, window, this.#now), ...lastSlots(key, gaps)], open)
    return { window, gaps, fresh }
  }
}
